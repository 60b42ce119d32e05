"""Apply one step to each of several promotions, and keep the failures of all."""

from collections.abc import Callable, Sequence

from manyfest.domain.errors import ManyfestError, bare
from manyfest.domain.ports.fan_out import FanOut, Item, Result, sequential
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Failure:
    """The ``error`` for which ``source``, one of several, cannot be promoted."""

    source: Reference
    error: ManyfestError


def inner_fan_out(promotions: Sequence[object], fan_out: FanOut) -> FanOut:
    """Return the fan-out within one promotion: in parallel are these, or the parts of the one."""
    return sequential if len(promotions) > 1 else fan_out


def on_each(
    call: Callable[[Item], Result],
    items: Sequence[Item],
    sources: Sequence[Reference],
    fan_out: FanOut,
) -> tuple[tuple[Result, ...], tuple[Failure, ...]]:
    """Return the results for ``items``, or the failures of their ``sources``."""

    def capture(item: Item) -> Result | ManyfestError:
        try:
            return call(item)
        except ManyfestError as error:
            if len(items) == 1:
                raise
            return bare(error)

    outcomes = fan_out(capture, items)
    both = tuple(zip(sources, outcomes, strict=True))
    failures = tuple(Failure(one, error) for one, error in both if isinstance(error, ManyfestError))
    results = tuple(each for each in outcomes if not isinstance(each, ManyfestError))
    return ((), failures) if failures else (results, ())
