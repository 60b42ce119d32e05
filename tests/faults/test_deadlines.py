"""Everything that talks to a server ends, however slow the server is, and when Ctrl-C is pressed.

ADR 0005 has the limits; here they are short, so that the tests are.
"""

import json
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.http_registry.transport import bodies
from manyfest.contracts.images import Image, docker_image, source_of
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DeadlineError, RefusedError, UnreachableError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from tests.support.faults.judged import error_line, refused, succeeded
from tests.support.faults.registries import CONFIGS, IMAGES, MANIFESTS, registry_of
from tests.support.http.connection_server import ConnectionServer, tls_that_drips, wait_until_gone
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Drip, Fault, Silent, Stalled
from tests.support.http.http_messages import Answer
from tests.support.programs.docker_client import Result
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.our_program import run_here
from tests.support.programs.waiting import threads_of, wait_until

LIMIT, ALLOWED = ("--timeout", "1.5"), "within the 1.5 s allowed"
LATEST = 60  # seconds, half of the usual limit; the machine may be busy
AT_ONCE = 10  # seconds; a fraction of one when it is not
MIB = 1024 * 1024
LAYER = bytes(32 * MIB)
SHORT = httpx.Timeout(0.5, connect=10, pool=None)

OK = b"HTTP/1.1 200 OK\r\nContent-Type: " + IMAGES[0].manifest.media_type.encode() + b"\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = OK + b"Content-Length: 100000\r\n\r\n"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with registry_of(*IMAGES) as running:
        yield running


@pytest.fixture(autouse=True)
def _in_time():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LATEST


