"""The explorer on a socket of this machine, until Ctrl-C."""

import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from manyfest.assembly.settings import Settings
from manyfest.cli.explorer.access import Guard, Keys
from manyfest.cli.explorer.application import Explorer
from manyfest.domain.errors import ConfigError, InputError
from manyfest.domain.values import frozen

_BACKLOG = 100


@frozen
class Place:
    """An address to listen at; port 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Parse ``HOST:PORT``; an IPv6 address is in brackets. Raises InputError."""
        host, _, port = text.rpartition(":")
        if not (host and port.isdecimal() and int(port) < 1 << 16):
            raise InputError(f"--listen {text}: give HOST:PORT, such as 127.0.0.1:8080")
        return cls(host.strip("[]"), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def serve(
    settings: Settings,
    place: Place,
    path: str,
    named: frozenset[str],
    on_ready: Callable[[str], None],
) -> None:
    """Answer requests at ``place`` until a signal ends the program.

    ``on_ready`` is told the URL of the page at ``path``, with the token. Raises ConfigError: the
    address cannot be listened at.
    """
    keys = Keys()
    with listening(place) as listener:
        port = listener.getsockname()[1]
        hosts = hosts_of(place.host, port)
        app = Guard(Explorer(settings, keys, named).application(), keys, hosts, port)
        on_ready(f"http://{_bracketed(place.host)}:{port}{path}?token={keys.token}")
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, lifespan="off"
        )
        with suppress(KeyboardInterrupt):  # uvicorn has closed its connections by then
            uvicorn.Server(config).run(sockets=[listener])


def listening(place: Place) -> socket.socket:
    """Return a socket that listens at ``place``. Raises ConfigError: it cannot."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        named = f"--listen {_bracketed(place.host)}:{place.port}"
        raise ConfigError(named, (error.strerror or str(error)).partition(" (")[0]) from error


def hosts_of(host: str, port: int) -> frozenset[str]:
    """Return the values of ``Host`` by which the server is reached."""
    names = {host, "localhost"} if Place(host, port).is_loopback else {host}
    return frozenset(f"{_bracketed(name).lower()}:{port}" for name in names)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
