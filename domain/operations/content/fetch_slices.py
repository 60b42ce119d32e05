"""Fetch many references in slices, so that an interrupted fetch repeats little.

A mirror may show content once and lose it, so what came through one is verified afterwards.
"""

from collections.abc import Callable, Iterator, Sequence

from attr import evolve

from manyfest.domain.errors import FaultyError, ManyfestError, TooManyBytesError
from manyfest.domain.operations.content.fetch import Fetched
from manyfest.domain.operations.content.fetch_attached import FetchedAttached
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.views.verify import verify_many
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference

SLICE = 128  # references


def leave_attached(_fetched: Sequence[Resolved]) -> FetchedAttached:
    """Fetch nothing of what is attached."""
    return FetchedAttached()


def fetch_slices(
    references: Sequence[Reference],
    bring: Callable[[Sequence[Reference]], Fetched],
    restart_deadline: Callable[[], None],
    attach: Callable[[Sequence[Resolved]], FetchedAttached] = leave_attached,
) -> Iterator[Fetched]:
    """Yield what ``bring`` fetches of ``references``, and ``attach`` then, a slice at a time.

    Those for which there was no room in memory beside the others are fetched alone. After each
    slice in which something was fetched, the deadline restarts.
    """
    for start in range(0, len(references), SLICE):
        for fetched in _slice(references[start : start + SLICE], bring):
            if fetched.found:
                restart_deadline()
            yield evolve(fetched, attached=attach(fetched.found))


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


def faults_of(
    references: Sequence[Reference], *, ports: Ports
) -> Iterator[tuple[Reference, ManyfestError]]:
    """Verify ``references``, and yield an error for each that is not whole, or cannot be checked.

    Uses the ports of ``verify_many``, and raises as it does.
    """
    for reference, found in zip(references, verify_many(references, ports=ports), strict=True):
        if isinstance(found, ManyfestError):
            yield reference, found
        elif errors := found.errors:
            yield reference, FaultyError(str(reference), len(errors), str(errors[0]))
