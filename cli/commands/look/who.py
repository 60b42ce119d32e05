"""``manyfest who``: show what needs a digest."""

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from attr import evolve

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.options import TABLE, AsJson, docker_command
from manyfest.cli.exit_codes import FINDINGS, ExitError
from manyfest.cli.output import note, stdout_screen, write_lines, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.table import text_lines, view_of
from manyfest.cli.rendering.who.dependents_table import (
    dependent_columns,
    dependents_json,
    neighbours_lines,
)
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.digests import Digest
from manyfest.domain.errors import InputError, NeverSeenError
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.dependents.find import find_dependents
from manyfest.domain.operations.dependents.neighbours import Neighbours, find_neighbours
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.steps.select_image import locate_image
from manyfest.domain.platforms import Platform

if TYPE_CHECKING:
    from manyfest.cli.wiring import Session

_DIGEST = re.compile(r"(?:(sha256|sha512):)?([0-9a-f]{7,128})")
_SHORT = re.compile(r"(?:sha256|sha512):[0-9a-f]{0,6}")


@docker_command("who", "DIGEST|MANIFEST", 1, 1, options=TABLE)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Annotated[
        str | None,
        Option(
            "--platform",
            metavar="PLATFORM",
            help="Ask about the image for OS[/ARCH[/VARIANT]] in a list.",
        ),
    ] = None,
    exit_code: Annotated[
        bool, Option("--exit-code", help="Exit with 8 if something needs it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show which tags, lists, drafts and referrers need an image, a list or a layer.

    The answer is from the cache, over all registries, and no registry is asked. DIGEST may be the
    beginning of a digest, of 7 digits or more. Past states of tags count, too. Of an image, the
    images that share its layers are shown, and its base: as the image states it, and as a guess,
    the cached image with most layers that this one begins with.

    The exit code is 0 whether or not something needs it, and 3 if it is not in the cache.

    Examples:
      manyfest who sha256:0123456789ab
      manyfest who --platform linux/arm64 alpine:3.20
      manyfest who --exit-code -q host/app@sha256:0123...
    """
    settings = evolve(settings_from(), offline=True)
    with open_session(settings) as session:
        wanted = parse_filter(platform) if platform else None
        digest = _digest(names[0], wanted, session)
        dependents = find_dependents(digest, ports=session)
        manifest = session.contents.manifest(digest)
        neighbours = find_neighbours(manifest, session.contents) if manifest else Neighbours()
        columns = partial(dependent_columns, now=session.now)
    view = view_of(columns, dependents.found, options, as_json=as_json)
    if as_json:
        complete = dependents.is_complete
        write_text(dependents_json(digest, view.items, neighbours, is_complete=complete))
    else:
        if dependents.found:
            write_view(view.lines())
        if not (options.quiet or options.columns):
            lines = "\n".join(neighbours_lines(neighbours, stdout_screen()))
            write_lines(text_lines(lines, lambda line, _: line))
    if not dependents.found:
        note(f"nothing in the cache needs {digest}")
    if not dependents.is_complete:
        note("more need it; the search ended early")
    if exit_code and dependents.found:
        raise ExitError(FINDINGS)


def _digest(text: str, platform: Platform | None, session: "Session") -> Digest:
    """Return the digest that a person means: of a reference, or one that begins like ``text``."""
    written = _DIGEST.fullmatch(text)
    if written is not None and platform is None:
        algorithm, digits = written[1] or "sha256", written[2]
        known = session.contents.digests(f"{algorithm}:{digits}", 2)
        if len(known) > 1:
            raise InputError(f"{text} is ambiguous: {known[0]} and {known[1]} begin with it")
        if known:
            return known[0]
        if written[1]:
            raise NeverSeenError(text)
    if _SHORT.fullmatch(text):
        raise InputError(f"{text}: the beginning of a digest needs 7 digits or more")
    name = resolve_source(text, session)
    if name.digest is not None and platform is None:
        return name.digest
    found = resolve(name, session.registry)
    if platform is None:
        return found.manifest.digest
    place = locate_image(found, platform, session.registry)
    return place.digest or found.manifest.digest
