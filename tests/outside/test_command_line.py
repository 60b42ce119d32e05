"""Adapters from outside on the command line: found by their scheme, and refused by name."""

from pathlib import Path

import pytest

from manyfest.contracts.images import docker_image, docker_list
from tests.integration.conftest import Seed, seed  # noqa: F401 - a fixture
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry


@pytest.fixture
def image(docker_registry: RunningRegistry, repository: str, seed: Seed) -> str:  # noqa: F811
    return seed(f"{docker_registry.host}/{repository}:1", docker_list(docker_image()))


@pytest.mark.usefixtures("installed")
def test_images_go_to_a_shelf_and_back(image, manyfest: CommandLine, tmp_path: Path) -> None:
    shelf = f"shelf://{tmp_path}/shelves/app"
    for step in (
        ("copy", image, f"{shelf}:1"),
        ("create", "--push", f"{shelf}:list", f"{shelf}:1"),
        ("push", "--merge", f"{shelf}:list"),
        ("copy", f"{shelf}:list", f"{image}-again"),
        ("verify", f"{shelf}:list"),
    ):
        done = manyfest(*step)
        assert done.code == 0, (step, done.stderr)
    shown = [manyfest("inspect", "--raw", name).stdout for name in (image, f"{shelf}:list")]
    assert shown[0] == shown[1]
    assert manyfest("inspect", "--raw", f"{image}-again").stdout == shown[0]


@pytest.mark.usefixtures("installed")
def test_what_is_on_a_shelf_is_seen_and_offline_shown(image, manyfest, tmp_path) -> None:
    shelf = f"shelf://{tmp_path}/app"
    manyfest("copy", image, f"{shelf}:1")
    (tmp_path / "app").rename(tmp_path / "gone")
    assert manyfest("inspect", f"{shelf}:1").code == 3
    offline = manyfest("inspect", "--offline", f"{shelf}:1")
    assert (offline.code, offline.stderr) == (0, "")


@pytest.mark.usefixtures("installed")
def test_nothing_is_written_to_a_shelf_offline(image, manyfest, tmp_path) -> None:
    manyfest("create", f"shelf://{tmp_path}/app:list", image)
    for step in (("push", "list"), ("copy", image, "copy")):
        refused = manyfest(step[0], "--offline", *step[1:-1], f"shelf://{tmp_path}/app:{step[-1]}")
        assert (refused.code, len(refused.stderr.splitlines())) == (5, 1)
        assert "cannot be written, only layouts can" in refused.stderr


@pytest.mark.usefixtures("installed")
def test_a_tape_is_recorded_and_played(image, manyfest, tmp_path, monkeypatch) -> None:
    name = f"tape://{tmp_path}/a.tape/{image}"
    monkeypatch.setenv("TAPE", "record")
    recorded = manyfest("inspect", "-v", name)
    assert recorded.code == 0, recorded.stderr
    monkeypatch.delenv("TAPE")
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "another.db"))
    played = manyfest("inspect", "-v", name)
    assert played.stdout == recorded.stdout
    missing = manyfest("inspect", f"{name}-other")
    assert (missing.code, "is not in the recording" in missing.stderr) == (5, True)


@pytest.mark.usefixtures("installed")
def test_a_store_from_outside_keeps_drafts_as_it_likes(image, manyfest, monkeypatch) -> None:
    monkeypatch.setenv("MANYFEST_STORE", "forgetful://")
    assert manyfest("create", "--push", f"{image}-new", image).code == 0
    listed = manyfest("ls")
    assert (listed.code, len(listed.stdout.splitlines())) == (0, 1)  # the heading


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("command", "part"),
    [
        (("cache", "ls"), "catalogue"),
        (("cache", "stats"), "catalogue"),
        (("cache", "gc"), "garbage collector"),
        (("cache", "fsck"), "integrity check"),
        (("cache", "query", "SELECT 1"), "answer to SQL"),
    ],
)
def test_a_part_that_a_store_lacks_is_named(manyfest, monkeypatch, command, part) -> None:
    monkeypatch.setenv("MANYFEST_STORE", "forgetful://user:secret@host/")
    refused = manyfest(*command)
    name = " ".join(command[:2])
    expected = f"error: the store of scheme forgetful has no {part}; {name} needs one\n"
    assert (refused.code, refused.stderr) == (1, expected)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("none://app:1", 2, "no adapter for none:// is installed, only broken, shelf, tape, twice"),
        ("broken://app:1", 1, "cannot be loaded: ModuleNotFoundError"),
        ("twice://app:1", 1, "several packages serve it"),
        ("https://example.com/app", 2, "invalid reference format"),
        ("docker://alpine", 2, "invalid reference format"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_line(manyfest, name, code, said) -> None:
    refused = manyfest("inspect", name)
    assert refused.code == code
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_where_nothing_is_installed_there_is_no_adapter(manyfest: CommandLine) -> None:
    refused = manyfest("inspect", "shelf:///app:1")
    assert (refused.code, refused.stderr) == (
        2,
        "error: no adapter for shelf:// is installed\n",
    )
