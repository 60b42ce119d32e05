"""Provenance of both versions, and documents that are none."""

import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.statements.envelopes import read_statement
from manyfest.domain.statements.provenance import Provenance, read_provenance
from tests.support.content.statements import (
    DOCKERFILE,
    SLSA_02,
    SLSA_1,
    slsa_02,
    slsa_1,
    statement,
)

IMAGE = Digest.of(b"image")


def provenance_of(kind, predicate) -> Provenance:
    return read_provenance(read_statement(statement(kind, predicate, IMAGE), "x"))


def test_buildkits_provenance_0_2():
    found = provenance_of(SLSA_02, slsa_02())
    assert found.version == "0.2"
    assert found.builder == "https://ci.example/runs/7"
    assert found.build_type == "https://mobyproject.org/buildkit@v1"
    assert (found.source, found.commit) == ("https://git.example/app.git#main", "c" * 40)
    assert (found.entry_point, found.invocation) == ("Dockerfile", "abc")
    assert (found.started, found.finished) == ("2026-05-01T00:00:00Z", "2026-05-01T00:01:00Z")
    assert found.parameters == (
        ("frontend", "dockerfile.v0"),
        ("args.build-arg:VERSION", "1.4"),
        ("args.target", "release"),
    )
    assert [material.digests for material in found.materials] == [
        (f"sha256:{'8' * 64}",),
        (f"sha1:{'c' * 40}",),
    ]
    assert found.dockerfile == DOCKERFILE


def test_buildkits_provenance_1_of_a_local_context():
    found = provenance_of(SLSA_1, slsa_1())
    assert found.version == "1"
    assert (found.source, found.commit) == ("https://git.example/app.git", "d" * 40)
    assert (found.entry_point, found.invocation) == ("Dockerfile", "def")
    assert found.parameters == (("frontend", "dockerfile.v0"), ("args.target", "release"))
    assert found.dockerfile == DOCKERFILE


def test_provenance_of_github_names_the_workflow_and_the_commit():
    definition = {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {
            "workflow": {
                "ref": "refs/heads/main",
                "repository": "https://github.com/team/app",
                "path": ".github/workflows/release.yml",
            }
        },
        "internalParameters": {"github": {"event_name": "push"}},
        "resolvedDependencies": [
            {
                "uri": "git+https://github.com/team/app@refs/heads/main",
                "digest": {"gitCommit": "e" * 40},
            }
        ],
    }
    run = {"builder": {"id": "https://github.com/actions/runner/github-hosted"}}
    found = provenance_of(SLSA_1, {"buildDefinition": definition, "runDetails": run})
    assert (found.source, found.commit) == ("https://github.com/team/app", "e" * 40)
    assert found.entry_point == ".github/workflows/release.yml"
    assert found.builder == "https://github.com/actions/runner/github-hosted"


def test_a_source_is_found_among_the_materials():
    materials = [{"uri": "git+https://git.example/a", "digest": {"sha1": "f" * 40}}]
    found = provenance_of(SLSA_02, {"materials": materials})
    assert (found.source, found.commit) == ("git+https://git.example/a", "f" * 40)


@pytest.mark.parametrize("kind", [SLSA_02, SLSA_1])
@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [3], {"a": 3}, [{"uri": 3, "digest": 3}]])
@pytest.mark.parametrize(
    "member", ["builder", "materials", "invocation", "metadata", "buildDefinition", "runDetails"]
)
def test_members_of_another_type_are_empty(kind, value, member):
    found = provenance_of(kind, {member: value})
    assert (found.builder, found.source, found.dockerfile) == ("", "", None)


def test_parameters_are_bounded_in_number_and_depth():
    deep = {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}
    many = {str(number): number for number in range(5000)}
    found = provenance_of(SLSA_02, {"invocation": {"parameters": deep | many}})
    assert len(found.parameters) == 1000
    assert not [name for name, _ in found.parameters if name.startswith("a.")]


@pytest.mark.parametrize("data", ["%", "/w==", 3])
def test_a_dockerfile_that_is_no_text_is_none(data):
    buildkit = {"source": {"infos": [{"data": data}]}}
    metadata = {"https://mobyproject.org/buildkit@v1#metadata": buildkit}
    assert provenance_of(SLSA_02, {"metadata": metadata}).dockerfile is None
