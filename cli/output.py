"""The standard streams: results go to stdout, everything else to stderr."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

_LINES_AT_A_TIME = 500


def standard_input() -> BinaryIO:
    """Return standard input as bytes. Raises OSError when it is closed."""
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin.buffer


def write_bytes(data: bytes) -> None:
    """Write ``data`` to stdout as it is, and flush.

    Raises OSError when stdout is closed, full or gone: a result that is not delivered is a failure.
    """
    if sys.stdout is None:
        raise OSError("standard output is closed")
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def write_text(text: str) -> None:
    """Write ``text`` and a newline to stdout, as UTF-8 in every locale."""
    write_bytes(f"{text}\n".encode("utf-8", errors="surrogateescape"))


def write_lines(lines: Iterable[str]) -> None:
    """Write each line as ``write_text`` does, some hundred at a time."""
    waiting = iter(lines)
    while some := tuple(islice(waiting, _LINES_AT_A_TIME)):
        write_text("\n".join(some))


def note(message: str) -> None:
    """Write one line of information to stderr."""
    _to_stderr(f"note: {message}")


def warn(message: str) -> None:
    """Write one line to stderr about a problem that stops nothing."""
    _to_stderr(f"warning: {message}")


def fail(message: str) -> None:
    """Write the one line to stderr that says why a command fails."""
    _to_stderr(f"error: {message}")


def printable(text: str) -> str:
    """Return ``text`` with all that is not printable, newlines too, as escapes.

    Text from outside must not move the cursor of a terminal or hide a line.
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


_LINE_LIMIT = 390


def _to_stderr(line: str) -> None:
    """Write one line of limited length; a closed stderr is no failure."""
    if sys.stderr is not None:
        shown = printable(line)
        if len(shown) > _LINE_LIMIT:
            shown = shown[: _LINE_LIMIT - 1] + "…"
        with suppress(OSError):
            print(_encodable(shown), file=sys.stderr, flush=True)


def _encodable(text: str) -> str:
    encoding = sys.stderr.encoding or "ascii"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)
