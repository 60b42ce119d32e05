"""Deadlines and cancelling end every connect, read and write of a conversation."""

import socket
import threading

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DeadlineError
from manyfest.domain.references import Reference
from tests.support.clock import HandClock
from tests.unit.adapters.http_registry.answers import LIST, fine, tag

MIB = 1024 * 1024
LAYER = bytes(5 * MIB)


@pytest.mark.parametrize("drips_from", ["headers", "body"])
def test_a_dripping_server_ends_at_the_deadline(serve, reply, drips_from):
    """Each byte takes a tenth of a second; after one second it is silent until we give up."""
    hand = HandClock()

    def answer(_, connection):
        data = fine(reply)
        start = 0 if drips_from == "headers" else len(data) - len(LIST.data)
        connection.sendall(data[:start])
        for position in range(start, start + 10):
            connection.sendall(data[position : position + 1])
            hand.forward(0.1)
        connection.recv(1)

    server = serve(answer)
    with (
        HttpRegistry(Deadline(1, clock=hand.clock)) as registry,
        pytest.raises(DeadlineError, match="within the 1 s"),
    ):
        registry.get_manifest(tag(server))
    assert len(server.requests) == 1


def test_cancelling_ends_sixteen_blocked_threads_at_once(serve):
    blocked = threading.Semaphore(0)

    def never(_, connection):
        blocked.release()
        connection.recv(1)

    server, deadline, ended = serve(never), Deadline(60), []
    with HttpRegistry(deadline) as registry:

        def get(number):
            try:
                registry.get_manifest(tag(server, f"t/app{number}"))
            except DeadlineError as error:
                ended.append(str(error))

        # The first holds the first contact, and the others wait for it.
        threads = [threading.Thread(target=get, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        assert blocked.acquire(timeout=25)
        deadline.cancel()  # nothing else wakes them: an answer is awaited for 30 s
        for thread in threads:
            thread.join(25)
        assert not any(thread.is_alive() for thread in threads)
    assert len(ended) == 16
    assert all("interrupted" in message for message in ended)


def test_cancelling_ends_threads_that_read_and_threads_that_connect(serve, reply):
    waiting = threading.Barrier(9)

    def answer(request, connection):
        if "known" in request.target:
            return fine(reply)
        waiting.wait(25)
        connection.recv(1)
        return None

    server, deadline, ended = serve(answer), Deadline(60), []
    deaf = socket.socket()
    deaf.bind(("127.0.0.1", 0))
    deaf.listen(0)
    full = [socket.socket() for _ in range(4)]
    for filler in full:
        filler.settimeout(0)
        filler.connect_ex(deaf.getsockname())

    with HttpRegistry(deadline) as registry:
        registry.get_manifest(tag(server, name="known"))

        def get(reference):
            try:
                registry.get_manifest(reference)
            except DeadlineError:
                ended.append(reference)

        unreachable = Reference.parse(f"127.0.0.1:{deaf.getsockname()[1]}/t/app:v1")
        wanted = [tag(server, name=f"v{number}") for number in range(8)] + [unreachable]
        threads = [threading.Thread(target=get, args=(reference,)) for reference in wanted]
        for thread in threads:
            thread.start()
        waiting.wait(25)
        deadline.cancel()  # nothing else wakes them: an answer is awaited for 30 s
        for thread in threads:
            thread.join(25)
        assert not any(thread.is_alive() for thread in threads)
    for opened_socket in (deaf, *full):
        opened_socket.close()
    assert len(ended) == 9


def slow_layer(reply, hand):
    """A quarter of a second passes before each MiB."""

    def answer(_, connection):
        connection.sendall(reply(200, b"", content_length=str(len(LAYER))))
        for part in range(5):
            hand.forward(0.25)
            connection.sendall(LAYER[part * MIB : (part + 1) * MIB])
        return b""

    return answer


@pytest.mark.parametrize("hard", [False, True])
def test_a_slow_layer_outlives_a_soft_deadline_only(serve, reply, hard):
    hand = HandClock()
    server = serve(slow_layer(reply, hand))
    reference = Reference.parse(f"{server.host}/t/app:1").at(Digest.of(LAYER))
    with HttpRegistry(Deadline(0.7, hard=hard, clock=hand.clock)) as registry:
        if hard:
            with pytest.raises(DeadlineError), registry.open_blob(reference, len(LAYER)) as chunks:
                list(chunks)
        else:
            with registry.open_blob(reference, len(LAYER)) as chunks:
                assert b"".join(chunks) == LAYER
