"""Past states as a person uses them: shown, named wherever something is read, and put back."""

import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    push_image,
)
from manyfest.domain.references import Layout, Reference
from tests.integration.conftest import Seed
from tests.support.http.registry_server import REGISTRY, RegistryServer
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.our_program import run_here
from tests.support.programs.waiting import has_open, wait_until

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")
OLD, NEW = docker_list(AMD), docker_list(AMD, ARM)


def done(*arguments: str | Path) -> str:
    """The output of a command that must succeed."""
    result = run_here(*arguments)
    assert result.code == 0, result.stderr
    return result.stdout.decode().strip()


def refused(code: int, *arguments: str | Path) -> str:
    """The one line it gave for an error, and nothing on stdout."""
    result: Result = run_here(*arguments)
    assert (result.code, result.stdout) == (code, b"")
    (line,) = result.stderr.splitlines()
    return line


def states(name: str) -> list[dict]:
    return json.loads(done("history", "--json", name))


@pytest.fixture
def tag(docker_registry: RunningRegistry, repository: str, seed: Seed) -> str:
    """A tag of the real registry that was seen at OLD, and then at NEW."""
    name = f"{docker_registry.host}/{repository}:1"
    for image in (OLD, NEW):
        done("inspect", seed(name, image))
    return name


class Layouts:
    """A layout that others write to, too."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.name = f"oci:{directory}:1"

    def put(self, image: Image, tag: str | None = "1") -> None:
        push_image(LayoutRegistry(), Reference(Layout(str(self.directory)), tag), image)

    def blob(self, image: Image) -> Path:
        return self.directory / "blobs" / "sha256" / image.digest.hex


@pytest.fixture
def layout(tmp_path: Path) -> Layouts:
    return Layouts(tmp_path / "layout")


def test_what_a_tag_was_is_shown_without_asking_anybody(
    tag: str, seed: Seed, manyfest: CommandLine
) -> None:
    seed.forbid_network()
    shown = manyfest("history", tag)
    assert (shown.code, shown.stderr) == (0, "")
    heading, newest, oldest = shown.stdout.decode().splitlines()
    assert heading.split()[0] == "STATE"
    assert newest.split()[:2] == ["@{0}", str(NEW.digest)]
    assert newest.endswith("2 images   +linux/arm64")
    assert oldest.split()[:2] == ["@{1}", str(OLD.digest)]
    assert oldest.endswith("1 image")


def test_pushes_are_part_of_it(docker_registry, repository: str, seed: Seed) -> None:
    home = f"{docker_registry.host}/{repository}"
    for sources in ([seed(f"{home}:a", AMD)], [f"{home}:a", seed(f"{home}:b", ARM)]):
        done("create", f"{home}:l", *sources)
        done("push", f"{home}:l")
    newest, oldest = states(f"{home}:l")
    assert newest["changes"] == {"added": ["linux/arm64"], "removed": [], "changed": []}
    assert oldest["platforms"] == ["linux/amd64"]


def test_a_past_state_stands_wherever_something_is_read(tag: str, layout: Layouts) -> None:
    past, pinned = f"{tag}@{{1}}", f"{tag}@{OLD.digest}"
    assert run_here("inspect", "--raw", past).stdout == OLD.manifest.data
    assert done("inspect", "-v", past) == done("inspect", "-v", pinned)
    assert run_here("inspect", "--raw", "--offline", past).stdout == OLD.manifest.data
    assert run_here("diff", past, tag).code == 8
    assert run_here("diff", past, f"{tag}@{{0}}").code == 8
    assert run_here("diff", past, pinned).code == 0
    first, *_ = run_here("diff", past, tag).stdout.decode().splitlines()
    assert first.count("sha256:") == 1
    assert f"{pinned}: 0 errors" in done("verify", past)
    assert done("copy", past, layout.name) == str(OLD.digest)
    home = tag.removesuffix(":1")
    done("create", f"{home}:made", past)
    done("add", f"{home}:made", f"{tag}@{{0}}")
    assert len(json.loads(done("inspect", f"{home}:made"))["manifests"]) == 2
    done("annotate", "--index", "--subject", past, f"{home}:made")
    assert json.loads(done("inspect", f"{home}:made"))["subject"]["digest"] == str(OLD.digest)


def test_a_past_state_is_named_by_time_too(tag: str) -> None:
    newest, oldest = states(tag)
    assert newest["firstSeen"] > oldest["firstSeen"]
    at = f"{tag}@{{{oldest['lastSeen']}}}"
    assert run_here("inspect", "--raw", at).stdout == OLD.manifest.data
    today = f"{tag}@{{{newest['lastSeen'][:10]}}}"
    assert run_here("inspect", "--raw", today).stdout == NEW.manifest.data
    line = refused(3, "inspect", f"{tag}@{{2020-01-01}}")
    assert line.startswith(
        f"error: no such past state: {tag}@{{2020-01-01}}: only 2 are known, since 20"
    )


REFUSED = {
    "push": ("push", "PAST"),
    "a further tag": ("push", "oci:x:1", "--tag", "PAST"),
    "create": ("create", "PAST", "oci:x:1"),
    "add": ("add", "PAST", "oci:x:1"),
    "drop": ("drop", "PAST", "linux/amd64"),
    "annotate": ("annotate", "PAST", "oci:x:1", "--os", "linux"),
    "annotate the list": ("annotate", "--index", "PAST"),
    "copy": ("copy", "oci:x:1", "PAST"),
    "rm": ("rm", "PAST"),
}


@pytest.mark.parametrize("past", ["r.example/app:1@{1}", "oci:app:1@{1}", "oci:app@{2026-05-01}"])
@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_written_has_no_past(layout: Layouts, arguments: tuple, past: str) -> None:
    layout.put(oci_image())
    words = [word.replace("PAST", past).replace("oci:x:1", layout.name) for word in arguments]
    if words[:2] == ["push", layout.name]:
        done("create", layout.name, layout.name)
    assert "@{...} names a past state, which can only be read" in refused(2, *words)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("r.example/app:1@{1}", 3, "r.example/app:1 is not cached"),
        ("r.example/app:1@{last}", 2, "a number or a time"),
        (f"r.example/app@{AMD.digest}@{{1}}", 2, "a digest has no past states"),
        ("r.example/APP@{1}", 2, "must be lowercase"),
        ("r.example/app@{1}@{1}", 2, "can only be read"),
    ],
)
def test_a_past_state_that_cannot_be_is_refused_in_a_line(name: str, code: int, words: str) -> None:
    assert words in refused(code, "inspect", name)


@pytest.mark.parametrize("tag", ["", ":1"])
def test_a_folder_whose_name_ends_as_a_past_state_is_meant_with_a_slash(
    layout: Layouts, tmp_path: Path, tag: str
) -> None:
    layout.put(oci_image())
    odd = f"oci:{tmp_path}/odd@{{1}}/{tag}"
    done("copy", layout.name, odd)
    done("inspect", odd)
    done("copy", layout.name, odd)


def test_history_of_what_was_never_seen(layout: Layouts) -> None:
    layout.put(oci_image())
    assert "is not cached" in refused(3, "history", layout.name)
    assert "requires 1 argument" in refused(2, "history")


def test_undo_puts_back_and_undo_undoes_it(tag: str, docker_manifest: CommandLine) -> None:
    before, after = str(NEW.digest), str(OLD.digest)
    summary = f"{tag}: would move 1 tag from {before[:19]} to {after[:19]}"
    assert done("undo", "--dry-run", tag) == summary
    assert (
        done("undo", "--dry-run", "-v", tag) == f"{summary}\n  tag {tag} at {after} (was {before})"
    )
    assert len(states(tag)) == 2
    result = run_here("undo", tag)
    assert (result.code, result.stdout) == (0, f"{OLD.digest}\n".encode())
    assert result.stderr == f"note: {tag} was {NEW.digest}\n"
    shown = docker_manifest("inspect", "--insecure", tag)
    assert len(json.loads(shown.stdout)["manifests"]) == 1
    assert done("undo", tag) == str(NEW.digest)
    assert [state["digest"] for state in states(tag)] == [
        *(str(NEW.digest), str(OLD.digest), str(NEW.digest), str(OLD.digest))
    ]


@pytest.mark.parametrize("how", [["TAG@{2}"], ["TAG", "--to", "2"], ["TAG", "--to", "DIGEST"]])
def test_undo_goes_further_back(layout: Layouts, how: list[str]) -> None:
    first, second, third = (oci_index(oci_image(text=text)) for text in "abc")
    for image in (first, second, third):
        layout.put(image)
        done("inspect", layout.name)
    words = [word.replace("TAG", layout.name).replace("DIGEST", str(first.digest)) for word in how]
    assert done("undo", *words) == str(first.digest)
    unchanged = f"{layout.name}: unchanged, it is {first.digest} already"
    assert done("undo", "--dry-run", layout.name, "--to", "0") == unchanged


def test_undo_leaves_a_tag_alone_that_somebody_moved(tag: str, seed: Seed) -> None:
    other = docker_list(ARM)
    seed(tag, other)
    assert f"{tag} points to {other.digest}, not to {NEW.digest}" in refused(6, "undo", tag)
    assert run_here("inspect", "--raw", tag).stdout == other.manifest.data


def test_undo_of_a_layout_looks_for_the_blobs_of_images(layout: Layouts) -> None:
    old, new = oci_index(oci_image("linux/amd64")), oci_index(oci_image("linux/arm64"))
    for image in (old, new):
        layout.put(image)
        done("inspect", layout.name)
    config = old.children[0].manifest.config.digest
    (layout.directory / "blobs" / "sha256" / config.hex).unlink()
    assert f"{config}, which it names for linux/amd64, is missing" in refused(
        3, "undo", layout.name
    )


def test_undo_writes_nothing_when_a_part_is_gone(layout: Layouts) -> None:
    old, new = oci_index(oci_image("linux/amd64")), oci_index(oci_image("linux/arm64"))
    for image in (old, new):
        layout.put(image)
        done("inspect", layout.name)
    layout.blob(old.children[0]).unlink()
    line = refused(3, "undo", layout.name)
    assert (
        f"oci:{layout.directory}@{old.children[0].digest}, which it names for linux/amd64, is"
        in line
    )
    assert run_here("inspect", "--raw", layout.name).stdout == new.manifest.data


def test_undo_brings_back_a_list_that_only_the_store_holds(layout: Layouts) -> None:
    child = oci_image("linux/amd64")
    old, new = oci_index(child), oci_index(child, annotations={"a": "b"})
    for image in (old, new):
        layout.put(image)
        done("inspect", layout.name)
    layout.blob(old).unlink()
    assert done("undo", layout.name) == str(old.digest)
    assert run_here("inspect", "--raw", layout.name).stdout == old.manifest.data


@pytest.mark.parametrize("arguments", [["undo"], ["push"], ["push", "--merge"]])
def test_what_is_put_is_seen_when_it_is_put(
    layout: Layouts, forks: ForkedCommandLine, arguments: list[str]
) -> None:
    """Not when the command began: what others saw meanwhile was before."""
    for image in (OLD, NEW):
        layout.put(image)
        done("inspect", layout.name)
    layout.put(docker_image("linux/s390x"), "more")
    done("create", layout.name, f"oci:{layout.directory}:more")
    root = os.open(layout.directory, os.O_RDONLY)
    fcntl.flock(root, fcntl.LOCK_EX)  # as another writer does
    with forks.start(*arguments, layout.name) as waiting:
        # It has begun, and cannot go on.
        wait_until(lambda: has_open(waiting, Path(layout.directory)), waiting)
        released = datetime.now(UTC)
        os.close(root)
        assert waiting.result().code == 0
    assert datetime.fromisoformat(states(layout.name)[0]["lastSeen"]) >= released


def test_a_past_state_that_a_layout_lost_is_shown_from_the_store(layout: Layouts) -> None:
    for image in (OLD, NEW):
        layout.put(image)
        done("inspect", layout.name)
    layout.blob(OLD).unlink()
    past = f"{layout.name}@{{1}}"
    for more in ((), ("--offline",)):
        assert run_here("inspect", "--raw", *more, past).stdout == OLD.manifest.data
        assert run_here("diff", *more, past, layout.name).code == 8
    assert run_here("inspect", f"oci:{layout.directory}@{OLD.digest}").code == 3


def test_undo_of_the_only_image_of_a_layout(layout: Layouts) -> None:
    old, new = oci_image(text="old"), oci_image(text="new")
    for image in (old, new):
        layout.put(image, None)
        done("inspect", f"oci:{layout.directory}")
    assert done("undo", f"oci:{layout.directory}") == str(old.digest)


def test_undo_refuses_what_it_cannot_mean(layout: Layouts) -> None:
    layout.put(oci_image())
    done("inspect", layout.name)
    assert "@{1}: only 1 is known, since 20" in refused(3, "undo", layout.name)
    assert "exclude each other" in refused(2, "undo", f"{layout.name}@{{1}}", "--to", "1")
    assert "number of a state nor a digest" in refused(2, "undo", layout.name, "--to", "old")
    assert "undo takes a tag" in refused(2, "undo", f"{layout.name}@{AMD.digest}")


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    registry = MemoryRegistry()
    for tag, image in (("1", OLD), ("2", docker_list(AMD, ARM, docker_image("linux/s390x")))):
        push_image(registry, Reference.parse(f"{REGISTRY}/app:{tag}"), image)
    with RegistryServer(registry) as server:
        yield server


def test_undo_asks_for_the_tag_and_each_part_and_reads_back(server: RegistryServer) -> None:
    """``undo`` puts back content from the store without fetching it."""
    name = f"{server.host}/app:1"
    done("inspect", name)
    done("copy", f"{server.host}/app:2", name)
    done("undo", name)
    begin = len(server.log())
    assert done("undo", name)
    asked = [line.split()[:2] for line in server.log()[begin:]]
    tags = [method for method, path in asked if path.endswith("/1")]
    parts = [method for method, path in asked if "sha256:" in path]
    assert tags == ["HEAD", "HEAD", "PUT", "HEAD"]
    assert parts == ["HEAD"] * 3
