"""Early connections: handed out once, to the pool that would have made the same, else closed."""

import gc
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from manyfest.adapters.address_policy import AddressPolicy, Space
from manyfest.adapters.deadline import Deadline, DeadlineExceededError
from manyfest.adapters.endpoint import NO_CERTIFICATES, PLAIN, SECURE, UNVERIFIED, Certificates
from manyfest.adapters.http_registry.transport import sockets, tls
from manyfest.adapters.http_registry.transport.early_connections import (
    Destination,
    EarlyConnections,
)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


def to(listener: socket.socket, **rules: object) -> Destination:
    return Destination("127.0.0.1", listener.getsockname()[1], **({"mode": PLAIN} | rules))


def ended(connection: socket.socket) -> bool:
    """Whether the client has closed it; waits for that."""
    connection.settimeout(20)
    return connection.recv(1) == b""


def test_a_connection_is_handed_out_once(listener):
    with closing(EarlyConnections(Deadline(20))) as early:
        early.open([to(listener), to(listener)])
        first, second = early.take(to(listener)), early.take(to(listener))
        assert early.take(to(listener)) is None
    assert first.address == second.address == "127.0.0.1"
    assert first.socket.getsockname() != second.socket.getsockname()
    for made in (first, second):
        made.socket.close()


OTHERS = {
    "mode": {"mode": UNVERIFIED},
    "certificates": {"certificates": Certificates(("ca.crt",))},
    "policy": {"policy": AddressPolicy(Space.LOOPBACK)},
}


@pytest.mark.parametrize("rules", OTHERS.values(), ids=OTHERS)
def test_nobody_gets_a_connection_that_was_made_by_other_rules(listener, rules):
    with closing(EarlyConnections(Deadline(20))) as early:
        early.open([to(listener)])
        assert early.take(to(listener, **rules)) is None
        accepted, _ = listener.accept()
    with accepted:
        assert ended(accepted)


def test_what_nobody_took_is_closed(listener):
    early = EarlyConnections(Deadline(20))
    early.open([to(listener)])
    accepted, _ = listener.accept()
    early.close()
    with accepted:
        assert ended(accepted)
    gc.collect()  # would warn of a socket that was not closed


def test_a_connection_that_is_made_after_the_end_is_closed(listener, monkeypatch):
    may_connect, connect = threading.Event(), sockets.connect

    def later(*arguments: object) -> object:
        assert may_connect.wait(timeout=20)
        return connect(*arguments)

    monkeypatch.setattr(sockets, "connect", later)
    early = EarlyConnections(Deadline(20))
    early.open([to(listener)])
    early.close()
    may_connect.set()
    accepted, _ = listener.accept()
    with accepted:
        assert ended(accepted)


def test_an_address_that_the_policy_refuses_is_not_connected_to(listener):
    forbidden = to(listener, policy=AddressPolicy(Space.PUBLIC))
    with closing(EarlyConnections(Deadline(20))) as early:
        early.open([forbidden])
        assert early.take(forbidden) is None
        early.open([to(listener)])
        early.take(to(listener)).socket.close()
        listener.accept()[0].close()
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_cancelling_ends_the_wait_for_a_handshake(listener):
    deadline = Deadline(20)
    shaken = to(listener, mode=UNVERIFIED)
    with closing(EarlyConnections(deadline)) as early:
        early.open([shaken])
        accepted, _ = listener.accept()
        threading.Timer(0.1, deadline.cancel).start()
        began = time.monotonic()
        with accepted, pytest.raises(DeadlineExceededError, match="interrupted"):
            early.take(shaken)
        assert time.monotonic() - began < 10


def test_time_that_is_used_up_is_not_used_twice(listener, monkeypatch):
    monkeypatch.setattr(
        "manyfest.adapters.http_registry.transport.early_connections.CONNECT_SECONDS", 0.2
    )
    shaken = to(listener, mode=UNVERIFIED)
    with closing(EarlyConnections(Deadline(20))) as early:
        early.open([shaken])
        with pytest.raises(TimeoutError):
            early.take(shaken)


def test_without_a_thread_there_is_no_connection(listener, monkeypatch):
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    with closing(EarlyConnections(Deadline(20))) as early:
        early.open([to(listener), to(listener, mode=UNVERIFIED)])
        assert early.take(to(listener)) is None


def test_a_context_is_loaded_once_for_all_who_want_it_at_the_same_time(monkeypatch):
    loads = []
    make = ssl.create_default_context

    def loaded() -> ssl.SSLContext:
        loads.append(threading.current_thread())
        return make()

    monkeypatch.setattr(ssl, "create_default_context", loaded)
    tls.verifying.cache_clear()
    threads = [
        threading.Thread(target=tls.context_for, args=(SECURE, NO_CERTIFICATES)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    tls.verifying.cache_clear()
    assert len(loads) == 1
