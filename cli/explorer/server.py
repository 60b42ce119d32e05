"""The explorer on a socket of this machine, until Ctrl-C."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from manyfest.assembly.settings import Settings
from manyfest.cli.arguments.listen_address import ListenAddress, bracketed, listening
from manyfest.cli.explorer.access import Guard, Keys
from manyfest.cli.explorer.application import Explorer
from manyfest.cli.explorer.library import open_library


def serve(
    settings: Settings,
    place: ListenAddress,
    path: str,
    named: frozenset[str],
    on_ready: Callable[[str], None],
) -> None:
    """Answer requests at ``place`` until a signal ends the program.

    ``on_ready`` is told the URL of the page at ``path``, with the token. Raises ConfigError: the
    address cannot be listened at; StoreError: the store cannot be read, so that no page could.
    """
    with open_library(settings) as library:
        next(library.catalogue.repositories(), None)
    keys = Keys()
    with listening(place) as listener:
        port = listener.getsockname()[1]
        hosts = hosts_of(place.host, port)
        app = Guard(Explorer(settings, keys, named).application(), keys, hosts, port)
        on_ready(f"http://{bracketed(name_of(place))}:{port}{path}?token={keys.token}")
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, lifespan="off"
        )
        with suppress(KeyboardInterrupt):  # uvicorn has closed its connections by then
            uvicorn.Server(config).run(sockets=[listener])


def name_of(place: ListenAddress) -> str:
    """Return the host of a URL: this machine's name for all of its addresses."""
    return socket.gethostname() if place.is_everywhere else place.host


def hosts_of(host: str, port: int) -> frozenset[str]:
    """Return the values of ``Host`` by which the server is reached, beside its own address."""
    place = ListenAddress(host, port)
    is_here = place.is_loopback or place.is_everywhere
    names = {host, name_of(place), *(("localhost",) if is_here else ())}
    return frozenset(f"{bracketed(name).lower()}:{port}" for name in names)
