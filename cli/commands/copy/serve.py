"""``manyfest serve``: the cache, or a bundle, as a read-only registry."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

from manyfest.cli.arguments.listen_address import ListenAddress, listening
from manyfest.cli.arguments.option_values import Listen
from manyfest.cli.arguments.options import docker_command
from manyfest.cli.output import note, standard_input, warn, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.server.access import Guard, hosts_of
from manyfest.cli.server.bundle_content import open_bundle_content
from manyfest.cli.server.content import OpenContent, open_store
from manyfest.cli.server.listener import Notes, Server, allow_open_files, tls_context
from manyfest.cli.server.names import collisions
from manyfest.cli.server.passwords import Passwords, password_line
from manyfest.cli.settings import settings_from
from manyfest.domain.errors import ConfigError, ConflictError
from manyfest.domain.operations.content.bundle_images import Naming

_PASSWORD_LIMIT = 1024


@docker_command("serve", "")
def command(
    listen: Listen = "127.0.0.1:5000",
    bundle: Annotated[
        str | None,
        Option("--bundle", metavar="FILE|DIR", help="Serve this bundle instead of the cache."),
    ] = None,
    repository: Annotated[
        str | None,
        Option(
            "--as",
            metavar="REPOSITORY[:TAG]",
            help="Where images of the bundle belong that have a bare tag, as in cache import.",
        ),
    ] = None,
    names: Annotated[
        list[str] | None,
        Option(
            "--name",
            metavar="HOST",
            help="Answer requests for this host name, too (on loopback: host.docker.internal).",
        ),
    ] = None,
    certificate: Annotated[
        Path | None, Option("--tls-cert", metavar="FILE", help="Serve HTTPS with this certificate.")
    ] = None,
    key: Annotated[
        Path | None, Option("--tls-key", metavar="FILE", help="The key of the certificate.")
    ] = None,
    passwords: Annotated[
        Path | None,
        Option("--passwords", metavar="FILE", help="Ask for the password of a user in this file."),
    ] = None,
    add_user: Annotated[
        str | None,
        Option(
            "--add-user",
            metavar="NAME",
            help="Print a line for --passwords, for the password on standard input, and exit.",
        ),
    ] = None,
) -> None:
    """Serve the cache or a bundle as a read-only registry.

    docker, podman, skopeo, crane and manyfest can pull from it by tag and digest, as far as the
    content is cached: layers with cache fetch --layers. library/alpine of Docker Hub is served as
    library/alpine and docker.io/library/alpine, team/app of host:5000 as host_5000/team/app, and
    every repository under its own path with ?ns=HOST, as containerd asks mirrors. Content that is
    missing is answered with 404, and noted on stderr. An address that other machines can reach
    needs --tls-cert, --tls-key and --passwords. Prints its address. Ctrl-C ends it.

    Examples:
      manyfest serve
      manyfest serve --bundle images.tar --listen 127.0.0.1:5001
      manyfest serve --add-user ci < password.txt >> users.txt
      manyfest serve --listen 0.0.0.0:443 --tls-cert c.pem --tls-key k.pem --passwords users.txt
    """
    if add_user is not None:
        write_text(password_line(add_user, _password()))
        return
    if repository is not None and bundle is None:
        raise UsageError("--as names images of a --bundle")
    address = ListenAddress.parse(listen)
    _require_safety(address, certificate, key, passwords)
    tls = _tls(certificate, key)
    known = None if passwords is None else Passwords.read(passwords)
    with ExitStack() as stack:
        content = stack.enter_context(_opening(bundle, repository))
        number = _count_repositories(content)
        listener = stack.enter_context(listening(address))
        _tell_what_is_served(number)
        actual = ListenAddress(address.host, listener.getsockname()[1])
        guard = Guard(hosts_of(actual, tuple(names or ())), known)
        allow_open_files()
        server = Server(content, guard, Notes(note), tls)
        with suppress(KeyboardInterrupt):
            write_text(f"{'https' if tls else 'http'}://{actual}")
            server.run(listener)


def _require_safety(
    address: ListenAddress, certificate: Path | None, key: Path | None, passwords: Path | None
) -> None:
    """Raise UsageError: others could read along, or read all."""
    if (certificate is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key go together")
    if not address.is_loopback and (certificate is None or passwords is None):
        needed = "add --tls-cert, --tls-key and --passwords, or listen on 127.0.0.1"
        raise UsageError(f"--listen {address}: other machines can reach it; {needed}")


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None or key is None:
        return None
    try:
        return tls_context(str(certificate), str(key))
    except OSError as error:  # of SSL, too
        reason = error.strerror or str(error)
        raise ConfigError(f"{certificate}, {key}", f"cannot be used for TLS: {reason}") from error


@contextmanager
def _opening(bundle: str | None, repository: str | None) -> Iterator[OpenContent]:
    """Yield the function that opens the content for a connection."""
    if bundle is None:
        yield partial(open_store, settings_from())
        return
    with open_bundle_content(bundle, Naming.parse(repository)) as content:
        yield lambda: nullcontext(content)


def _count_repositories(open_content: OpenContent) -> int:
    """Return how many are served. Raises ConflictError: two have one name."""
    with open_content() as content:
        repositories = tuple(content.repositories())
    for first, second, name in collisions(repositories):
        reason = f"{first} and {second} would both be served as {name}"
        raise ConflictError(f"{reason}; serve a bundle with one of them")
    return len(repositories)


def _tell_what_is_served(number: int) -> None:
    """Say on stderr how many repositories are served."""
    if not number:
        warn("there is nothing to serve yet: manyfest cache fetch or cache import brings content")
        return
    some = f"{number} {'repository' if number == 1 else 'repositories'}"
    note(f"serving {some}, read-only; Ctrl-C ends it")


def _password() -> str:
    data = standard_input().readline(_PASSWORD_LIMIT)
    return data.decode(errors="surrogateescape").rstrip("\r\n")
