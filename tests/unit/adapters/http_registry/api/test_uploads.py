"""Uploads in chunks: limits of bodies, refused and broken chunks, sources that change."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import pull_blob, source_of
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DigestMismatchError, RefusedError, SizeMismatchError
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.references import Reference
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import (
    Fault,
    Raw,
    Reset,
    Silent,
    lost,
    reset,
    unavailable,
    with_header,
)
from tests.support.http.http_messages import Answer, Reply, Request
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_server import Quirks, RegistryApp

KIB, MIB = 1024, 1024 * 1024
BLOB = random.Random(1).randbytes(5 * MIB)
UPLOADS = "*/blobs/uploads/*"
SHORT = httpx.Timeout(1.0, connect=10, pool=None)  # of silence


def opened(chunk_size: int = 0, **options) -> HttpRegistry:
    return HttpRegistry(Deadline(60, jitter=lambda: -1.4), chunk_size=chunk_size, **options)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(RegistryApp(MemoryRegistry())) as server:
        yield server


def reference(server: HttpServer, data: bytes = BLOB) -> Reference:
    return Reference.parse(f"{server.host}/t/app").at(Digest.of(data))


def write(registry: HttpRegistry, server: HttpServer, data: bytes = BLOB) -> None:
    """Upload the blob, and read it back."""
    blob = reference(server, data)
    registry.write_blob(blob, len(data), source_of(data))
    assert pull_blob(registry, blob, len(data)) == data


def sizes(server: HttpServer, method: str = "PATCH") -> list[int]:
    return [len(request.body) for request in server.requests if request.method == method]


def limited(limit: int, *, methods: str = "PUT PATCH", **headers: str) -> Callable:
    """A registry behind a proxy that takes bodies of ``limit`` bytes at most."""
    app = RegistryApp(MemoryRegistry())

    def serve(request: Request) -> Reply:
        if request.method in methods and len(request.body) > limit:
            return Answer(413, b"<html>413</html>", (("Content-Type", "text/html"),))
        answer = app(request)
        for name, value in headers.items() if request.method == "POST" else ():
            answer = answer.with_header(name.replace("_", "-"), value)
        return answer

    return serve


def test_a_larger_blob_than_a_chunk_goes_in_chunks(server) -> None:
    with opened(2 * MIB) as registry:
        write(registry, server)
    assert sizes(server) == [2 * MIB, 2 * MIB, MIB]
    ranges = [r.header("Content-Range") for r in server.requests if r.method == "PATCH"]
    assert ranges[0] == f"0-{2 * MIB - 1}"
    assert ranges[2] == f"{4 * MIB}-{5 * MIB - 1}"
    assert sizes(server, "PUT") == [0]


def test_a_blob_that_is_no_larger_than_a_chunk_goes_whole(server) -> None:
    with opened(len(BLOB)) as registry:
        write(registry, server)
    assert (sizes(server), sizes(server, "PUT")) == ([], [len(BLOB)])


def test_relative_locations_lead_from_chunk_to_chunk() -> None:
    app = RegistryApp(MemoryRegistry(), quirks=Quirks(relative_locations=True))
    with FaultServer(app) as server, opened(2 * MIB) as registry:
        write(registry, server)
        patched = [request.target for request in server.requests if request.method == "PATCH"]
    assert len(set(patched)) == 3  # distribution's Location has the offset in it


def test_a_location_that_is_not_repeated_stays(serve, reply) -> None:
    def answer(request, _connection):
        status = {"POST": 202, "PATCH": 202, "PUT": 201}[request.method]
        return reply(status, **({"location": "/up/1"} if request.method == "POST" else {}))

    server = serve(answer)
    with opened(2 * MIB) as registry:
        registry.write_blob(reference(server), len(BLOB), source_of(BLOB))
    assert [r.target for r in server.seen("PATCH")] == ["/up/1"] * 3
    assert b"".join(r.body for r in server.seen("PATCH")) == BLOB


def test_a_line_that_is_too_slow_for_a_large_body_gets_small_ones() -> None:
    """The session is forgotten, as docker-registry does, so that nothing but the size helps."""
    app = RegistryApp(MemoryRegistry())

    def serve(request: Request) -> Reply:
        return Silent() if len(request.body) > MIB else app(request)

    with FaultServer(serve) as server, opened(timeout=SHORT) as registry:
        server.always("GET", UPLOADS, Answer(404))
        write(registry, server)
        assert sizes(server, "PUT") == [len(BLOB), 0]
        assert sizes(server) == [MIB] * 5


def test_a_layer_whose_confirmation_takes_too_long_is_not_sent_again(server) -> None:
    server.on("PUT", UPLOADS, lambda _: Silent())  # it takes effect
    server.always("GET", UPLOADS, Answer(404))
    with opened(timeout=SHORT) as registry:
        write(registry, server)
    assert [request.method for request in server.requests] == ["POST", "PUT", "HEAD", "GET"]


def test_after_413_at_the_put_the_blob_goes_in_chunks() -> None:
    with FaultServer(limited(2 * MIB)) as server, opened() as registry:
        write(registry, server)
        assert sizes(server, "PUT") == [len(BLOB), 0]
        assert sizes(server) == [len(BLOB) // 2, *[len(BLOB) // 4] * 4]


def test_what_a_host_refused_is_known_for_its_next_blobs_and_the_next_command() -> None:
    with FaultServer(limited(3 * MIB)) as server:
        with opened() as registry:
            write(registry, server)
            write(registry, server, BLOB[::-1])
            (facts,) = registry.facts_learnt
        assert sizes(server, "PUT") == [len(BLOB), 0, 0]
        assert facts.chunk_size == len(BLOB) // 2
        with opened(known_of=lambda _host, insecure: facts) as registry:
            write(registry, server, BLOB + b"more")
            assert registry.facts_learnt == ()
        assert sizes(server, "PUT") == [len(BLOB), 0, 0, 0]


def test_a_chosen_size_goes_before_the_remembered_one(server) -> None:
    facts = HostFacts(server.host, insecure=False, scheme="http", chunk_size=MIB)
    with opened(4 * MIB, known_of=lambda _host, insecure: facts) as registry:
        write(registry, server)
    assert sizes(server) == [4 * MIB, MIB]


def test_a_chosen_size_that_is_refused_is_halved() -> None:
    with FaultServer(limited(MIB)) as server, opened(4 * MIB) as registry:
        write(registry, server)
        assert sizes(server) == [4 * MIB, 2 * MIB, *[MIB] * 5]


def test_the_longest_chunk_that_a_registry_announces_is_kept_to() -> None:
    app = limited(MIB, OCI_Chunk_Max_Length=str(MIB))
    with FaultServer(app) as server, opened() as registry:
        write(registry, server)
        assert (sizes(server), sizes(server, "PUT")) == ([MIB] * 5, [0])


@pytest.mark.parametrize("announced", ["2097152", "nonsense", "-1", "9" * 30])
def test_the_shortest_chunk_that_a_registry_announces_is_kept_to(announced) -> None:
    app = limited(10 * MIB, OCI_Chunk_Min_Length=announced)
    with FaultServer(app) as server, opened(MIB) as registry:
        write(registry, server)
        expected = [2 * MIB, 2 * MIB, MIB] if announced == "2097152" else [MIB] * 5
        assert sizes(server) == expected


@pytest.mark.parametrize("headers", [{}, {"OCI_Chunk_Min_Length": str(MIB)}])
def test_a_registry_that_takes_no_chunk_at_all_is_told_of(headers) -> None:
    with FaultServer(limited(100, **headers)) as server, opened() as registry:
        with pytest.raises(RefusedError, match="413"):
            registry.write_blob(reference(server), len(BLOB), source_of(BLOB))
        assert len(sizes(server)) < 10


class ClosingProxy(FaultServer):
    """Answers longer bodies than ``limit`` by 413 or a reset, and reads nothing of them."""

    limit = 2 * MIB
    is_heard = True

    def _answer(self, stream, connection) -> bool:
        head = stream.peek(4096)
        while b"\r\n\r\n" not in head:
            head = stream.peek(4096)
        lines = head.partition(b"\r\n\r\n")[0].decode().lower().splitlines()
        lengths = [int(x.partition(":")[2]) for x in lines if x.startswith("content-length:")]
        if lengths and lengths[0] > self.limit:
            if self.is_heard:
                answer = Answer(413, headers=(("Connection", "close"),))
                connection.sendall(answer.head())
                connection.shutdown(socket.SHUT_WR)
            else:
                reset(connection)
            return False
        return super()._answer(stream, connection)


@pytest.mark.parametrize("is_heard", [True, False])
def test_413_from_a_proxy_that_closes_before_it_reads_the_body(is_heard) -> None:
    data = random.Random(2).randbytes(12 * MIB)
    with ClosingProxy(RegistryApp(MemoryRegistry())) as server, opened() as registry:
        server.is_heard = is_heard
        write(registry, server, data)
        assert max(sizes(server)) <= server.limit


FAULTS: dict[str, Fault] = {
    "reset": Reset(),
    "closed": Raw(b""),
    "lost answer": lost,
    "502": unavailable(502),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_chunk_that_breaks_off_is_sent_from_where_the_registry_is(server, fault) -> None:
    server.on("PATCH", UPLOADS, lambda good: good, fault)
    with opened(2 * MIB) as registry:
        if fault is lost:  # the registry is further than the URL, which then is no good
            write(registry, server)
            assert server.count("POST") == 2
            return
        write(registry, server)
    assert server.count("POST") == 1
    assert server.count("GET", UPLOADS) == 1
    assert sizes(server) == [2 * MIB, 2 * MIB, MIB, MIB, MIB]


def test_a_put_that_breaks_off_goes_on_in_chunks(server) -> None:
    server.on("PUT", UPLOADS, Reset())
    with opened() as registry:
        write(registry, server)
    assert server.count("POST") == 1
    assert sizes(server, "PUT") == [len(BLOB), 0]


def test_what_the_registry_has_of_a_put_is_not_sent_again(serve, reply) -> None:
    has = 3 * MIB

    def answer(request, _connection):
        if request.method == "POST":
            return reply(202, location="/up/1")
        if request.method == "GET":
            return reply(204, location="/up/2", range=f"0-{has - 1}")
        if request.method == "PATCH":
            return reply(202, location="/up/3")
        return reply(201) if not request.body else None

    server = serve(answer)
    with opened() as registry:
        registry.write_blob(reference(server), len(BLOB), source_of(BLOB))
    patches = server.seen("PATCH")
    assert patches[0].target == "/up/2"
    assert patches[0].headers["content-range"].startswith(f"{has}-")
    assert b"".join(patch.body for patch in patches) == BLOB[has:]
    assert len(server.seen("POST")) == 1


@pytest.mark.parametrize("status", [404, 400, 405, 500])
def test_a_session_that_tells_nothing_is_begun_anew(server, status) -> None:
    server.on("PATCH", UPLOADS, lambda good: good, Reset())
    server.on("GET", UPLOADS, *[Answer(status)] * 5)
    with opened(2 * MIB) as registry:
        write(registry, server)
    assert server.count("POST") == 2


def test_a_registry_without_chunks_gets_the_whole_blob_again(server) -> None:
    server.on("PUT", UPLOADS, Reset())
    server.always("PATCH", UPLOADS, Answer(405))
    with opened() as registry:
        write(registry, server)
    assert sizes(server, "PUT") == [len(BLOB), len(BLOB)]


def test_a_part_of_a_chunk_that_was_taken_is_not_sent_again(serve, reply) -> None:
    taken = bytearray()

    def answer(request, _connection):
        if request.method == "POST":
            return reply(202, location="/up")
        if request.method == "PATCH":
            taken.extend(request.body[: MIB + 5])
            return reply(202, range=f"0-{len(taken) - 1}")
        return reply(201)

    server = serve(answer)
    with opened(2 * MIB) as registry:
        registry.write_blob(reference(server), len(BLOB), source_of(BLOB))
    assert taken == BLOB


@pytest.mark.parametrize("tells_range", [True, False])
def test_416_leads_to_where_the_registry_is(serve, reply, tells_range) -> None:
    """The first chunk was taken, and its answer lost; the second time it does not fit."""
    taken = bytearray()

    def answer(request, _connection):
        if request.method == "POST":
            return reply(202, location="/up")
        status = {"GET": 204, "PATCH": 202 if taken else 416, "PUT": 201}[request.method]
        if request.method == "PATCH":
            assert request.headers["content-range"].startswith(f"{len(taken)}-")
            taken.extend(request.body)
        is_told = tells_range or status != 416
        return reply(status, **{"range": f"0-{len(taken) - 1}"} if is_told else {})

    server = serve(answer)
    with opened(2 * MIB) as registry:
        registry.write_blob(reference(server), len(BLOB), source_of(BLOB))
    assert taken == BLOB
    assert len(server.seen("GET")) == (0 if tells_range else 1)


def test_a_registry_that_refuses_every_chunk_is_given_up(serve, reply) -> None:
    server = serve(
        lambda request, _: reply(202, location="/up") if request.method == "POST" else reply(416)
    )
    with opened(2 * MIB) as registry, pytest.raises(RefusedError, match="lost the upload"):
        registry.write_blob(reference(server), len(BLOB), source_of(BLOB))
    assert len(server.seen("POST")) <= 5


def test_a_registry_that_loses_every_session_is_given_up(server) -> None:
    server.on("PATCH", UPLOADS, *[lambda good: good, Answer(404)] * 50)
    with opened(2 * MIB) as registry, pytest.raises(RefusedError, match="lost the upload"):
        registry.write_blob(reference(server), len(BLOB), source_of(BLOB))
    assert server.count("POST") <= 6


def test_an_upload_whose_last_answer_was_lost_is_not_repeated(server) -> None:
    server.on("PUT", UPLOADS, lost)
    with opened(2 * MIB) as registry:
        write(registry, server)
    assert server.count("POST") == 1


def test_a_digest_that_is_refused_after_chunks_is_tried_once_more(server) -> None:
    server.on("PUT", UPLOADS, Answer(400))
    with opened(2 * MIB) as registry:
        write(registry, server)
    assert server.count("POST") == 2
    server.always("PUT", UPLOADS, Answer(400))
    other = BLOB[::-1]
    with opened(2 * MIB) as registry, pytest.raises(RefusedError, match="400"):
        registry.write_blob(reference(server, other), len(other), source_of(other))


WRONG = {
    "other bytes": (BLOB[:-1] + b"?", DigestMismatchError),
    "too short": (BLOB[:-1], SizeMismatchError),
    "too long": (BLOB + b"?", SizeMismatchError),
    "far too short": (BLOB[: 3 * MIB], SizeMismatchError),
}


@pytest.mark.parametrize(("data", "error"), WRONG.values(), ids=WRONG)
def test_chunks_of_another_blob_are_never_closed(server, data, error) -> None:
    with opened(2 * MIB) as registry, pytest.raises(error):
        registry.write_blob(reference(server), len(BLOB), source_of(data))
    assert server.count("PUT") == 0


def test_a_chunk_is_read_again_from_near_its_start(server) -> None:
    data, starts = random.Random(3).randbytes(40 * MIB), []

    @contextmanager
    def source(start: int = 0, /) -> Iterator[Iterator[bytes]]:
        starts.append(start)
        with source_of(data, MIB)(start) as chunks:
            yield chunks

    server.on("PATCH", UPLOADS, *[lambda good: good] * 4, Reset())
    with opened(8 * MIB) as registry:
        registry.write_blob(reference(server, data), len(data), source)
        assert pull_blob(registry, reference(server, data), len(data)) == data
    assert starts == [0, 32 * MIB]


def test_chunks_go_to_another_origin_without_credentials(server) -> None:
    with FaultServer() as elsewhere:
        path = "/v2/t/app/blobs/uploads/"
        server.always("POST", path, Answer(202, headers=(("Location", f"{elsewhere.url}/x"),)))
        elsewhere.always("PATCH", "/x", Answer(202))
        elsewhere.always("PUT", "/x", Answer(201))
        with opened(2 * MIB) as registry:
            registry.write_blob(reference(server), len(BLOB), source_of(BLOB))
        assert b"".join(r.body for r in elsewhere.requests) == BLOB
        assert elsewhere.requests[1].header("Content-Range") == f"{2 * MIB}-{4 * MIB - 1}"


def test_a_range_that_is_no_range_is_passed_over(server) -> None:
    server.always("PATCH", UPLOADS, with_header("Range", "all of it"))
    with opened(2 * MIB) as registry:
        write(registry, server)
    assert len(sizes(server)) == 3
