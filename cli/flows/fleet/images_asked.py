"""The images that arguments and files name: their names, places and platforms."""

import os
from collections.abc import Sequence

from attr import evolve

from manyfest.adapters.image_files.dot_env import variables_beside
from manyfest.adapters.image_files.image_file import images_in_file
from manyfest.assembly.references import reference
from manyfest.cli.arguments.input_files import STDIN, bytes_of
from manyfest.cli.output import warn
from manyfest.domain.errors import InputError, InvalidPlatformError
from manyfest.domain.image_uses.image_use import ImageUse
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

_NOWHERE = Reference(Repository("invalid.", "invalid"), "invalid")  # in place of a bad name


@frozen
class Asked:
    """An image to check: its name as written, its place, and its reference and platform.

    ``fault`` says why it cannot be checked.
    """

    name: str
    place: str
    reference: Reference
    platform: Platform | None = None
    fault: str = ""


def images_asked(
    names: Sequence[str], files: Sequence[str], platform: Platform | None
) -> tuple[Asked, ...]:
    """Return the images that are named, each name and platform of a file once.

    A ``platform`` goes before that of a file, and a variable of the environment before one of a
    file ``.env``. A file that names no image is warned of. Raises SpecError, OSError: a file cannot
    be read; InvalidReferenceError: an argument is no reference.
    """
    asked = [Asked(name, "", reference(name), platform) for name in names]
    for file in files:
        uses = images_in_file(file, bytes_of(file), {**variables_beside(file), **os.environ})
        shown = "standard input" if file == STDIN else file
        if not uses:
            warn(f"{shown} names no image in a form that is known")
        asked += (_asked(use, f"{shown}:{use.line}", platform) for use in uses)
    return tuple({(each.name, each.platform): each for each in reversed(asked)}.values())[::-1]


def _asked(use: ImageUse, place: str, platform: Platform | None) -> Asked:
    asked = Asked(use.name, place, _NOWHERE, platform or _platform(use.platform), use.fault)
    if asked.fault:
        return asked
    try:
        return evolve(asked, reference=reference(use.name))
    except InputError as error:
        return evolve(asked, fault=str(error))


def _platform(text: str) -> Platform | None:
    """Return the platform that a file states; None for one that is no platform."""
    try:
        return parse_filter(text) if text else None
    except InvalidPlatformError:
        return None
