"""Work offline: cached content is shown from the store alone."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    push_image,
)
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Layout, Reference
from manyfest.store.store import open_store
from tests.integration.conftest import Seed
from tests.support.faults.confined import with_small_files
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry, running_registry
from tests.support.programs.our_program import run_here

IMAGES = {
    "docker image": docker_image("linux/arm/v7"),
    "oci image": oci_image("linux/amd64", annotations={"a": "<b>"}),
    "docker list": docker_list(docker_image("linux/amd64"), docker_image("linux/arm64")),
    "oci index": oci_index(oci_image("linux/amd64"), annotations={"k": "v"}, artifactType="a/b"),
}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES.keys())
def test_it_is_shown_byte_for_byte_as_it_was_online(
    start_docker_registry: Callable[..., RunningRegistry],
    seed: Seed,
    manyfest: CommandLine,
    image: Image,
) -> None:
    host = start_docker_registry().host
    name = seed(f"{host}/app:1", image)
    forms = [[name], ["-v", name], ["--raw", name], [f"{host}/app@{image.digest}"]]
    online = [manyfest("inspect", *form) for form in forms]
    assert [result.code for result in online] == [0] * len(forms)
    seed.forbid_network()
    offline = [manyfest("inspect", "--offline", *form) for form in forms]
    assert [result.stdout for result in offline] == [result.stdout for result in online]
    assert [result.stderr for result in offline] == [""] * len(forms)


def test_sources_of_a_create_are_kept(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    image = docker_image("linux/amd64")
    name = seed(f"{docker_registry.host}/{repository}:a", image)
    assert manyfest("create", f"{docker_registry.host}/{repository}:l", name).code == 0
    shown = manyfest("inspect", "-v", "--offline", name)
    assert json.loads(shown.stdout)["Descriptor"]["digest"] == str(image.digest)


def test_a_tag_never_seen_says_so(manyfest: CommandLine) -> None:
    result = manyfest("inspect", "--offline", "registry.example/app:1")
    assert (result.code, result.stdout) == (3, b"")
    assert "registry.example/app:1 is not cached" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_registry_that_is_away_is_an_error_and_never_a_stale_answer(
    seed: Seed, manyfest: CommandLine, tmp_path: Path
) -> None:
    with running_registry(tmp_path / "registry") as registry:
        name = seed(f"{registry.host}/app:1", docker_image())
        assert manyfest("inspect", name).code == 0
    result = manyfest("inspect", name)
    assert (result.code, result.stdout) == (5, b"")
    assert registry.host in result.stderr
    assert manyfest("inspect", "--offline", name).code == 0


def test_a_pushed_list_is_there_offline(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    place = f"{docker_registry.host}/{repository}"
    name = seed(f"{place}:a", docker_image())
    manyfest("create", f"{place}:l", name)
    draft = manyfest("inspect", f"{place}:l").stdout
    manyfest("push", f"{place}:l")
    assert manyfest("inspect", "--offline", f"{place}:l").stdout == draft


def test_looking_works_where_the_store_cannot_be_written(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = seed(f"{docker_registry.host}/{repository}:a", docker_image())
    monkeypatch.setenv("MANYFEST_STORE", "/proc/nobody/may/write/here/store.db")
    result = manyfest("inspect", name)
    assert result.code == 0
    assert result.stdout
    assert result.stderr.startswith("warning: not cached: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("size", [8192, 0], ids=["disk full", "locked"])
def test_a_push_that_cannot_be_noted_is_not_half_done(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    tmp_path: Path,
    size: int,
) -> None:
    place = f"{docker_registry.host}/{repository}"
    seed(f"{place}:a", docker_image())
    assert manyfest("create", f"{place}:l", f"{place}:a").code == 0
    if size:
        pushed = with_small_files(manyfest, size)("push", f"{place}:l")
        assert pushed.code == 0, pushed.stderr
        assert pushed.stdout.decode().startswith("sha256:")
        assert "published, but the draft could not be marked as pushed" in pushed.stderr
    else:
        store = tmp_path / "home" / "store.sqlite"
        locked = _locked(store)
        pushed = manyfest("push", "--timeout", "5", f"{place}:l")
        locked.close()
        assert (pushed.code, pushed.stdout) == (1, b"")
        assert manyfest("inspect", "--remote", f"{place}:l").code == 3
    assert manyfest("push", f"{place}:l").code == 0


# Behind an air gap


@pytest.fixture
def gap(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """A repository that was looked at, and that nobody can reach any more: ``list``, ``a``, ``b``.

    The store has their manifests and configs, and no layers.
    """
    monkeypatch.chdir(tmp_path)
    place = f"{docker_registry.host}/{repository}"
    for tag, image in {"a": AMD, "b": ARM, "list": docker_list(AMD, ARM)}.items():
        seed(f"{place}:{tag}", image)
        assert run_here("inspect", "-v", f"{place}:{tag}").code == 0
    seed.forbid_network()
    return place


AMD, ARM = docker_image("linux/amd64", text="amd"), docker_image("linux/arm64", text="arm")


@pytest.fixture
def no_writing(manyfest: CommandLine) -> CommandLine:
    """Our program, where no file can get any bytes."""
    return with_small_files(manyfest, 0)


def hold_layers(*images: Image) -> None:
    with closing(open_store(os.environ["MANYFEST_STORE"])) as store:
        for layer in (image.blobs[-1] for image in images):
            store.layers.write(Digest.of(layer), len(layer), [layer])


def last_seen(name: str) -> Observation | None:
    with closing(open_store(os.environ["MANYFEST_STORE"])) as store:
        return store.contents.last_observation(Reference.parse(name))


def test_what_is_made_offline_is_what_is_made_online(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
) -> None:
    place = f"{docker_registry.host}/{repository}"
    seed(f"{place}:list", docker_list(AMD, ARM))
    other = seed(f"{place}:oci", oci_image("linux/riscv64"))
    made = f"{place}:made"
    mixed = "Docker images (linux/amd64, linux/arm64) and OCI images (linux/riscv64)"
    note = f"note: {made} is an OCI index of {mixed}, which not all registries take"
    note += "; --convert oci makes all OCI\n"
    note += f"note: {made} has 3 entries now, before 2\n"
    making = (("create", made, f"{place}:list"), ("add", made, other))
    results = []
    for flags in ((), ("--offline",)):
        seen = last_seen(other)
        for command, *names in making:
            done = manyfest(command, *flags, *names)
            assert (done.code, done.stderr) == (0, note if command == "add" else "")
        results.append(run_here("inspect", made).stdout)
        assert run_here("rm", made).code == 0
        seed.forbid_network()
    assert results[0] == results[1]
    assert last_seen(other) == seen


def test_looking_offline_writes_nothing(gap: str, no_writing: CommandLine, tmp_path: Path) -> None:
    store = tmp_path / "home" / "store.sqlite"
    before = store.read_bytes()
    looking = {
        ("inspect", f"{gap}:list"): 0,
        ("inspect", "-v", f"{gap}:list"): 0,
        ("diff", f"{gap}:a", f"{gap}:b"): 8,
        ("verify", f"{gap}:list"): 0,
    }
    for (command, *words), code in looking.items():
        done = no_writing(command, "--offline", *words)
        assert (done.code, done.stdout != b"") == (code, True), done.stderr
        assert "warning" not in done.stderr
    assert store.read_bytes() == before
    assert sorted(store.parent.iterdir()) == [store]


def test_verify_looks_for_what_the_store_can_have(gap: str, manyfest: CommandLine) -> None:
    one = manyfest("verify", "--offline", f"{gap}:a")
    assert one.stdout.decode().endswith("0 errors, 0 warnings (1 manifest, 1 blob checked)\n")
    assert one.stderr == "note: not cached, and so not checked: 1 of its blobs\n"
    hold_layers(AMD)
    two = manyfest("verify", "--offline", f"{gap}:a")
    assert two.stdout.decode().endswith("(1 manifest, 2 blobs checked)\n")
    assert two.stderr == ""


def test_a_copy_to_a_layout_names_all_that_it_lacks(
    gap: str, manyfest: CommandLine, tmp_path: Path
) -> None:
    done = manyfest("copy", "--offline", f"{gap}:list", "oci:out:1")
    assert (done.code, done.stdout) == (3, b"")
    assert len(done.stderr.splitlines()) == 1
    for image in (AMD, ARM):
        assert str(Digest.of(image.blobs[-1])) in done.stderr
    assert not (tmp_path / "out").exists()
    hold_layers(AMD, ARM)
    assert manyfest("copy", "--offline", f"{gap}:list", "oci:out:1").code == 0
    assert run_here("verify", "oci:out:1").code == 0
    again = manyfest("copy", "--offline", f"{gap}:list", "oci:out:1")
    assert (again.code, "unchanged" in again.stderr) == (0, True)


def test_a_push_to_a_layout_names_all_that_it_lacks(gap: str, manyfest: CommandLine) -> None:
    assert run_here("create", "--offline", "oci:out:1", f"{gap}:a", f"{gap}:b").code == 0
    done = manyfest("push", "--offline", "oci:out:1")
    assert (done.code, done.stdout) == (3, b"")
    assert str(Digest.of(AMD.blobs[-1])) in done.stderr
    hold_layers(AMD, ARM)
    assert manyfest("push", "--offline", "oci:out:1").code == 0
    assert run_here("verify", "oci:out:1").code == 0


def test_what_is_in_the_layout_already_need_not_be_in_the_store(
    gap: str, manyfest: CommandLine, tmp_path: Path
) -> None:
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "out")), "a"), AMD)
    hold_layers(ARM)
    assert manyfest("copy", "--offline", f"{gap}:list", "oci:out:1").code == 0


def test_referrers_that_nobody_can_ask_for_are_not_left_out_in_silence(
    gap: str, manyfest: CommandLine, tmp_path: Path
) -> None:
    hold_layers(AMD)
    done = manyfest("copy", "--offline", "--attached", f"{gap}:a", "oci:out:1")
    assert (done.code, done.stdout) == (5, b"")
    assert done.stderr.startswith(f"error: offline: referrers of {gap}@{AMD.digest} are not cached")
    assert not (tmp_path / "out").exists()
    between_layouts = ("copy", "--offline", "--attached", "oci:here:1", "oci:there:1")
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "here")), "1"), AMD)
    assert manyfest(*between_layouts).code == 0


def test_nothing_is_written_to_a_registry(gap: str, manyfest: CommandLine) -> None:
    assert run_here("create", "--offline", f"{gap}:new", f"{gap}:a").code == 0
    for words in (
        ("push", "--offline", f"{gap}:new"),
        ("push", "--offline", "--dry-run", f"{gap}:new"),
        ("push", "--offline", "--tag", "oci:out:1", f"{gap}:new"),
        ("create", "--offline", "--push", f"{gap}:other", f"{gap}:a"),
        ("copy", "--offline", f"{gap}:a", f"{gap}:copied"),
        ("copy", "--offline", f"{gap}:a", f"{gap}@{AMD.digest}"),
    ):
        done = manyfest(*words)
        assert (done.code, done.stdout) == (5, b""), words
        assert done.stderr.startswith("error: offline: ")
        assert done.stderr.endswith(" cannot be written, only layouts can\n")
    drafts = run_here("ls").stdout.decode()
    assert (f"{gap}:new" in drafts, f"{gap}:other" in drafts) == (True, False)


def test_the_environment_puts_every_command_offline(
    gap: str, manyfest: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "spec.yml"
    spec.write_text(f"image: {gap}:spec\nmanifests: [{{image: {gap}:a}}]\n")
    monkeypatch.setenv("MANYFEST_OFFLINE", "1")
    for words in (("inspect", f"{gap}:a"), ("create", f"{gap}:new", f"{gap}:a"), ("lock", spec)):
        assert manyfest(*words).code == 0
    host = gap.partition("/")[0]
    for words in (("apply", spec), ("push", f"{gap}:new"), ("auth", "why", f"{gap}:a")):
        done = manyfest(*words)
        assert (done.code, done.stderr.startswith("error: offline: ")) == (5, True), done.stderr
    done = manyfest("login", "-u", "me", "--password-stdin", host, input=b"secret")
    assert (done.code, done.stderr.startswith("error: offline: ")) == (5, True), done.stderr


@pytest.mark.parametrize(("said", "code"), [("0", 5), ("false", 5), ("", 5), ("maybe", 2)])
def test_the_environment_may_say_no_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, said: str, code: int
) -> None:
    monkeypatch.setenv("MANYFEST_OFFLINE", said)
    done = run_here("inspect", "--timeout", "0.2", "127.0.0.1:1/app:1")
    assert done.code == code
    assert ("MANYFEST_OFFLINE" in done.stderr) == (said == "maybe")


def test_a_config_that_was_never_read_is_named(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    name = seed(f"{docker_registry.host}/{repository}:a", AMD)
    assert manyfest("inspect", name).code == 0
    seed.forbid_network()
    done = manyfest("create", "--offline", f"{docker_registry.host}/{repository}:l", name)
    assert (done.code, done.stdout) == (3, b"")
    assert f"not in the store: {docker_registry.host}/{repository}@" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def _locked(store: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection
