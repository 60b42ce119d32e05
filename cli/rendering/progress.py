"""Progress of a transfer: a bar on a terminal, and a line now and then in a log.

On a terminal the display is redrawn in place, ten times a second at most, and cleared at its end:
the bar, the blobs in flight, and the hosts that are waited for. Each line fits the terminal. In a
log, where nothing can be redrawn, a note tells the same every 10 s. Events alone cause drawing.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock
from time import monotonic
from typing import TextIO

from attr import define, field

from manyfest.cli.output import Screen, clear_before_lines, note, screen_of
from manyfest.cli.rendering.humanize import counted, format_size, short_digest
from manyfest.domain.digests import Digest
from manyfest.domain.events import (
    Blob,
    BlobCopied,
    BlobFound,
    BlobMounted,
    BlobMoved,
    BlobStarted,
    Event,
    ManifestPut,
    OnEvent,
    ReadingPlanned,
    ReferenceRead,
    TransferPlanned,
)

_REDRAW_INTERVAL = 0.1  # seconds, the shortest time between two drawings
_FIRST_RATE = 1.0  # seconds: a rate of less, mostly of handshakes, foretells hours
_LOG_INTERVAL, _LONG_PAUSE = 10.0, 5.0  # seconds between notes in a log; of pauses that it tells
_CLEARED, _LINE_UP = "\r\x1b[K", "\x1b[1A"
_BAR_WIDTH, _SHORTEST_BAR = 30, 8
_BAR, _ASCII_BAR = "━─", "#-"  # the characters of what is done, and of the rest


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[OnEvent]:
    """Show events on ``stream`` (default: stderr)."""
    global _current  # noqa: PLW0603 -- a command has one display
    display = _display_on(stream or sys.stderr)
    _current = display
    try:
        yield display.show
    finally:
        _current = None
        display.clear()
        clear_before_lines(None)


@contextmanager
def shown_pause(message: str, seconds: float) -> Iterator[None]:
    """Show ``message`` during a pause before a retry; in a log, only if it is long."""
    with _ONE_DISPLAY:  # a cache alone may make a display for each of two threads
        display = _current or _display_of_pauses(sys.stderr)
    display.begin_pause(message, seconds)
    try:
        yield
    finally:
        display.end_pause(message)


@define
class Tally:
    """Counters of a transfer; ``in_flight`` has the bytes moved of unfinished blobs."""

    started_at: float
    blobs: int = 0
    blobs_done: int = 0
    size: int = 0
    bytes_done: int = 0
    bytes_moved: int = 0
    manifests: int = 0
    manifests_put: int = 0
    references: int = 0
    references_done: int = 0
    in_flight: dict[Blob, int] = field(factory=dict)

    def count(self, event: Event) -> None:
        """Count ``event``."""
        match event:
            case ReadingPlanned(references):
                self.references = references
            case ReferenceRead():
                self.references_done += 1
            case TransferPlanned(blobs, size, manifests):
                self.blobs += blobs
                self.size += size
                self.manifests += manifests
            case BlobStarted(blob, start):
                self.in_flight[blob] = start
            case BlobMoved(blob, count):
                if blob in self.in_flight:  # else another copy has found it meanwhile
                    self.in_flight[blob] += count
                self.bytes_moved += count
            case BlobCopied(blob, size) | BlobMounted(blob, size) | BlobFound(blob, size):
                self.in_flight.pop(blob, None)
                self.blobs_done += 1
                self.bytes_done += size
            case ManifestPut():
                self.manifests_put += 1

    def facts(self, now: float) -> tuple[float, list[str]]:
        """Return the fraction that is done, and facts about it, the most important first.

        About blobs while any move, else about references read or manifests put; no facts if nothing
        is planned.
        """
        passed = max(now - self.started_at, _REDRAW_INTERVAL)
        if self.blobs_done < self.blobs:
            return self._of_blobs(passed)
        if self.references:
            rate = self.references_done / passed
            counts = f"{self.references_done}/{counted(self.references, 'reference')}"
            left = _time_left(self.references - self.references_done, rate)
            return self.references_done / self.references, [counts, *left, f"{rate:.0f}/s"]
        if self.manifests:
            counts = f"{self.manifests_put}/{counted(self.manifests, 'manifest')}"
            return self.manifests_put / self.manifests, [counts]
        return 0.0, []

    def _of_blobs(self, passed: float) -> tuple[float, list[str]]:
        done = self.bytes_done + sum(self.in_flight.values())
        rate = self.bytes_moved / passed
        fraction = min(done / self.size, 1.0) if self.size else self.blobs_done / self.blobs
        facts = [f"{format_size(done)} of {format_size(self.size)}"]
        if passed >= _FIRST_RATE:
            facts += [*_time_left(self.size - done, rate), f"{format_size(rate)}/s"]
        return fraction, [*facts, f"{self.blobs_done}/{counted(self.blobs, 'blob')}"]


class _Display:
    """The progress on a terminal. Thread-safe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar = _BAR if "utf" in (stream.encoding or "utf").lower() else _ASCII_BAR
        self._tally = Tally(monotonic())
        self._pauses: list[str] = []
        self._lock = Lock()
        self._drawn_at = float("-inf")
        self._drawn_lines = 0
        clear_before_lines(self.clear)

    def show(self, event: Event) -> None:
        with self._lock:
            self._tally.count(event)
            self._draw_if_due()

    def begin_pause(self, message: str, _seconds: float) -> None:
        with self._lock:
            self._pauses.append(message)
            self._draw(monotonic())

    def end_pause(self, message: str) -> None:
        with self._lock:
            self._pauses.remove(message)
            self._draw(monotonic())

    def clear(self) -> None:
        with self._lock:
            self._write(self._cleared())
            self._drawn_lines = 0

    def _draw_if_due(self) -> None:
        now = monotonic()
        if now - self._drawn_at >= _REDRAW_INTERVAL:
            self._draw(now)

    def _draw(self, now: float) -> None:
        self._drawn_at = now
        screen = screen_of(self._stream)
        lines = [*drawn_lines(self._tally, self._pauses, now, screen, self._bar)]
        self._write(self._cleared() + "\n".join(lines))
        self._drawn_lines = len(lines)

    def _cleared(self) -> str:
        return _CLEARED + (_LINE_UP + _CLEARED) * (self._drawn_lines - 1)

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a closed terminal is no reason to fail
            self._stream.write(text)
            self._stream.flush()


