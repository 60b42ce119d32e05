"""``manyfest login``: store a name and password for a registry that accepts them."""

import getpass
import sys
from collections.abc import Sequence
from typing import Annotated

from manyfest.cli.arguments.options import INSECURE, TIMEOUT, docker_command
from manyfest.cli.output import standard_input, warn, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_access, open_logins
from manyfest.domain.access import Credentials
from manyfest.domain.errors import InputError
from manyfest.domain.operations.login import log_in

_PASSWORD_LIMIT = 16 * 1024  # bytes; some passwords are JSON documents


@docker_command("login", "HOST", 1, 1, options=INSECURE | TIMEOUT)
def command(
    names: Sequence[str],
    options: CommonOptions,
    username: Annotated[
        str | None, Option("-u", "--username", help="Username (prompted for if omitted).")
    ] = None,
    password_stdin: Annotated[
        bool, Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Log in to a registry.

    HOST is a registry such as ghcr.io or localhost:5000. The registry checks the password first;
    nothing is saved if it refuses (exit code 4). The password is saved by docker's credential
    helper for HOST if there is one, else in docker's config.json.

    Examples:
      manyfest login ghcr.io
      echo "$TOKEN" | manyfest login --username me --password-stdin ghcr.io
    """
    from manyfest.adapters.credentials.registry_keys import registry_of_argument

    registry = registry_of_argument(names[0])
    settings = settings_from(options)
    credentials = _read_login(username, from_stdin=password_stdin)
    with open_access(settings, credentials) as access:
        file = log_in(registry, credentials, access=access, logins=open_logins(settings))
    if file:
        warn(f"the password is stored unencrypted in {file}; a credential helper would encrypt it")
    write_text("Login Succeeded")


def _read_login(username: str | None, *, from_stdin: bool) -> Credentials:
    """Prompt for what is missing, on a terminal only; refuse in docker's sentences.

    Raises UsageError: no terminal to prompt on; InputError: an unusable name or password.
    """
    if from_stdin and not username:
        raise UsageError("Must provide --username with --password-stdin")
    if not from_stdin and not (sys.stdin and sys.stdin.isatty()):
        reason = "Cannot perform an interactive login from a non TTY device"
        raise UsageError(f"{reason} (give --username and --password-stdin)")
    name = username or _prompt_name()
    if not name or ":" in name or not name.isprintable():
        raise InputError(f"not a username: {name!r}")
    password = _read_password() if from_stdin else _prompt_password()
    if not password or "\0" in password:
        raise InputError("the password is empty, or has a NUL character")
    return Credentials(name, password)


def _prompt_name() -> str:
    print("Username: ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a prompt
    return sys.stdin.readline().strip()


def _prompt_password() -> str:
    try:
        return getpass.getpass("Password: ")
    except EOFError:
        return ""


def _read_password() -> str:
    """Read standard input without the end of its last line, as docker does."""
    data = standard_input().read(_PASSWORD_LIMIT + 1)
    if len(data) > _PASSWORD_LIMIT:
        raise InputError(f"the password has more than {_PASSWORD_LIMIT} bytes")
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise InputError("the password is not UTF-8") from None
