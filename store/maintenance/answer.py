"""The answer of a running query: rows that one thread reads, and another takes."""

import math
from collections import deque
from collections.abc import Iterator
from threading import Condition
from time import monotonic

from manyfest.domain.errors import DeadlineError
from manyfest.domain.ports.queries import Value

Row = tuple[Value, ...]

# Rows, and bytes, read before the first is handed out, so that most queries have released the lock
# by then: the consumer may be slow, such as a person with a pager. Beyond them the reader waits.
_ROWS_AHEAD = 100_000
_BYTES_AHEAD = 64 * 1024 * 1024

_VALUE_BYTES = 64  # at most, of a value that is neither text nor bytes


class Answer:
    """Rows between the thread that reads them and the one that takes them, until ``deadline``.

    The reading thread calls ``begin``, ``add`` and ``end``; the other one ``columns`` and ``rows``,
    and ``stop`` when it wants no more. ``deadline`` is a time of ``monotonic``, perhaps infinite.
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._changed = Condition()
        self._columns: tuple[str, ...] | None = None
        self._rows: deque[tuple[Row, int]] = deque()
        self._bytes = 0
        self._is_ended = self._is_stopped = self._is_handed_out = False
        self._error: BaseException | None = None

    @property
    def is_late(self) -> bool:
        """True after the deadline."""
        return monotonic() > self._deadline

    @property
    def is_over(self) -> bool:
        """True if no further rows are wanted."""
        return self._is_stopped or self.is_late

    def late_error(self) -> DeadlineError:
        """Return the error for a query that is late."""
        return DeadlineError("", "the query took too long")

    def begin(self, columns: tuple[str, ...]) -> None:
        """Set the names of the columns."""
        with self._changed:
            self._columns = columns
            self._changed.notify_all()

    def add(self, row: Row) -> None:
        """Add a row, after waiting while there are many. Raises DeadlineError: it is not wanted."""
        size = sum(_size(value) for value in row)
        with self._changed:
            while self._is_full and not self.is_over:
                self._wait()
            if self.is_over:
                raise self.late_error()
            self._rows.append((row, size))
            self._bytes += size
            if self._is_full or self._is_handed_out:
                self._changed.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        """End the answer: there are no further rows, or reading them failed."""
        with self._changed:
            self._is_ended, self._error = True, error
            self._changed.notify_all()

    def stop(self) -> None:
        """Tell the reading thread to end."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def columns(self) -> tuple[str, ...]:
        """Wait for the names of the columns. Raises what the reading thread did; DeadlineError."""
        with self._changed:
            while self._columns is None:
                self._wait_for_more()
            return self._columns

    def rows(self) -> Iterator[Row]:
        """Yield the rows, the first after reading ahead. Raises as ``columns``."""
        while True:
            with self._changed:
                while not (self._is_full or self._is_ended or self._has_next):
                    self._wait_for_more()
                if self.is_late:  # rows that were read ahead may take as long again to show
                    raise self.late_error()
                self._is_handed_out = True
                if not self._rows:
                    if self._error is not None:
                        raise self._error
                    return
                row, size = self._rows.popleft()
                self._bytes -= size
                self._changed.notify_all()
            yield row

    @property
    def _is_full(self) -> bool:
        return len(self._rows) >= _ROWS_AHEAD or self._bytes >= _BYTES_AHEAD

    @property
    def _has_next(self) -> bool:
        return self._is_handed_out and bool(self._rows)

    def _wait_for_more(self) -> None:
        if self._is_ended and self._error is not None:
            raise self._error
        if self.is_late:
            raise self.late_error()
        self._wait()

    def _wait(self) -> None:
        left = self._deadline - monotonic()
        self._changed.wait(None if math.isinf(left) else max(0.0, left))


def _size(value: Value) -> int:
    return len(value) if isinstance(value, str | bytes) else _VALUE_BYTES
