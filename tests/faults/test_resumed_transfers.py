"""Layers go on from where they broke off, in the store and in a layout."""

import fcntl
import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import evolve, frozen

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.cli.rendering.humanize import format_size
from manyfest.contracts.images import Image, docker_image, push_image, source_of
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DigestMismatchError, LayoutError, SizeMismatchError, StoreError
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource
from manyfest.domain.references import Reference
from manyfest.store.layer_store import FileLayerStore
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import truncated, with_header
from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.forked import ForkedCommandLine, Started
from tests.support.programs.our_program import run_here
from tests.support.programs.waiting import wait_until

MIB = 1024 * 1024
LAYER = random.Random(7).randbytes(4 * MIB)
DIGEST = Digest.of(LAYER)


class BrokenError(Exception):
    """The network is gone."""


@frozen
class Target:
    """A place for layers; ``write`` puts LAYER there from a source."""

    write: Callable[[BlobSource], None]
    partial: Path
    whole: Path

    def begin(self, data: bytes) -> None:
        """Leave a partial file, as a killed writer does."""
        self.partial.parent.mkdir(parents=True, exist_ok=True)
        self.partial.write_bytes(data)


def store_target(folder: Path) -> Target:
    layers = FileLayerStore(folder / "store.layers")
    place = folder / "store.layers" / "sha256"
    return Target(
        lambda source: layers.resume(DIGEST, len(LAYER), source),
        place / f".{DIGEST.hex}.partial",
        place / DIGEST.hex,
    )


def layout_target(folder: Path) -> Target:
    layout = folder / "layout"
    reference = Reference.parse(f"oci:{layout}").at(DIGEST)
    LayoutRegistry().write_blob(reference.at(Digest.of(b"")), 0, source_of(b""))
    return Target(
        lambda source: LayoutRegistry().write_blob(reference, len(LAYER), source),
        layout / f".manyfest-sha256-{DIGEST.hex}.partial",
        layout / "blobs" / "sha256" / DIGEST.hex,
    )


@pytest.fixture(params=[store_target, layout_target], ids=["store", "layout"])
def target(request, tmp_path) -> Target:
    return request.param(tmp_path)


def breaking(after: int, starts: list[int] | None = None) -> BlobSource:
    """A source that breaks off after so many bytes of the layer."""

    def chunks(start: int) -> Iterator[bytes]:
        yield from (LAYER[at : at + MIB] for at in range(start, after, MIB))
        raise BrokenError

    @contextmanager
    def opened(start: int = 0, /) -> Iterator[Iterator[bytes]]:
        if starts is not None:
            starts.append(start)
        yield chunks(start)

    return opened


def counting(starts: list[int], data: bytes = LAYER) -> BlobSource:
    def opened(start: int = 0, /):
        starts.append(start)
        return source_of(data)(start)

    return opened


def test_a_transfer_goes_on_where_it_broke_off(target) -> None:
    starts: list[int] = []
    for after in (2 * MIB, 3 * MIB):
        with pytest.raises(BrokenError):
            target.write(breaking(after, starts))
        assert target.partial.read_bytes() == LAYER[:after]
        assert not target.whole.exists()
    target.write(counting(starts))
    assert starts == [0, 2 * MIB, 3 * MIB]
    assert target.whole.read_bytes() == LAYER
    assert not target.partial.exists()


KEPT = {
    "damaged": (b"x" * MIB, [MIB, 0]),
    "longer than the layer": (LAYER + b"x", [0]),
    "of the same length and wrong": (b"x" * len(LAYER), [0]),
    "whole": (LAYER, []),
    "empty": (b"", [0]),
    "odd": (LAYER[:12345], [12345]),
}


@pytest.mark.parametrize(("kept", "expected"), KEPT.values(), ids=KEPT)
def test_what_is_kept_is_hashed_before_it_is_trusted(target, kept, expected) -> None:
    starts: list[int] = []
    target.begin(kept)
    target.write(counting(starts))
    assert starts == expected
    assert target.whole.read_bytes() == LAYER
    assert not target.partial.exists()


