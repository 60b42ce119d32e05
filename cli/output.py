"""The standard streams: results go to stdout, everything else to stderr.

Text from outside (names, annotations, messages of registries) may hold characters that move a
terminal's cursor, change its title or turn the order of a line. Three rules keep them out:

- ``write_text`` and ``write_lines`` escape them, in JSON and CSV, too, wherever the output goes.
- ``write_document`` writes a document that docker prints as well: escaped on a terminal, and to the
  byte what docker writes anywhere else. ``write_bytes`` (``--raw``) escapes nothing.
- Texts for people are lines of cells: ``printable`` also escapes line ends within a cell.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

_LINES_AT_A_TIME = 500
_CHARACTERS_AT_A_TIME = 1_000_000


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


# C0 but tabs and line ends, DEL, C1, and what turns the order of text or ends a line (UAX #9,
# CVE-2021-42574).
_CONTROLS = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    r"\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
)
_CONTROL = re.compile(f"[{_CONTROLS}]")
_TERMINAL_CONTROL = re.compile(rf"[\r\ud800-\udfff{_CONTROLS}]")


def write_text(text: str) -> None:
    """Write ``text`` and a newline to stdout, as UTF-8 in every locale, with controls escaped."""
    _write(_escaped(text, _CONTROL))


def write_document(text: str) -> None:
    """Write JSON that docker prints, too: with controls escaped on a terminal only."""
    _write(text)


def _write(text: str) -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        text = _escaped(text, _TERMINAL_CONTROL)
    write_bytes(f"{text}\n".encode("utf-8", errors="surrogateescape"))


def _escaped(text: str, controls: re.Pattern[str]) -> str:
    """Write ``controls`` as JSON does: they are no part of its syntax, so they are in strings."""
    return controls.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write_lines(lines: Iterable[str]) -> None:
    """Write each line as ``write_text`` does, some hundred at a time, large ones alone."""
    waiting = iter(lines)
    while some := tuple(_batch_of(waiting)):
        write_text("\n".join(some))


def _batch_of(lines: Iterator[str]) -> Iterator[str]:
    characters = 0
    for line in islice(lines, _LINES_AT_A_TIME):
        yield line
        characters += len(line)
        if characters > _CHARACTERS_AT_A_TIME:
            return


def note(message: str) -> None:
    """Write one line of information to stderr."""
    _to_stderr(f"note: {message}")


def warn(message: str) -> None:
    """Write one line to stderr about a problem that stops nothing."""
    _to_stderr(f"warning: {message}")


def fail(message: str) -> None:
    """Write the one line to stderr that says why a command fails."""
    _to_stderr(f"error: {message}")


def write_traceback(error: BaseException) -> None:
    """Write the stack of an error to stderr, which ``MANYFEST_DEBUG`` asks for."""
    import traceback

    if sys.stderr is None:
        return
    for line in "".join(traceback.format_exception(error)).splitlines():
        print(_encodable(printable(line)), file=sys.stderr)


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
