"""Credential helpers: ``docker-credential-NAME`` programs that keep secrets, by docker's protocol.

The server's address goes in on stdin, ``{ServerURL, Username, Secret}`` comes out on stdout
(docker-credential-helpers, ``client/client.go``). What a helper prints may be a secret: nothing of
it is ever shown. A helper is looked for in absolute entries of PATH only (CVE-2025-15558), and may
neither hang nor babble.
"""

import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Lock

from attrs import field, frozen

from manyfest.adapters.credentials.registry_keys import canonical, to_hostname
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import CredentialsError, DeadlineError, DocumentError

PREFIX = "docker-credential-"

_SECONDS = 30.0
_TICK = 0.02  # seconds between looks at whether to go on
_OUTPUT_LIMIT = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,99}")
_NOT_FOUND = b"credentials not found in native keychain"
_IDENTITY_TOKEN_USER = "<token>"  # noqa: S105 - docker's mark for what the secret is

# Called again and again while a helper runs; raises when it is to end.
Check = Callable[[], None]


class _HelperFailure(Exception):  # noqa: N818 - never leaves this module
    """What the helper did, in words that follow its name."""


@frozen
class Helper:
    """The helper that ``source`` names. It raises CredentialsError, and what ``check`` raises."""

    source: CredentialSource
    check: Check = field(repr=False)
    seconds: float = _SECONDS

    def get(self, server: str) -> Credentials | None:
        """What it keeps for ``server``, None if nothing."""
        output = self._ask("get", server, server.encode())
        if output is None:
            return None
        try:
            username, secret = _parsed(output, server)
        except _HelperFailure as fault:
            raise self._error(server, str(fault)) from None
        if username == _IDENTITY_TOKEN_USER:
            return Credentials(identity_token=secret, source=self.source)
        return Credentials(username, secret, source=self.source)

    def store(self, server: str, username: str, secret: str) -> None:
        """Have it keep this."""
        kept = {"ServerURL": server, "Username": username, "Secret": secret}
        self._ask("store", server, json.dumps(kept, ensure_ascii=False).encode())

    def erase(self, server: str) -> None:
        """Have it forget what it keeps, if anything."""
        self._ask("erase", server, server.encode())

    def _ask(self, verb: str, server: str, payload: bytes) -> bytes | None:
        """What it prints; None when it says that it has nothing."""
        if not server.isprintable():
            raise self._error(server, "is not asked about odd characters")
        try:
            command = [_path_of(self.source.helper), verb]
            code, output = _run(command, payload, self.seconds, self.check)
        except _HelperFailure as fault:
            raise self._error(server, str(fault)) from None
        if code and output.strip() == _NOT_FOUND:
            return None
        if code:
            raise self._error(server, f"fails with exit status {code}")
        return output

    def _error(self, server: str, reason: str) -> CredentialsError:
        named = f"credential helper {self.source.helper[:100]} ({self.source.file})"
        return CredentialsError(f"{named} {reason}, for {ascii(server)[1:-1]}")


class Helpers:
    """The helpers that one command asks: each once for a server, whoever wants to know.

    ``check`` is called all the time while one runs, and raises when that is to end. Thread-safe.
    """

    def __init__(self, check: Check = lambda: None) -> None:
        self.check = check
        self._answers: dict[tuple[str, str], Future[Credentials | None]] = {}
        self._lock = Lock()

    def named(self, name: object, source: CredentialSource) -> Helper:
        """The helper ``docker-credential-NAME``. Raises CredentialsError: no such name can be."""
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            shown = ascii(name)[:80]
            raise CredentialsError(
                f"{source.file}: {source.key} names no credential helper: {shown}"
            )
        return Helper(CredentialSource(source.file, source.key, PREFIX + name), self.check)

    def get(self, helper: Helper, server: str) -> Credentials | None:
        """As ``helper.get``, and the same again when asked again."""
        key = (helper.source.helper, server)
        with self._lock:
            is_first = key not in self._answers
            answer = self._answers.setdefault(key, Future())
        if is_first:
            try:
                answer.set_result(helper.get(server))
            except BaseException as error:  # noqa: BLE001 - result() raises it, in every thread
                answer.set_exception(error)
        return answer.result()


def _path_of(program: str) -> str:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(folder) / program
        if Path(folder).is_absolute() and path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise _HelperFailure("is not installed in PATH")


def _run(command: list[str], payload: bytes, seconds: float, check: Check) -> tuple[int, bytes]:
    """Exit status and output. The payload must be small enough for a pipe's buffer."""
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and the path was looked up by us
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
    except OSError as error:
        raise _HelperFailure(f"cannot be run ({(error.strerror or 'no reason').lower()})") from None
    deadline = time.monotonic() + seconds
    try:
        _write(process, payload)
        output = _read(process, lambda: _check_still_allowed(command[0], deadline, seconds, check))
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        assert process.stdout is not None  # noqa: S101 - for mypy
        process.stdout.close()
        process.wait()
    return process.returncode, output


def _write(process: subprocess.Popen[bytes], payload: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - for mypy
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:  # it may not care to listen
        pipe.write(payload)


def _read(process: subprocess.Popen[bytes], go_on: Check) -> bytes:
    """All it prints until it ends; what it leaves behind may hold the pipe: not waited for."""
    output, is_open = b"", True
    assert process.stdout is not None  # noqa: S101 - for mypy
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            has_ended = process.poll() is not None
            if is_open and selector.select(0 if has_ended else _TICK):
                chunk = os.read(process.stdout.fileno(), _OUTPUT_LIMIT)
                output, is_open = output + chunk, bool(chunk)
            elif has_ended:
                return output
            elif not is_open:
                time.sleep(_TICK)
            if len(output) > _OUTPUT_LIMIT:
                raise _HelperFailure(f"prints more than {_OUTPUT_LIMIT} bytes")
            go_on()


def _check_still_allowed(program: str, deadline: float, seconds: float, check: Check) -> None:
    try:
        check()
    except Exception as error:
        name = Path(program).name
        raise DeadlineError(
            name, f"the credential helper {name} has not answered: {error}"
        ) from error
    if time.monotonic() > deadline:
        raise _HelperFailure(f"does not end within {seconds:g} s")


def _parsed(output: bytes, server: str) -> tuple[str, str]:
    """Username and secret. A helper may leave ``ServerURL`` out, as gcloud's does."""
    try:
        answer = parse_object(output, "")
    except DocumentError:
        raise _HelperFailure("does not answer with a JSON object") from None
    url, username, secret = (answer.get(name, "") for name in ("ServerURL", "Username", "Secret"))
    if not all(isinstance(value, str) for value in (url, username, secret)) or not secret:
        raise _HelperFailure("answers without a secret")
    if url and canonical(to_hostname(url)) != canonical(to_hostname(server)):
        raise _HelperFailure("answers for another server")
    return username, secret