SLOW: dict[str, Fault] = {
    "no answer": Silent(),
    "a status line that drips": Drip(b"", b"H"),
    "a header that drips": Drip(OK + b"X: ", b"y"),
    "headers that drip": Drip(OK, b"X: y\r\n"),
    "interim answers that drip": Drip(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "a body that drips": Drip(LONG, b" "),
    "chunks that drip": Drip(CHUNKED, b"1\r\n \r\n"),
    "a chunk's size that drips": Drip(CHUNKED, b"0"),
    "a chunk's extension that drips": Drip(CHUNKED + b"5;x=", b"y"),
    "trailers that drip": Drip(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n"),
    "an error that drips": Drip(b"HTTP/1.1 500 No\r\nContent-Length: 9999\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_an_answer_that_takes_for_ever_ends_at_the_time_limit(server, fault):  # T14, T15
    server.always("GET", MANIFESTS, fault)
    refused("inspect", *LIMIT, f"{server.host}/app:1", code=5, words=(server.host, ALLOWED))
    assert server.count() == 1


def dragging(status: str) -> dict[str, Fault]:
    """Answers whose headers say all, and whose body takes for ever."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: 9999\r\n\r\n".encode()
    return {"drips": Drip(head, b"x"), "stalls": Stalled(head)}


@pytest.mark.parametrize("body", ["drips", "stalls"])
@pytest.mark.parametrize(("status", "code"), [("404 No", 3), ("401 No", 4)])
def test_nobody_waits_for_words_that_add_nothing(server, monkeypatch, body, status, code):  # T14
    monkeypatch.setattr(bodies, "_REASON_SECONDS", 0.5)
    server.always("GET", MANIFESTS, dragging(status)[body])
    refused("inspect", "--timeout", "30", f"{server.host}/app:1", code=code, words=(server.host,))


@pytest.mark.parametrize("fault", ["no answer", "a body that drips", "interim answers that drip"])
def test_many_at_once_end_too_and_leave_nothing(server, fault):
    server.always("GET", CONFIGS, SLOW[fault])
    sources = [f"{server.host}/app:{number}" for number in range(16)]
    command = ("create", f"{server.host}/app:list", *sources)
    limit = ("--timeout", "5")  # by then all have asked, on a machine that does much else, too
    refused(*command, *limit, code=5, words=("within the 5 s allowed",))
    assert server.count("GET", CONFIGS) == 16


def test_without_a_limit_of_ones_own_an_answer_that_drips_ends_all_the_same(server):
    """The limit that is not given does not count while layers are moved, but for all else."""
    server.always("GET", MANIFESTS, SLOW["a body that drips"])
    with (
        HttpRegistry(Deadline(1)) as registry,
        pytest.raises(DeadlineError, match="within the 1 s allowed"),
    ):
        registry.get_manifest(Reference.parse(f"{server.host}/app:1"))


@pytest.mark.parametrize("options", [(), ("--insecure",)], ids=["proven", "unproven"])
def test_a_handshake_that_drips_ends_at_the_time_limit(options):  # T15
    with ConnectionServer(tls_that_drips) as server:
        refused("inspect", *LIMIT, *options, f"{server.host}/app:1", code=5, words=(ALLOWED,))


@pytest.fixture
def draft(server) -> str:
    name = f"{server.host}/app:list"
    succeeded("create", name, f"{server.host}/app:1")
    return name


@pytest.mark.parametrize("fault", ["no answer", "a header that drips", "an error that drips"])
def test_a_push_whose_confirmation_takes_for_ever_ends(server, draft, fault):
    server.always("PUT", MANIFESTS, SLOW[fault])
    refused("push", *LIMIT, draft, code=5, words=(ALLOWED,))


@pytest.mark.parametrize("body", ["drips", "stalls"])
def test_a_push_is_confirmed_by_the_headers(server, draft, body):  # T14
    server.always("PUT", MANIFESTS, dragging("201 Created")[body])
    succeeded("push", "--timeout", "30", draft)


UNSEEN: dict[str, tuple[tuple[str, ...], tuple[str, str], Fault]] = {
    "a vague success": ((), ("PUT", MANIFESTS), Answer(200)),
    "a guarded push": (("--expect", "absent"), ("PUT", "/v2/app/manifests/list"), Answer(201)),
    "a merge": (("--merge",), ("GET", "/v2/app/tags/list"), Answer(404)),
}


@pytest.mark.parametrize(("options", "where", "fault"), UNSEEN.values(), ids=UNSEEN)
def test_looking_for_what_was_put_ends_at_the_time_limit(server, draft, options, where, fault):
    server.always(*where, fault)
    line = run_here("push", *options, *LIMIT, draft)
    assert ALLOWED in error_line(line, 5)


@pytest.fixture
def upload(server):
    """Sends a layer; nobody reads it."""
    server.ignore("PUT", "/v2/app/blobs/uploads/*")
    blob = Reference.parse(f"{server.host}/app@{Digest.of(LAYER)}")

    def send(deadline: Deadline, **options: Any) -> None:
        with HttpRegistry(deadline, **options) as registry:
            registry.write_blob(blob, len(LAYER), source_of(LAYER))

    return send


def test_an_upload_that_nobody_reads_ends_at_the_time_limit(upload):
    with pytest.raises(DeadlineError, match="within the 2 s allowed"):
        upload(Deadline(2, hard=True))


def test_an_upload_that_nobody_reads_ends_without_one_at_the_second_silence(upload):  # T15, T39
    with pytest.raises(UnreachableError, match=r"no answer in time \(tried 2 times\)"):
        upload(Deadline(120), timeout=SHORT)


def test_an_answer_in_the_middle_of_an_upload_is_heard_when_no_more_is_read():
    """The server refuses at once, and keeps the connection without reading on."""
    with (
        ConnectionServer(refusing_uploads) as server,
        HttpRegistry(Deadline(120), timeout=SHORT) as registry,
    ):
        blob = Reference.parse(f"{server.host}/app@{Digest.of(LAYER)}")
        with pytest.raises(RefusedError, match=r"400 .*: too large"):
            registry.write_blob(blob, len(LAYER), source_of(LAYER))
        assert server.connections == 2


def refusing_uploads(connection: socket.socket) -> None:
    """Answers POST by a session on a connection of its own, and PUT by 400 without reading it."""
    if connection.recv(4, socket.MSG_PEEK) == b"POST":
        connection.recv(65536)
        session = Answer(202, headers=(("Location", "/upload"), ("Connection", "close")))
        connection.sendall(session.head())
        return
    connection.sendall(Answer(400, b"too large").head() + b"too large")
    wait_until_gone(connection)


@pytest.mark.parametrize("size", [1000, 16 * MIB], ids=["small", "large"])
def test_a_copy_that_nobody_reads_ends_at_the_time_limit(server, tmp_path, monkeypatch, size):
    """A small body stays in the system's buffers and is never confirmed."""
    monkeypatch.chdir(tmp_path)
    with registry_of(image_with(bytes(size))) as source:
        succeeded("copy", f"{source.host}/app:0", "oci:here:1")
    server.ignore("PUT", "*")
    refused("copy", *LIMIT, "oci:here:1", f"{server.host}/other:1", code=5, words=(ALLOWED,))
    assert server.count("POST") >= 1


def image_with(layer: bytes) -> Image:
    """An image of this one layer."""
    image = docker_image()
    size, digest = len(layer), str(Digest.of(layer))
    described = {"mediaType": media_types.DOCKER_LAYER, "size": size, "digest": digest}
    document = dict(image.manifest.document) | {"layers": [described]}
    manifest = Manifest(image.manifest.media_type, json.dumps(document).encode())
    return Image(manifest, (image.blobs[0], layer))


@pytest.mark.parametrize("answer", ["a body that drips", "interim answers that drip"])
def test_a_layer_that_drips_ends_though_the_time_limit_waits_for_it(server, answer):
    head = OK + b"Content-Length: %d\r\n\r\n" % len(LAYER)
    server.always("GET", CONFIGS, Drip(head, b"x") if "body" in answer else SLOW[answer])
    blob = Reference.parse(f"{server.host}/app@{Digest.of(LAYER)}")
    with (
        HttpRegistry(Deadline(120, rate_window=0.5)) as registry,
        pytest.raises(DeadlineError, match=r"only \d+ bytes moved in \d s"),
        registry.open_blob(blob, len(LAYER)) as chunks,
    ):
        list(chunks)
    assert server.count() == 1


@pytest.mark.parametrize("place", ["first contact", "configs"])
def test_ctrl_c_ends_all_who_wait_for_an_answer(server, place, forks: ForkedCommandLine):  # X1
    path, held = (MANIFESTS, 1) if place == "first contact" else (CONFIGS, 16)
    server.always("GET", path, Silent())
    sources = [f"{server.host}/app:{number}" for number in range(16)]
    with forks.start("create", f"{server.host}/app:list", *sources) as process:
        wait_until(lambda: server.count("GET", path) >= held, process)
        wait_until(lambda: threads_of(process) > len(sources), process)  # waiting ones included
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        ended = process.result()
        took = time.monotonic() - pressed
    assert ended == Result(b"", "note: interrupted\n", 130)
    assert took < AT_ONCE


def test_ctrl_c_ends_a_pause(server, forks: ForkedCommandLine):  # X1
    server.always("GET", MANIFESTS, Answer(503, headers=(("Retry-After", "25"),)))
    sources = [f"{server.host}/app:{number}" for number in range(16)]
    with forks.start("create", f"{server.host}/app:list", *sources) as process:
        wait_until(lambda: server.count() >= 1, process)
        wait_until(lambda: threads_of(process) > len(sources), process)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        result = process.result()
        assert time.monotonic() - pressed < AT_ONCE
    assert (result.code, result.stdout) == (130, b"")
    *told, ended = result.stderr.splitlines()
    assert all(line.startswith(f"note: retrying {server.host} in 2") for line in told)
    assert len(told) <= 1  # sixteen wait, and one tells
    assert ended == "note: interrupted"
