"""The standard streams: results go to stdout, everything else to stderr.

Text from outside (names, annotations, messages of registries) may hold characters that move a
terminal's cursor, change its title or turn the order of a line. Three rules keep them out:

- ``write_text`` and ``write_lines`` escape them, in JSON and CSV, too, wherever the output goes.
- ``write_view`` does, too, and lets through the styles that ``Screen.paint`` made.
- ``write_document`` writes a document that docker prints as well: escaped on a terminal, and to the
  byte what docker writes anywhere else. ``write_bytes`` (``--raw``) escapes nothing.
- Texts for people are lines of cells: ``printable`` also escapes line ends within a cell.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import BinaryIO, TextIO

_LINES_AT_A_TIME = 500
_PART = 4096  # characters of a text that are looked at together
_CHARACTERS_AT_A_TIME = 1_000_000

_USUAL_WIDTH = 80  # of a terminal that does not tell its own

# Styles by meaning, as parameters of the terminal's SGR sequence. Each view also says in text or
# with a symbol what its colour says: many people see no difference between red and green.
_STYLES = {
    "strong": "1",
    "faint": "2",
    "added": "32",
    "removed": "31",
    "changed": "33",
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
}
_PLAIN_AGAIN = "\x1b[0m"

COLOR_MODES = ("auto", "always", "never")
_color_mode = "auto"


class Screen:
    """The reader's side of a stream: its width, and whether it shows colours.

    ``width`` is in columns; None for a file, a pipe or a log, which take lines of any length.
    """

    def __init__(self, width: int | None = None, *, has_color: bool = False) -> None:
        self.width = width
        self.has_color = has_color

    def paint(self, text: str, style: str) -> str:
        """Return ``text`` in a style of ``_STYLES``, if the stream shows colours."""
        is_plain = not (self.has_color and text and style)
        return text if is_plain else f"\x1b[{_STYLES[style]}m{text}{_PLAIN_AGAIN}"


PLAIN = Screen()


def stdout_screen() -> Screen:
    """Return the screen that results are written to."""
    return screen_of(sys.stdout)


def screen_of(stream: TextIO | None) -> Screen:
    """Return the width of ``stream`` if it is a terminal, and whether colours are shown on it."""
    if stream is None:
        return PLAIN
    is_terminal = stream.isatty()
    width = _width(stream) if is_terminal else None
    return Screen(width, has_color=_shows_color(is_terminal=is_terminal))


def choose_color(mode: str) -> None:
    """Use the ``--color`` of this command: one of ``COLOR_MODES``."""
    global _color_mode  # noqa: PLW0603 -- one command a process
    _color_mode = mode


def _width(stream: TextIO) -> int:
    """Return ``COLUMNS``, else the terminal's own width."""
    chosen = os.environ.get("COLUMNS", "")
    if chosen.isdecimal() and int(chosen):
        return int(chosen)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def _shows_color(*, is_terminal: bool) -> bool:
    """Follow the option, then NO_COLOR (no-color.org), then FORCE_COLOR, then the terminal."""
    if _color_mode != "auto":
        return _color_mode == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if forced := os.environ.get("FORCE_COLOR"):
        return forced not in {"0", "false"}
    return is_terminal and os.environ.get("TERM", "dumb") != "dumb"


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
_CONTROL = f"[{_CONTROLS}]"
_TERMINAL_CONTROL = rf"[\r\ud800-\udfff{_CONTROLS}]"


def write_text(text: str) -> None:
    """Write ``text`` and a newline to stdout, as UTF-8 in every locale, with controls escaped."""
    _write(text, _CONTROL)


def write_view(lines: Iterable[str]) -> None:
    """Write each line as ``write_text`` does, but let the styles of ``Screen.paint`` through."""
    style = "(\x1b\\[(?:" + "|".join(["0", *_STYLES.values()]) + ")m)"
    controls = _TERMINAL_CONTROL if _is_terminal() else _CONTROL
    for some in _batches(lines):
        parts = re.split(style, "\n".join(some))
        parts[::2] = [_escaped(part, controls) for part in parts[::2]]
        write_bytes(f"{''.join(parts)}\n".encode("utf-8", errors="surrogateescape"))


