"""Files in which tools name images, each in its own shape."""

import pytest

from manyfest.adapters.image_files.image_file import images_in_file
from manyfest.domain.errors import SpecError

DIGEST = f"sha256:{'a' * 64}"

HELM_VALUES = f"""\
image:
  repository: team/app
  tag: 1.10
  pullPolicy: Always
sidecar:
  image: {{registry: ghcr.io, repository: team/side, tag: "2", digest: "{DIGEST}"}}
plain:
  image: busybox:1.36
chart:
  image: {{repository: team/chart, tag: ""}}
git: {{repository: https://example.com/x.git, tag: v1}}
resources: {{}}
"""
KUSTOMIZATION = f"""\
resources: [app.yaml]
images:
  - name: nginx
    newTag: 1.27.1
  - name: app
    newName: ghcr.io/team/app
    digest: {DIGEST}
  - name: same
  - name: moved
    newName: elsewhere/moved
"""
TEKTON = """\
apiVersion: tekton.dev/v1
kind: Task
spec:
  stepTemplate: {image: alpine:3.20}
  steps:
    - image: golang:1.23
    - image: $(params.builder)
  sidecars: [{image: docker:dind}]
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  templates:
    - container: {image: "argoproj/whalesay:v1"}
    - script: {image: "python:3.13"}
    - container: {image: "{{inputs.parameters.image}}"}
"""
FLUX = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec:
  chart: {spec: {chart: podinfo, version: 6.x, sourceRef: {kind: HelmRepository}}}
  values: {image: {repository: ghcr.io/stefanprodan/podinfo, tag: 6.7.1}}
"""
GITLAB = """\
variables: {RUBY: "3.3", KIND: {value: slim, description: which}}
default:
  image: ruby:$RUBY-$KIND
  services: [postgres:16, {name: "redis:7", alias: cache}]
.node: &node node:22
test:
  image: *node
  script: [rspec]
build:
  image: {name: "gcr.io/kaniko-project/executor:debug", entrypoint: [""]}
own:
  image: $CI_REGISTRY_IMAGE/app
"""
CIRCLE = """\
version: 2.1
executors: {base: {docker: [{image: "cimg/base:2024.01"}]}}
jobs:
  build:
    docker: [{image: "cimg/go:1.23"}, {image: "postgres:16"}]
    steps: [checkout]
"""
BAKE = """\
target "app" {
  contexts = {
    base = "docker-image://alpine:3.20"
    own  = "docker-image://${REGISTRY}/base"
  }
}
"""
BITBUCKET = """\
image: node:22
definitions:
  services:
    mysql: {image: "mysql:8", variables: {MYSQL_DATABASE: test}}
pipelines:
  default:
    - step:
        image: {name: "team/app:1", username: $USER}
        services: [docker, mysql]
        script: [make]
