"""Files that use images: each kind known by name or content, and hostile ones bounded."""

import pytest

from manyfest.adapters.image_files.image_file import images_in_file
from manyfest.domain.errors import SpecError


def uses(name: str, text: str, **variables: str) -> list[tuple[str, int]]:
    found = images_in_file(name, text.encode(), variables)
    return [(use.name, use.line) for use in found]


COMPOSE = """\
x-base: &base
  image: redis:${REDIS:-7}
  platform: linux/arm64
services:
  web:
    image: "nginx:1.27"
  built:
    build: .
    image: team/app:dev
  cache:
    <<: *base
    image: valkey:8
  again: *base
  env:
    image: ${REGISTRY}/app
"""
KUBERNETES = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{name: a, image: busybox:1}]
      containers:
        - name: b
          image: nginx:1.27
      volumes:
        - image: {reference: team/data:1}
---
apiVersion: v1
kind: List
items:
  - kind: CronJob
    spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: cron:1}]}}}}}
---
# nothing
"""
WORKFLOW = """\
on: push
jobs:
  a:
    container: node:22
    services:
      db: {image: "postgres:17"}
    steps:
      - uses: actions/checkout@v4
      - uses: docker://alpine:3.20
  b:
    container: {image: "${{ matrix.image }}"}
"""
ACTION = "runs:\n  using: docker\n  image: docker://team/action:1\n"


def test_compose_files_name_images_of_services_that_are_not_built():
    assert uses("compose.yaml", COMPOSE) == [
        ("nginx:1.27", 6),
        ("valkey:8", 12),
        ("redis:7", 2),
        ("${REGISTRY}/app", 15),
    ]
    assert ("redis:6", 2) in uses("compose.yaml", COMPOSE, REDIS="6")
    platforms = [use.platform for use in images_in_file("compose.yaml", COMPOSE.encode(), {})]
    assert platforms == ["", "linux/arm64", "linux/arm64", ""]


def test_kubernetes_files_name_images_wherever_a_pod_stands():
    assert sorted(uses("all.yml", KUBERNETES)) == [
        ("busybox:1", 6),
        ("cron:1", 17),
        ("nginx:1.27", 9),
        ("team/data:1", 11),
    ]


def test_workflows_and_actions_name_containers_services_and_docker_steps():
    assert uses(".github/workflows/ci.yml", WORKFLOW) == [
        ("node:22", 4),
        ("postgres:17", 6),
        ("alpine:3.20", 9),
        ("${{ matrix.image }}", 11),
    ]
    *_, last = images_in_file("ci.yml", WORKFLOW.encode(), {})
    assert last.fault == "an expression, which only GitHub evaluates"
    assert uses("action.yml", ACTION) == [("team/action:1", 3)]


@pytest.mark.parametrize("name", ["Dockerfile", "web.Dockerfile", "a/Containerfile.prod", "-"])
def test_a_dockerfile_is_known_by_name_or_content(name):
    assert uses(name, "FROM alpine:3\n") == [("alpine:3", 1)]


def test_yaml_from_standard_input_is_known_by_its_content():
    assert uses("-", KUBERNETES)
    assert uses("-", "\ufeff" + COMPOSE)


def test_a_plain_list_has_a_name_a_line():
    text = "# images\nnginx:1.27 # web\n\nlocalhost:5000/a#b:1\n"
    assert uses("images.txt", text) == [("nginx:1.27", 2), ("localhost:5000/a#b:1", 4)]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(15)
)


def test_aliases_that_would_expand_beyond_memory_are_one_object():
    assert uses("bomb.yaml", f"apiVersion: v1\n{BOMB}") == []
    assert uses("bomb.yaml", "apiVersion: v1\nspec: &a\n  inner: *a\n") == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a: [", "x.yaml:1:"),
        (b"services:\n  a: \xff", "x.yaml:2: not UTF-8"),
        (b"a: " + b"[" * 5000, "nested deeper than 100"),
        (b"a: " + b"[" * 150 + b"]" * 150, "nested deeper than 100"),
        (b"services: \x07", "a character that YAML does not allow"),
        (b"#" * (1024 * 1024 + 1), "larger than 1048576 bytes"),
        (b"a: *missing", "x.yaml:1: found undefined alias"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(data, reason):
    with pytest.raises(SpecError) as refused:
        images_in_file("x.yaml", data, {})
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "services: 3",
        "services: [[a], {image: [x]}]",
        "services: {a: 3, b: {image: [x]}, c: {image: }}",
        "jobs: {a: {container: [x], services: 3, steps: [3, {uses: 3}, {uses: [x]}]}}",
        "apiVersion: v1\ncontainers: {image: x}\nvolumes: [3, {image: 3}]",
        "runs: 3",
        "- a\n- b",
        "just a text",
    ],
)
def test_parts_of_another_shape_are_passed_over(text):
    assert uses("x.yaml", text) == []


CRON = """\
apiVersion: v1
kind: List
items:
- kind: CronJob
  spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: cron:1}]}}}}}
- kind: Pod
  spec:
    initContainers: [{image: first:1}]
    containers: [{image: second:1}]
"""


def test_images_of_kubernetes_are_in_the_order_of_the_file() -> None:
    assert [name for name, _ in uses("x.yaml", CRON)] == ["cron:1", "first:1", "second:1"]


def test_kubernetes_and_compose_may_be_written_as_json() -> None:
    pod = '{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "a:1"}]}}'
    assert uses("pod.json", pod) == uses("-", pod) == [("a:1", 1)]


def test_images_of_a_workflow_are_in_the_order_of_the_file() -> None:
    text = "jobs:\n a:\n  steps:\n  - uses: docker://first:1\n  container: second:1\n"
    assert uses("x.yml", text) == [("first:1", 4), ("second:1", 5)]


@pytest.mark.parametrize("mark", [":?", "?"])
def test_a_variable_that_must_be_set_is_missing_or_replaced(mark: str) -> None:
    text = f"services: {{a: {{image: 'app:${{TAG{mark}set the TAG}}'}}}}"
    (use,) = images_in_file("compose.yaml", text.encode(), {})
    assert use.fault == "the variable TAG has no default"
    assert uses("compose.yaml", text, TAG="1") == [("app:1", 1)]


def test_an_empty_variable_is_missing_only_with_the_colon() -> None:
    faults = [
        images_in_file("-", f"services: {{a: {{image: 'a${{T{mark}x}}'}}}}".encode(), {"T": ""})
        for mark in (":?", "?")
    ]
    assert [bool(use.fault) for (use,) in faults] == [True, False]


def test_a_file_that_is_no_text_is_one_clear_line() -> None:
    with pytest.raises(SpecError, match="program:1: not a text: it has a NUL character"):
        images_in_file("program", b"\x7fELF\0\0", {})
