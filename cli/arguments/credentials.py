"""Credentials for one command: never as an argument, which every user of the machine can read."""

import os
from collections.abc import Iterable

from attr import evolve

from manyfest.cli.output import standard_input
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.errors import InputError, InvalidReferenceError
from manyfest.domain.references import Reference, Repository

_LIMIT = 16 * 1024  # bytes; some passwords are JSON documents
_VARIABLE = "env:"


def parse_credentials(text: str, name: str) -> Credentials:
    """Read USER:PASS from standard input for ``-``, or from a variable for ``env:NAME``.

    Of standard input one line is read, so that a second option reads the next. Raises UsageError,
    without the text: it is neither, and may be a password; InputError: there is no USER:PASS.
    """
    if text == "-":
        return _credentials(_first_line(name), "standard input", name)
    if text.startswith(_VARIABLE):
        variable = text.removeprefix(_VARIABLE)
        return _credentials(os.environ.get(variable, ""), text, name)
    raise UsageError(
        f"{name} takes no password, since other users see the arguments of a program; write "
        f"USER:PASS to standard input ({name} -), or to a variable ({name} env:NAME)"
    )


def with_login(options: CommonOptions, references: Iterable[str]) -> CommonOptions:
    """Return the options with ``creds`` for the registry of the first reference at one.

    Raises UsageError: there is none.
    """
    given = () if options.creds is None else ((_first_registry(references), options.creds),)
    return evolve(options, logins=given)


def _first_registry(texts: Iterable[str]) -> Repository:
    for text in texts:
        try:
            home = Reference.parse(text.partition("@{")[0]).home
        except InvalidReferenceError:
            continue
        if isinstance(home, Repository):
            return Repository(home.registry, "")
    raise UsageError("--creds is for the registry of the first reference, and there is none")


def _credentials(text: str, place: str, name: str) -> Credentials:
    username, colon, password = text.partition(":")
    if not username or not colon or not password or not username.isprintable():
        raise InputError(f"{name}: expected USER:PASS in {place}")
    return Credentials(username, password, source=CredentialSource(name))


def _first_line(name: str) -> str:
    data = standard_input().readline(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise InputError(f"{name}: standard input has more than {_LIMIT} bytes in a line")
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise InputError(f"{name}: standard input is not UTF-8") from None