@pytest.mark.parametrize(
    ("wrong", "error"),
    {
        "other": (LAYER[::-1], DigestMismatchError),
        "short": (LAYER[:-1], SizeMismatchError),
    }.values(),
)
@pytest.mark.parametrize("kept", [b"", LAYER[:MIB]], ids=["from the start", "on"])
def test_a_wrong_layer_leaves_nothing(target, kept, wrong, error) -> None:
    starts: list[int] = []
    target.begin(kept)
    with pytest.raises(error):
        target.write(counting(starts, wrong))
    assert starts == ([MIB, 0] if kept else [0])
    assert not target.partial.exists()
    assert not target.whole.exists()


def test_a_second_writer_uses_a_file_of_its_own(target) -> None:
    target.begin(LAYER[:MIB])
    with target.partial.open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        starts: list[int] = []
        target.write(counting(starts))
        assert starts == [0]
        assert target.whole.read_bytes() == LAYER
        assert target.partial.read_bytes() == LAYER[:MIB]


def test_writers_at_once_all_succeed(target) -> None:
    errors: list[BaseException] = []

    def write() -> None:
        try:
            target.write(source_of(LAYER))
        except BaseException as error:  # noqa: BLE001 - for the main thread
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert target.whole.read_bytes() == LAYER
    assert not target.partial.exists()


def test_a_link_in_place_of_the_file_is_not_followed(target, tmp_path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    target.begin(b"")
    target.partial.unlink()
    target.partial.symlink_to(other)
    with pytest.raises((StoreError, LayoutError)):
        target.write(source_of(LAYER))
    assert other.read_bytes() == b"precious"


def test_a_full_disk_keeps_nothing(target, monkeypatch) -> None:
    def refused(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises((StoreError, LayoutError), match="No space left"):
        target.write(source_of(LAYER))
    assert not target.partial.exists()


# Whole commands


@pytest.fixture
def server() -> Iterator[FaultServer]:
    registry = MemoryRegistry()
    image = docker_image("linux/amd64")
    document = json.loads(image.manifest.data)
    layer = {**document["layers"][0], "digest": str(DIGEST), "size": len(LAYER)}
    data = json.dumps({**document, "layers": [layer]}).encode()
    changed = Image(Manifest(image.manifest.media_type, data), (image.blobs[0], LAYER))
    push_image(registry, Reference.parse(f"{REGISTRY}/app:1"), changed)
    with FaultServer(RegistryApp(registry)) as server:
        yield server


BLOB_PATH = f"*/blobs/{DIGEST}"


def commands(server: FaultServer, folder: Path) -> dict[str, list[str]]:
    return {
        "copy": ["copy", f"{server.host}/app:1", f"oci:{folder}/layout:1"],
        "fetch": ["cache", "fetch", "--layers", f"{server.host}/app:1"],
    }


@pytest.fixture(params=["copy", "fetch"])
def command(request, server, tmp_path) -> list[str]:
    return commands(server, tmp_path)[request.param]


def ranges(server: FaultServer) -> list[str]:
    """The ``Range`` of each GET of the layer."""
    found = [r for r in server.requests if r.method == "GET" and r.path.endswith(str(DIGEST))]
    return [request.header("Range") for request in found]


def partial_of(folder: Path) -> Path | None:
    """The partial file that a command left."""
    return next(iter([*folder.rglob(".*.partial")]), None)


def fetched(folder: Path) -> bytes:
    (path,) = folder.rglob(DIGEST.hex)
    return path.read_bytes()


@frozen
class Stalling:
    """The head of ``answer`` and ``keep`` bytes of its body, and nothing more."""

    answer: Answer
    keep: int

    def send(self, connection: socket.socket, _request: Request) -> bool:
        connection.sendall(self.answer.head() + self.answer.body[: self.keep])
        while connection.recv(65536):
            pass
        return False


def ended(process: Started, folder: Path, number: int) -> tuple[int, str]:
    """End the command by a signal after 2 MiB of the layer; its exit code, and what it said."""

    def has_kept() -> bool:
        partial = partial_of(folder)
        return partial is not None and partial.stat().st_size == 2 * MIB

    wait_until(has_kept, process)
    process.send_signal(number)
    result = process.result()
    return result.code, result.stderr


def note_of(size: int) -> str:
    """The note that counts ``size``: a block that is written is counted a moment later."""
    return f"note: interrupted; {format_size(size)} of {DIGEST} are kept; run it again to go on\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_ended_goes_on_at_the_next_run(
    server, command, tmp_path, monkeypatch, number, forks: ForkedCommandLine
) -> None:
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "store.db"))
    server.on("GET", BLOB_PATH, lambda good: Stalling(good, 2 * MIB))
    with forks.start(*command) as process:
        code, said = ended(process, tmp_path, number)
    partial = partial_of(tmp_path)
    assert partial is not None
    kept = partial.stat().st_size
    if number != signal.SIGKILL:
        assert code == (130 if number == signal.SIGINT else -number)
        assert said in {note_of(kept - uncounted) for uncounted in range(0, MIB + 1, 1024)}
    assert run_here(*command).code == 0
    assert ranges(server) == ["", f"bytes={kept}-"]
    assert fetched(tmp_path) == LAYER
    assert partial_of(tmp_path) is None


