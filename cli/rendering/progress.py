"""The progress line: drawn on a terminal during a transfer, cleared at its end."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from time import monotonic
from typing import TextIO

from attr import define, field

from manyfest.cli.rendering.humanize import format_size
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
    ignore,
)

_REDRAW_INTERVAL = 0.1  # seconds, the shortest time between two drawings
_CLEARED = "\r\x1b[K"


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[OnEvent]:
    """Draw events on ``stream`` (default: stderr), if it is a terminal."""
    stream = stream or sys.stderr
    if not _can_draw(stream):
        yield ignore
        return
    line = _Line(stream)
    try:
        yield line.show
    finally:
        line.clear()


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
                self.in_flight[blob] += count
                self.bytes_moved += count
            case BlobCopied(blob, size) | BlobMounted(blob, size) | BlobFound(blob, size):
                self.in_flight.pop(blob, None)
                self.blobs_done += 1
                self.bytes_done += size
            case ManifestPut():
                self.manifests_put += 1

    def text(self, now: float) -> str:
        """Return the line: blobs while any move, else references read or manifests put."""
        passed = max(now - self.started_at, _REDRAW_INTERVAL)
        if self.blobs_done == self.blobs and self.references:
            rate = self.references_done / passed
            return f"{self.references_done}/{self.references} references, {rate:.0f}/s"
        if self.blobs_done == self.blobs:
            return f"{self.manifests_put}/{self.manifests} manifests" if self.manifests else ""
        done = self.bytes_done + sum(self.in_flight.values())
        rate = self.bytes_moved / passed
        counts = f"{self.blobs_done}/{self.blobs} blobs"
        return f"{counts}, {format_size(done)} of {format_size(self.size)}, {format_size(rate)}/s"


class _Line:
    """The line on a terminal. Thread-safe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tally = Tally(monotonic())
        self._lock = Lock()
        self._drawn_at = float("-inf")

    def show(self, event: Event) -> None:
        with self._lock:
            self._tally.count(event)
            now = monotonic()
            if now - self._drawn_at >= _REDRAW_INTERVAL:
                self._drawn_at = now
                width = shutil.get_terminal_size().columns - 1  # the last column may wrap
                self._write(_CLEARED + self._tally.text(now)[:width])

    def clear(self) -> None:
        with self._lock:
            self._write(_CLEARED)

    def _write(self, text: str) -> None:
        with suppress(OSError):  # a closed terminal is no reason to fail
            self._stream.write(text)
            self._stream.flush()


def _can_draw(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
