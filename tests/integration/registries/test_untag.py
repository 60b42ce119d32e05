"""``manyfest untag`` at the real registry, at layouts, and at registries that answer otherwise."""

import json

import pytest

from manyfest.contracts.images import oci_image, oci_index
from tests.support.programs.our_program import run_here

A = oci_index(oci_image(), oci_image("linux/arm64", text="arm"))


def tags(repository: str) -> list[str]:
    return sorted(run_here("tags", repository).stdout.decode().split())


def test_one_tag_of_two_goes_and_comes_back(docker_registry, repository, seed):
    """Debian's registry (2.8) answers 400 to the deletion of a tag."""
    repository = f"{docker_registry.host}/{repository}"
    for tag in ("1", "2"):
        seed(f"{repository}:{tag}", A)
    result = run_here("untag", "--json", f"{repository}:1")
    (row,) = json.loads(result.stdout)
    assert (result.code, row["digest"], row["way"]) == (0, str(A.digest), "placeholder")
    assert tags(repository) == ["2"]
    assert run_here("verify", f"{repository}:2").code == 0
    assert run_here("undo", f"{repository}:1").code == 0
    assert tags(repository) == ["1", "2"]
    assert run_here("digest", f"{repository}:1").stdout.decode().strip() == str(A.digest)


def test_undo_overwrites_no_tag_that_another_one_set_since(docker_registry, seed):
    name = seed(f"{docker_registry.host}/team/taken:1", A)
    assert run_here("untag", name).code == 0
    seed(name, A)
    assert run_here("undo", name).code == 0, "it is back already"
    assert run_here("untag", name).code == 0
    seed(name, oci_image())
    moved = f"the tag moved: {name} was untagged here, and points to {oci_image().digest} since"
    for words in ([], ["--to", "1"]):
        result = run_here("undo", *words, name)
        assert (result.code, moved in result.stderr) == (6, True), result.stderr
    assert run_here("digest", name).stdout.decode().strip() == str(oci_image().digest)


def test_the_history_has_the_removal_between_what_the_tag_was(tmp_path, docker_registry, seed):
    name = f"oci:{tmp_path / 'layout'}:a"
    run_here("copy", seed(f"{docker_registry.host}/team/removed:1", A), name)
    assert run_here("untag", name).code == 0
    gone, before = json.loads(run_here("history", "--json", name).stdout)
    assert (gone["removed"], gone["digest"], gone["reference"]) == (True, None, name)
    assert (gone["claimed"], gone["source"]) == (False, None)
    assert (before["removed"], before["digest"]) == (False, str(A.digest))
    refused = run_here("digest", f"{name}@{{0}}")
    assert (refused.code, "the tag was taken away then" in refused.stderr) == (3, True)
    assert run_here("digest", f"{name}@{{1}}").code == 0
    assert run_here("undo", name).code == 0
    states = json.loads(run_here("history", "--json", name).stdout)
    assert [state["removed"] for state in states] == [False, True, False]
    assert [line.split()[1] for line in run_here("history", name).stdout.decode().splitlines()] == [
        "DIGEST",
        str(A.digest),
        "untagged",
        str(A.digest),
    ]
    again = run_here("undo", name)
    reason = f"{name}@{{1}}: the tag was taken away then"
    assert (again.code, reason in again.stderr) == (3, True), again.stderr


def test_a_registry_that_deletes_nothing_says_so_and_is_as_before(
    start_docker_registry, monkeypatch, seed
):
    monkeypatch.setenv("REGISTRY_STORAGE_DELETE_ENABLED", "false")
    name = seed(f"{start_docker_registry().host}/team/app:1", A)
    result = run_here("untag", name)
    assert result.code == 1
    assert "deletes neither tags nor manifests; nothing has changed" in result.stderr
    assert run_here("digest", name).stdout.decode().strip() == str(A.digest)


def test_a_layout_loses_the_name_alone(tmp_path, docker_registry, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:1", A)
    layout = f"oci:{tmp_path / 'layout'}"
    for tag in ("a", "b"):
        run_here("copy", name, f"{layout}:{tag}")
    blobs = sorted((tmp_path / "layout" / "blobs" / "sha256").iterdir())
    assert run_here("untag", f"{layout}:a").code == 0
    assert tags(layout) == ["b"]
    assert sorted((tmp_path / "layout" / "blobs" / "sha256").iterdir()) == blobs
    assert run_here("untag", f"{layout}:b").code == 0
    assert run_here("undo", f"{layout}:b").code == 0
    assert tags(layout) == ["b"]


def test_a_dry_run_writes_nothing(tmp_path, docker_registry, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:1", A)
    result = run_here("untag", "--dry-run", name)
    assert (result.code, result.stdout.decode().strip()) == (0, str(A.digest))
    assert run_here("digest", name).code == 0


@pytest.mark.parametrize(
    ("argument", "code", "sentence"),
    [
        ("host.example/app", 2, "untag needs the tag to be written"),
        ("oci:layout", 2, "untag needs the tag to be written"),
        (f"host.example/app:1@{A.digest}", 2, "untag takes a tag"),
        (f"host.example/{'long/' * 20}app@{A.digest}", 2, "untag takes a tag"),
        ("docker-archive:a.tar:1", 2, "archives are only read"),
        ("oci:missing:1", 3, "no such manifest"),
    ],
)
def test_what_is_no_tag_that_can_go_is_refused(argument, code, sentence):
    result = run_here("untag", argument)
    assert "truncated" not in result.stderr
    assert (result.code, sentence in result.stderr) == (code, True), result.stderr