"""
CHART_WITH_NAMES = """\
image: {registry: quay.io, name: team/app, tag: "1.2"}
web: {image: {repository: team/web, tag: "3", name: web}}
whole: {image: {name: "busybox:1.36", pullPolicy: Always}}
controller: {image: {registry: registry.k8s.io, image: nginx/controller, tag: v1.11, digest: ""}}
simple: {image: redis, tag: "7"}
both: {image: "postgres:16", tag: v2}
"""
NO_IMAGES = """\
page: {image: img/logo.png}
hero: {image: /static/hero, title: x}
linked: {image: "https://example.com/a"}
disk: {image: jammy-server.IMG}
git: {repository: "git@example.com:x/y.git", tag: v1}
services: [web, api]
"""
DRONE = """\
kind: pipeline
steps: [{name: test, image: "golang:1.23"}]
services: [{name: db, image: "postgres:16"}]
"""


def uses(name: str, text: str) -> list[tuple[str, int]]:
    found = images_in_file(name, text.encode(), {})
    return [(use.name, use.line) for use in found if not use.fault]


def faults(name: str, text: str) -> list[tuple[str, str]]:
    found = images_in_file(name, text.encode(), {})
    return [(use.name, use.fault) for use in found if use.fault]


FOUND = {
    "values.yaml": (
        HELM_VALUES,
        [
            ("team/app:1.10", 3),
            (f"ghcr.io/team/side:2@{DIGEST}", 6),
            ("busybox:1.36", 8),
        ],
    ),
    "kustomization.yaml": (
        KUSTOMIZATION,
        [("nginx:1.27.1", 4), (f"ghcr.io/team/app@{DIGEST}", 7)],
    ),
    "task.yaml": (TEKTON, [("alpine:3.20", 4), ("golang:1.23", 6), ("docker:dind", 8)]),
    "argo.yaml": (ARGO, [("argoproj/whalesay:v1", 5), ("python:3.13", 6)]),
    "release.yaml": (FLUX, [("ghcr.io/stefanprodan/podinfo:6.7.1", 5)]),
    ".gitlab-ci.yml": (
        GITLAB,
        [
            ("ruby:3.3-slim", 3),
            ("postgres:16", 4),
            ("redis:7", 4),
            ("node:22", 5),
            ("gcr.io/kaniko-project/executor:debug", 10),
        ],
    ),
    "config.yml": (CIRCLE, [("cimg/go:1.23", 5), ("postgres:16", 5), ("cimg/base:2024.01", 2)]),
    "docker-bake.hcl": (BAKE, [("alpine:3.20", 3)]),
    "docker-bake.json": (
        '{"target": {"app": {"contexts": {"base": "docker-image://alpine:3", "x": "./x"}}}}',
        [("alpine:3", 1)],
    ),
    "bitbucket-pipelines.yml": (
        BITBUCKET,
        [("node:22", 1), ("mysql:8", 4), ("team/app:1", 8)],
    ),
    "more-values.yaml": (
        CHART_WITH_NAMES,
        [
            ("quay.io/team/app:1.2", 1),
            ("team/web:3", 2),
            ("busybox:1.36", 3),
            ("registry.k8s.io/nginx/controller:v1.11", 4),
            ("redis:7", 5),
            ("postgres:16", 6),
        ],
    ),
    "site.yaml": (NO_IMAGES, []),
    ".travis.yml": ("language: go\nservices: [docker, redis-server]\n", []),
    ".drone.yml": (DRONE, [("golang:1.23", 2), ("postgres:16", 3)]),
    ".devcontainer.json": (
        '{"image": "mcr.microsoft.com/dev:1"}',
        [("mcr.microsoft.com/dev:1", 1)],
    ),
    "Chart.yaml": (
        "apiVersion: v2\ndependencies: [{name: x, version: 1, repository: https://x.example}]\n",
        [],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_images_are_found_in_their_shapes(name: str) -> None:
    text, found = FOUND[name]
    assert uses(name, text) == found


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("values.yaml", HELM_VALUES, [("team/chart", "its tag is not in this file")]),
        ("kustomization.yaml", KUSTOMIZATION, [("elsewhere/moved", "its tag is not in this file")]),
        (
            "task.yaml",
            TEKTON,
            [("$(params.builder)", "an expression, which only its tool evaluates")],
        ),
        (
            ".gitlab-ci.yml",
            GITLAB,
            [("$CI_REGISTRY_IMAGE/app", "the variable CI_REGISTRY_IMAGE has no default")],
        ),
        ("docker-bake.hcl", BAKE, [("${REGISTRY}/base", "the variable REGISTRY has no default")]),
    ],
)
def test_a_name_that_only_a_tool_knows_says_so(name: str, text: str, found: object) -> None:
    assert faults(name, text) == found


def test_a_template_says_what_to_give_instead() -> None:
    text = b"kind: Pod\n{{ if .Values.x }}\nimage: {{ .Values.image }}\n"
    with pytest.raises(SpecError, match="give what it renders to"):
        images_in_file("templates/pod.yaml", text, {})


def test_instructions_of_a_later_build_name_images_of_registries() -> None:
    text = "FROM a:1\nONBUILD COPY --from=tools:2 / /\nONBUILD COPY --from=build / /\n"
    more = (
        "ONBUILD RUN --mount=from=x/y,target=/ true\n" + "ONBUILD " * 5000 + "COPY --from=b:1 / /"
    )
    assert uses("Dockerfile", text + more) == [("a:1", 1), ("tools:2", 2), ("x/y", 4)]