def write_document(text: str) -> None:
    """Write JSON that docker prints, too: with controls escaped on a terminal only."""
    _write(text)


def write_pieces(pieces: Iterable[str]) -> None:
    """Write a document as ``write_document`` does, as its pieces come."""
    for some in _batches(chain(pieces, ["\n"])):
        _write("".join(some), end="")


def _write(text: str, controls: str = "", end: str = "\n") -> None:
    """Write ``text`` and ``end``, and a large text in parts, so that no copy of it is made."""
    escaped = [controls] if controls else []
    if _is_terminal():
        escaped.append(_TERMINAL_CONTROL)
    last = max(len(text) - 1, 0) // _CHARACTERS_AT_A_TIME * _CHARACTERS_AT_A_TIME
    for start in range(0, last + 1, _CHARACTERS_AT_A_TIME):
        part = text[start : start + _CHARACTERS_AT_A_TIME] + (end if start == last else "")
        for each in escaped:
            part = _escaped(part, each)
        write_bytes(part.encode("utf-8", errors="surrogateescape"))


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _escaped(text: str, controls: str) -> str:
    """Write ``controls`` as JSON does: they are no part of its syntax, so they are in strings."""
    return re.sub(controls, lambda found: f"\\u{ord(found[0]):04x}", text)


def write_lines(lines: Iterable[str]) -> None:
    """Write each line as ``write_text`` does, some hundred at a time, large ones alone."""
    for some in _batches(lines):
        write_text("\n".join(some))


def _batches(lines: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the lines some hundred at a time."""
    waiting = iter(lines)
    while some := tuple(_batch_of(waiting)):
        yield some


def _batch_of(lines: Iterator[str]) -> Iterator[str]:
    characters = 0
    for line in islice(lines, _LINES_AT_A_TIME):
        yield line
        characters += len(line)
        if characters > _CHARACTERS_AT_A_TIME:
            return


def note(message: str) -> None:
    """Write one line of information to stderr."""
    _to_stderr("note", message)


def hint(message: str) -> None:
    """Write one line of information to stderr for a person: nothing where that is a file."""
    if screen_of(sys.stderr).width is not None:
        note(message)


def warn(message: str) -> None:
    """Write one line to stderr about a problem that stops nothing."""
    _to_stderr("warning", message)


def fail(message: str) -> None:
    """Write the one line to stderr that says why a command fails."""
    _to_stderr("error", message)


def write_traceback(error: BaseException) -> None:
    """Write the stack of an error to stderr, which ``MANYFEST_DEBUG`` asks for."""
    import traceback

    if sys.stderr is None:
        return
    for line in "".join(traceback.format_exception(error)).splitlines():
        _write_line(_encodable(printable(line)))


def printable(text: str) -> str:
    """Return ``text`` with all that is not printable, newlines too, as escapes.

    Text from outside must not move the cursor of a terminal or hide a line.
    """
    if text.isprintable():
        return text
    parts = (text[start : start + _PART] for start in range(0, len(text), _PART))
    return "".join(part if part.isprintable() else _escapes(part) for part in parts)


def _escapes(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


_LINE_LIMIT = 390
_clear: Callable[[], None] | None = None


def clear_before_lines(clear: Callable[[], None] | None) -> None:
    """Call ``clear`` before each line to stderr, to take away a display that is redrawn there."""
    global _clear  # noqa: PLW0603 -- one stderr a process
    _clear = clear


def _to_stderr(kind: str, message: str) -> None:
    """Write one line of limited length, with its kind in colour; a closed stderr is no failure."""
    if sys.stderr is not None:
        shown = printable(f"{kind}: {message}")
        if len(shown) > _LINE_LIMIT:
            shown = shown[: _LINE_LIMIT - 1] + "…"
        if _clear is not None:
            _clear()
        label = screen_of(sys.stderr).paint(f"{kind}:", kind)
        with suppress(OSError):
            _write_line(label + _encodable(shown).removeprefix(f"{kind}:"))


def _write_line(text: str) -> None:
    """Write a line to stderr in one piece: print writes its end apart, and signals part the two."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _encodable(text: str) -> str:
    encoding = sys.stderr.encoding or "ascii"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)
