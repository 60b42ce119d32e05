"""The memory for large contents that are read at the same time.

A reader keeps two pieces: the one that is passed on, and the next. Few readers get large pieces,
which cost the fewest calls, and many get small ones. So memory depends on the budget, and not on
the number of threads.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_KIBIBYTE = 1024
_LARGEST, _SMALLEST = 256 * _KIBIBYTE, 32 * _KIBIBYTE


class ReadBudget:
    """Divides ``total`` bytes among those who read. Thread-safe."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._readers = 0
        self._lock = threading.Lock()

    @contextmanager
    def reader(self) -> Iterator[None]:
        """Count one more reader in this context."""
        with self._lock:
            self._readers += 1
        try:
            yield
        finally:
            with self._lock:
                self._readers -= 1

    def piece(self) -> int:
        """Return the bytes to read next: 256 KiB, or less beside many others; 32 KiB at least."""
        return max(_SMALLEST, min(_LARGEST, self._total // max(self._readers, 1)))


READ_BUDGET = ReadBudget(3 * 1024 * _KIBIBYTE)