def drawn_lines(
    tally: Tally, pauses: Sequence[str], now: float, screen: Screen, bar: str = _BAR
) -> Iterator[str]:
    """Yield the bar with its facts, the blobs in flight, and the newest of the ``pauses``."""
    width = (screen.width or 0) - 1  # the last column may wrap
    fraction, facts = tally.facts(now)
    if facts:
        yield _line(fraction, facts, width, screen, bar)
    if flying := [f"{_name(b)} {format_size(n)}" for b, n in tally.in_flight.items()]:
        yield screen.paint(_as_many(flying, width, more=", +{} more"), "faint")
    for message in pauses[-1:]:
        yield screen.paint(message[:width], "warning")


def log_line(tally: Tally, now: float) -> str:
    """Return the progress as a log tells it; empty if nothing is planned."""
    fraction, facts = tally.facts(now)
    return ", ".join([f"{int(fraction * 100)} %", *facts]) if facts else ""


def _line(fraction: float, facts: Sequence[str], width: int, screen: Screen, bar: str) -> str:
    beside = max(width - _SHORTEST_BAR - 2, len("100 %"))
    text = _as_many([f"{int(fraction * 100)} %", *facts], beside)
    room = min(width - len(text) - 2, _BAR_WIDTH)
    if room < _SHORTEST_BAR:
        return text
    done = int(room * fraction)
    full, rest = bar[0] * done, bar[1] * (room - done)
    return f"{screen.paint(full, 'added')}{screen.paint(rest, 'faint')}  {text}"


class _Log:
    """The progress in a log: a note every 10 s. Thread-safe."""

    def __init__(self) -> None:
        self._tally = Tally(monotonic())
        self._lock = Lock()
        self._told_at = self._tally.started_at
        self._pause_told_at = float("-inf")

    def show(self, event: Event) -> None:
        with self._lock:
            self._tally.count(event)
            now = monotonic()
            if now - self._told_at < _LOG_INTERVAL:
                return
            self._told_at = now
            line = log_line(self._tally, now)
        if line:
            note(line)

    def begin_pause(self, message: str, seconds: float) -> None:
        """Tell a long pause; those of other threads within 10 s are nearly always the same."""
        with self._lock:
            now = monotonic()
            is_told = seconds >= _LONG_PAUSE and now - self._pause_told_at >= _LOG_INTERVAL
            if is_told:
                self._pause_told_at = now
        if is_told:
            note(message)

    def end_pause(self, message: str) -> None:
        pass

    def clear(self) -> None:
        pass


_ONE_DISPLAY = Lock()
_current: _Display | _Log | None = None


def _display_on(stream: TextIO | None) -> _Display | _Log:
    can_draw = stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return _Display(stream) if stream is not None and can_draw else _Log()


@cache  # all threads that wait share it
def _display_of_pauses(stream: TextIO | None) -> _Display | _Log:
    return _display_on(stream)


def _time_left(rest: float, rate: float) -> list[str]:
    """Return the time that the rest takes at this rate, if that can be told."""
    if not rate or rest <= 0:
        return []
    seconds = round(rest / rate)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return [f"{hours} h {minutes} min left"]
    return [f"{minutes} min {seconds} s left" if minutes else f"{seconds} s left"]


def _as_many(items: Sequence[str], width: int, more: str = "") -> str:
    """Join as many items as fit, at least one; ``more`` counts the others."""
    for kept in range(len(items), 1, -1):
        rest = len(items) - kept
        text = ", ".join(items[:kept]) + (more.format(rest) if rest else "")
        if len(text) <= width:
            return text
    return items[0][:width]


def _name(blob: Blob) -> str:
    digest = blob if isinstance(blob, Digest) else blob.digest
    return short_digest(digest) if digest else str(blob)
