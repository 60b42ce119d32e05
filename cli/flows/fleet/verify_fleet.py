"""The flow of ``verify`` for many images: those that arguments and files name, in slices."""

from collections.abc import Iterator, Sequence

from manyfest.cli.exit_codes import FINDINGS, ExitError, meaning_of
from manyfest.cli.flows.checks import note_foreign_layers
from manyfest.cli.flows.fleet.images_asked import Asked, images_asked
from manyfest.cli.output import note, write_lines, write_text
from manyfest.cli.rendering.fleet.fleet_text import fleet_json, fleet_sum, fleet_text
from manyfest.cli.rendering.fleet.verdict import FleetImage
from manyfest.cli.wiring import Session
from manyfest.domain.errors import InputError
from manyfest.domain.operations.views.verify import Verification, verify_many
from manyfest.domain.platforms import Platform


def fleet_of(names: Sequence[str], files: Sequence[str]) -> tuple[Asked, ...]:
    """Return the images that are named, each name once. Raises as ``images_asked``."""
    asked = images_asked(names, files, None)
    return tuple({each.name: each for each in reversed(asked)}.values())[::-1]


def verify_fleet(
    asked: Sequence[Asked], expected: Sequence[Platform], form: str, session: Session
) -> None:
    """Verify the images and print the verdicts in this form.

    Raises ExitError: 8 if one failed, else the code of the first that could not be checked.
    """
    images = list(_verified(asked, expected, session))
    if form == "text":
        write_lines(fleet_text(images).splitlines())
        note(fleet_sum(images))
    else:
        write_text(_document(images, form))
    _exit(images)


def _verified(
    asked: Sequence[Asked], expected: Sequence[Platform], session: Session
) -> Iterator[FleetImage]:
    for some in session.slices(asked):
        usable = [each.reference for each in some if not each.fault]
        session.connect_early(usable)
        found = iter(verify_many(usable, ports=session, expected=expected))
        for each in some:
            verdict = InputError(each.fault) if each.fault else next(found)
            if isinstance(verdict, Verification):
                _note_unchecked(verdict)
            yield FleetImage(each.name, each.place, verdict)


def _note_unchecked(found: Verification) -> None:
    if found.unseen:
        note(f"{found.root.reference}: not cached, and so not checked: {found.unseen} of its blobs")
    note_foreign_layers(found.foreign_layers, "not checked")


def _document(images: Sequence[FleetImage], form: str) -> str:
    if form == "junit":
        from manyfest.cli.rendering.fleet.junit import fleet_junit

        return fleet_junit(images)
    if form == "sarif":
        from manyfest.cli.rendering.fleet.sarif import fleet_sarif

        return fleet_sarif(images)
    return fleet_json(images)


def _exit(images: Sequence[FleetImage]) -> None:
    if any(image.status == "failed" for image in images):
        raise ExitError(FINDINGS)
    for error in (image.error for image in images):
        if error is not None:
            raise ExitError(meaning_of(error).code)
