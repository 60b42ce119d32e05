"""Fetch many references in slices, so that an interrupted fetch repeats little."""

from collections.abc import Callable, Iterator, Sequence

from attr import evolve

from manyfest.domain.errors import ManyfestError, TooManyBytesError
from manyfest.domain.operations.content.fetch import Fetched
from manyfest.domain.references import Reference

SLICE = 128  # references


def fetch_slices(
    references: Sequence[Reference],
    bring: Callable[[Sequence[Reference]], Fetched],
    restart_deadline: Callable[[], None],
) -> Iterator[Fetched]:
    """Yield what ``bring`` fetches of ``references``, a slice at a time.

    Those for which there was no room in memory beside the others are fetched alone. After each
    slice in which something was fetched, the deadline restarts.
    """
    for start in range(0, len(references), SLICE):
        for fetched in _slice(references[start : start + SLICE], bring):
            if fetched.found:
                restart_deadline()
            yield fetched


def _slice(
    references: Sequence[Reference], bring: Callable[[Sequence[Reference]], Fetched]
) -> Iterator[Fetched]:
    fetched = bring(references)
    crowded = [ref for ref, error in fetched.failures.items() if _is_crowded(error, references)]
    failures = {ref: error for ref, error in fetched.failures.items() if ref not in crowded}
    yield evolve(fetched, failures=failures)
    for reference in crowded:
        yield bring([reference])


def _is_crowded(error: ManyfestError, references: Sequence[Reference]) -> bool:
    return isinstance(error, TooManyBytesError) and len(references) > 1