ANSWERS = {
    "no ranges": lambda good: Answer(200, LAYER, good.headers[:-1]),
    "another range": with_header("Content-Range", f"bytes 0-{len(LAYER) - 1}/{len(LAYER)}"),
    "no range": with_header("Content-Range", None),
    "416": Answer(416),
    "other bytes": lambda good: evolve(good, body=good.body[::-1]),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_server_that_does_not_send_the_rest_sends_the_whole(
    server, command, tmp_path, monkeypatch, answer
) -> None:
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "store.db"))
    server.on("GET", BLOB_PATH, *[truncated(2 * MIB), Answer(404)])
    assert run_here(*command).code != 0
    assert partial_of(tmp_path) is not None
    server.on("GET", BLOB_PATH, answer)
    assert run_here(*command).code == 0
    assert fetched(tmp_path) == LAYER
    assert partial_of(tmp_path) is None


def test_a_partial_file_is_no_part_of_a_layout_for_others(server, tmp_path) -> None:
    """The names of a layout's files are what skopeo, crane and our own check read."""
    copy = commands(server, tmp_path)["copy"]
    server.on("GET", BLOB_PATH, *[truncated(2 * MIB), Answer(404)])
    assert run_here(*copy).code != 0
    layout = tmp_path / "layout"
    blobs = [path for path in (layout / "blobs").rglob("*") if path.is_file()]
    assert all(str(Digest.of(path.read_bytes())).endswith(path.name) for path in blobs)
    assert partial_of(tmp_path).parent == layout
    server.always("GET", BLOB_PATH, Answer(404))
    assert run_here("copy", f"{server.host}/app:1", f"oci:{layout}:1").code == 3


def test_garbage_collection_takes_old_partial_files(server, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "store.db"))
    fetch = commands(server, tmp_path)["fetch"]
    server.on("GET", BLOB_PATH, *[truncated(2 * MIB), Answer(404)])
    assert run_here(*fetch).code != 0
    partial = partial_of(tmp_path)
    stats = json.loads(run_here("cache", "stats", "--json").stdout)
    assert stats["partial"] == {"number": 1, "size": partial.stat().st_size}
    assert run_here("cache", "fsck").code == 0
    assert run_here("cache", "gc").code == 0
    assert partial.exists()
    old = time.time() - 2 * 24 * 60 * 60
    os.utime(partial, (old, old))
    assert run_here("cache", "gc").code == 0
    assert not partial.exists()


def test_an_old_partial_file_of_a_layout_is_removed_by_the_next_writer(server, tmp_path) -> None:
    copy = commands(server, tmp_path)["copy"]
    server.on("GET", BLOB_PATH, *[truncated(2 * MIB), Answer(404)])
    assert run_here(*copy).code != 0
    partial = partial_of(tmp_path)
    old = time.time() - 2 * 24 * 60 * 60
    os.utime(partial, (old, old))
    server.always("GET", BLOB_PATH, Answer(404))
    assert run_here(*copy).code != 0
    assert partial_of(tmp_path) is None
