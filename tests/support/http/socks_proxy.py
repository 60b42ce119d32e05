"""A SOCKS 5 proxy on loopback (RFC 1928, RFC 1929), to names that it alone knows."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.http.forward_proxy import carry

_NO_LOGIN, _PASSWORD, _NONE_OF_THESE = 0, 2, 0xFF
_SUCCEEDED, _HOST_UNREACHABLE = 0, 4
_NAME = 3


class SocksProxy:
    """Reaches servers by ``names``, from ``HOST:PORT`` to where it is; no host for all others.

    With ``login`` it wants that name and password first. ``asked`` are the names it was asked for.
    """

    def __init__(self, names: Mapping[str, str], *, login: tuple[str, str] | None = None) -> None:
        self.asked: list[str] = []
        self.host = ""  # ``ADDRESS:PORT``, known once the block is entered
        self._names = names
        self._login = login

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = "{}:{}".format(*self._listener.getsockname())
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, EOFError):
            if self._lets_in(connection):
                self._connect(connection)

    def _lets_in(self, connection: socket.socket) -> bool:
        _, count = _read(connection, 2)
        wanted = _PASSWORD if self._login else _NO_LOGIN
        if wanted not in _read(connection, count):
            connection.sendall(bytes((5, _NONE_OF_THESE)))
            return False
        connection.sendall(bytes((5, wanted)))
        if self._login is None:
            return True
        _read(connection, 1)
        given = tuple(_read(connection, _read(connection, 1)[0]).decode() for _ in range(2))
        connection.sendall(bytes((1, given != self._login)))
        return given == self._login

    def _connect(self, connection: socket.socket) -> None:
        _, _, _, kind = _read(connection, 4)
        length = _read(connection, 1)[0] if kind == _NAME else 4
        host = _read(connection, length)
        port = int.from_bytes(_read(connection, 2))
        name = f"{host.decode() if kind == _NAME else socket.inet_ntoa(host)}:{port}"
        self.asked.append(name)
        if name not in self._names:
            connection.sendall(bytes((5, _HOST_UNREACHABLE, 0, 1, *bytes(6))))
            return
        address, _, place = self._names[name].rpartition(":")
        with socket.create_connection((address, int(place)), timeout=300) as server:
            connection.sendall(bytes((5, _SUCCEEDED, 0, 1, *bytes(6))))
            carry(connection, server)


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
