"""The registries of a benchmark: two, each by plain HTTP and by TLS."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen

from tests.support.http.certificates import self_signed
from tests.support.programs.docker_registry import running_registry

_SOMEWHERE = "198.51.100.1"  # an address of documentation (RFC 5737), out of this machine


@frozen
class Servers:
    """Where two registries answer, as ``HOST:PORT``.

    ``plain`` and ``secure`` are the first registry by plain HTTP and by TLS, ``other_plain`` and
    ``other_secure`` the second one. ``name`` is this machine's, and no name of loopback;
    ``authority`` is the certificate for it.
    """

    plain: str
    other_plain: str = ""
    secure: str = ""
    other_secure: str = ""
    name: str = ""
    authority: Path | None = None


@contextmanager
def running_servers(folder: Path) -> Iterator[Servers]:
    """Start the registries with their files in ``folder``, and end them with the block.

    TLS is served by a process of its own, which has the same data.
    """
    name = name_of_this_machine()
    certificate = self_signed(folder / "certificate", (_subject(name), "IP:127.0.0.1"))
    with ExitStack() as running:
        hosts = []
        for which in ("one", "two"):
            plain = running.enter_context(running_registry(folder / which))
            secured = folder / f"{which}-tls"
            secured.mkdir()
            (secured / "data").symlink_to(folder / which / "data")
            secure = running.enter_context(running_registry(secured, certificate=certificate))
            hosts.append((plain.host, secure.host))
        (plain_one, secure_one), (plain_two, secure_two) = hosts
        yield Servers(plain_one, plain_two, secure_one, secure_two, name, certificate.file)


def _subject(name: str) -> str:
    """Return ``name`` as a certificate has it."""
    return f"{'DNS' if name[-1].isalpha() else 'IP'}:{name}"


def name_of_this_machine() -> str:
    """Return its address in its network, or without one its name: docker has a rule for loopback.

    Raises SystemExit.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outwards:
        try:
            outwards.connect((_SOMEWHERE, 9))  # chooses an address, and sends nothing
            return outwards.getsockname()[0]
        except OSError:
            return _host_name()


def _host_name() -> str:
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, None)
    except OSError as error:
        raise SystemExit(f"{name}, this machine's name, leads nowhere: {error}") from None
    return name
