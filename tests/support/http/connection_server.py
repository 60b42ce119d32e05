"""A server that does with each connection what a test says, for faults below HTTP."""

import select
import socket
import time
from collections.abc import Callable

from tests.support.http.http_messages import Answer
from tests.support.http.http_server import TLS_HANDSHAKE, HttpServer

# May raise OSError when the client has gone.
Treatment = Callable[[socket.socket], None]

_WANTS_TLS = Answer(400, b"Client sent an HTTP request to an HTTPS server.\n").head()


class ConnectionServer(HttpServer):
    """Hands each connection to ``treat`` and closes it after; ``connections`` counts them."""

    def __init__(self, treat: Treatment) -> None:
        super().__init__(lambda _request: Answer(404))
        self._treat = treat

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._treat(connection)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def tls_that_drips(connection: socket.socket) -> None:
    """Answers a TLS hello by a byte now and then; plain HTTP as Go's servers do."""
    if connection.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
        connection.recv(65536)
        connection.sendall(_WANTS_TLS)
        return
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")  # a long server hello begins
    while True:
        connection.sendall(b"\x00")
        time.sleep(0.1)


def wait_until_gone(connection: socket.socket) -> None:
    """Until the client has closed its side, without reading what it has sent."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.poll()
