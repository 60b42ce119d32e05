"""Deadlines and cancelling end every connect, read and write of a conversation."""

import socket
import threading
import time

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.errors import DeadlineError
from manyfest.domain.references import Reference
from tests.unit.adapters.http_registry.answers import LIST, fine, tag


@pytest.mark.parametrize("drips_from", ["headers", "body"])
def test_a_dripping_server_ends_at_the_deadline(serve, reply, drips_from):
    def answer(_, connection):
        data = fine(reply)
        start = 0 if drips_from == "headers" else len(data) - len(LIST.data)
        connection.sendall(data[:start])
        for position in range(start, len(data)):
            connection.sendall(data[position : position + 1])
            time.sleep(0.1)

    server = serve(answer)
    began = time.monotonic()
    with (
        HttpRegistry(Deadline(1)) as registry,
        pytest.raises(DeadlineError, match="within the 1 s"),
    ):
        registry.get_manifest(tag(server))
    assert 0.9 < time.monotonic() - began < 1.5


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
        assert blocked.acquire(timeout=10)
        began = time.monotonic()
        deadline.cancel()
        for thread in threads:
            thread.join(10)
        assert time.monotonic() - began < 0.5
    assert len(ended) == 16
    assert all("interrupted" in message for message in ended)


def test_cancelling_ends_threads_that_read_and_threads_that_connect(serve, reply):
    waiting = threading.Barrier(9)

    def answer(request, connection):
        if "known" in request.target:
            return fine(reply)
        waiting.wait(10)
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
        waiting.wait(10)
        began = time.monotonic()
        deadline.cancel()
        for thread in threads:
            thread.join(10)
        assert time.monotonic() - began < 0.5
    for opened_socket in (deaf, *full):
        opened_socket.close()
    assert len(ended) == 9
