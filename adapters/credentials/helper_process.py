"""The process of a credential helper, bounded in time and output.

A helper may wait for a person, or for a slow service, so its time is the command's. A helper is
looked for in absolute entries of PATH only (CVE-2025-15558). It runs in a process group of its own,
so that it can be killed with all that it started.
"""

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from attr import field

from manyfest.adapters.files.os_error_text import os_error_text
from manyfest.domain.errors import DeadlineError
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # most commands run no helper
    from subprocess import Popen

_TICK = 0.02  # seconds between two calls of ``check``
_OUTPUT_LIMIT = 64 * 1024  # bytes

# Called again and again while a helper runs; raises when it has to end.
Check = Callable[[], None]

# Runs an action that no signal may interrupt: a signal raises afterwards.
Shield = Callable[[Callable[[], None]], None]


class HelperFailureError(Exception):
    """The misbehaviour of a helper, as a predicate: the helper's name goes before it."""


def never_end() -> None:
    """Let the helper run for as long as it takes: a ``Check``."""


def unshielded(action: Callable[[], None]) -> None:
    """Run the action; a signal handler that raises may interrupt it: a ``Shield``."""
    action()


@frozen
class HelperLimits:
    """The conditions under which helpers run: ``check`` ends those that take too long.

    Without a ``shield``, an exception that a signal handler raises while the process is started
    leaves it running: Python then loses the process id.
    """

    check: Check = field(default=never_end, repr=False)
    shield: Shield = field(default=unshielded, repr=False)


NO_LIMITS = HelperLimits()


def path_of(program: str) -> str:
    """Return the path of a program in PATH.

    Raises HelperFailureError: it is not installed.
    """
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(folder) / program
        if Path(folder).is_absolute() and path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise HelperFailureError("is not installed in PATH")


def run(command: list[str], payload: bytes, limits: HelperLimits) -> tuple[int, bytes]:
    """Run ``command``, with ``payload`` on stdin; return its exit status and its output.

    The payload must be small enough for a pipe's buffer. When this raises, the process has been
    killed with all that it started.
    Raises HelperFailureError: it cannot be run, or prints too much; DeadlineError: ``check`` raised
    an Exception; and the BaseException that ``check`` or a signal raises.
    """
    started: list[Popen[bytes]] = []  # filled by the shielded action, so never lost
    try:
        limits.shield(lambda: started.append(_start(command)))
        process = started[0]
        _write(process, payload)
        output = _read(process, lambda: _require_time(command[0], limits))
    except BaseException:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        for process in started:
            assert process.stdout is not None  # noqa: S101 - for mypy
            process.stdout.close()
            process.wait()
    return process.returncode, output


def _start(command: list[str]) -> "Popen[bytes]":
    import subprocess

    try:
        return subprocess.Popen(  # noqa: S603 - no shell, and we looked the path up
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
    except OSError as error:
        raise HelperFailureError(f"cannot be run ({os_error_text(error, 'no reason')})") from None


def _write(process: "Popen[bytes]", payload: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - for mypy
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:  # it need not read its stdin
        pipe.write(payload)


def _read(process: "Popen[bytes]", check: Check) -> bytes:
    """Read all output until the helper ends.

    Programs that the helper leaves behind may keep the pipe open: do not wait for them.
    """
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
                raise HelperFailureError(f"prints more than {_OUTPUT_LIMIT} bytes")
            check()


def _require_time(program: str, limits: HelperLimits) -> None:
    try:
        limits.check()
    except Exception as error:
        name = Path(program).name
        message = f"the credential helper {name} has not answered: {error}"
        raise DeadlineError(name, message) from error
