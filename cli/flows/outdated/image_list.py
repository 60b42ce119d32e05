"""The check of the images that arguments and files name, in slices."""

from collections.abc import Iterator, Sequence

from manyfest.cli.flows.fleet.images_asked import Asked
from manyfest.cli.rendering.outdated.outdated_table import Row
from manyfest.cli.wiring import Session
from manyfest.domain.errors import InputError
from manyfest.domain.operations.views.outdated import Checked, Verdict, check_outdated


def checked_rows(asked: Sequence[Asked], session: Session) -> Iterator[Row]:
    """Check the images, and yield a row each, in their order."""
    for some in session.slices(asked):
        usable = [each for each in some if not each.fault]
        session.connect_early([each.reference for each in usable])
        wanted = [(each.reference, each.platform) for each in usable]
        checked = iter(check_outdated(wanted, ports=session))
        for each in some:
            yield Row(each.name, each.place, _faulty(each) if each.fault else next(checked))


def _faulty(asked: Asked) -> Checked:
    error = InputError(asked.fault)
    return Checked(asked.reference, asked.platform, Verdict.UNKNOWN, error=error)
