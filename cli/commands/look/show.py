"""``manyfest show``: look at an image, a list, a draft or an artifact."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from attr import evolve

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.options import (
    CONNECTION,
    FRESHNESS,
    OFFLINE,
    AsJson,
    docker_command,
    whole_number,
)
from manyfest.cli.output import PLAIN, Screen, note, stdout_screen, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.show.list_tree import ViewForm, list_lines
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_reading_session
from manyfest.domain.operations.steps.tree import NESTING_LIMIT
from manyfest.domain.operations.views.overview import Extent, Overview
from manyfest.domain.operations.views.show import show, show_draft, show_image


@docker_command("show", "MANIFEST", 1, 1, options=OFFLINE | FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Annotated[
        str | None,
        Option(
            "--platform",
            metavar="PLATFORM",
            help="Show the image for OS[/ARCH[/VARIANT]] of a list.",
        ),
    ] = None,
    long: Annotated[
        bool,
        Option("-l", "--long", help="Read every image's manifest and config from registries."),
    ] = False,
    layers: Annotated[
        bool, Option("--layers", help="Show the layers of each image; reads as --long does.")
    ] = False,
    annotations: Annotated[bool, Option("--annotations", help="Show annotations.")] = False,
    referrers: Annotated[
        bool,
        Option("--referrers", help="Ask the registry for signatures, SBOMs and the like."),
    ] = False,
    depth: Annotated[
        int,
        Option(
            "--depth",
            metavar="N",
            parser=whole_number(0),
            help="Show N levels: 1 is the entries, 0 only the head.",
        ),
    ] = NESTING_LIMIT,
    no_trunc: Annotated[
        bool, Option("--no-trunc", help="Show texts in full, whatever the terminal's width.")
    ] = False,
    remote: Annotated[bool, Option("--remote", help="Ignore a draft of this name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show an image, a list, a draft or an artifact as a tree.

    A list costs one request. Sizes, layers and ages of its images are shown if the store has them,
    or if the list is in a layout or archive; --long reads them from the registry. An image is
    shown with its config and the steps that built it.

    Examples:
      manyfest show alpine
      manyfest show --long --annotations ghcr.io/team/app:1.4
      manyfest show --platform linux/arm64 alpine
      manyfest show --referrers --depth 1 ghcr.io/team/app:1.4
    """
    extent = Extent(long or layers, referrers, depth)
    with open_reading_session(settings_from(options)) as session:
        view = _view(names[0], platform, extent, session, remote=remote)
        now = session.now
    if as_json:
        from manyfest.cli.rendering.show.show_json import show_json

        write_text(show_json(view))
        return
    screen = _untruncated(stdout_screen()) if no_trunc else stdout_screen()
    write_view(_lines(view, ViewForm(screen, now, annotations, layers, depth)))


def _view(
    text: str, platform: str | None, extent: Extent, session: Session, *, remote: bool
) -> Overview:
    name = resolve_source(text, session)
    if platform is not None:
        from manyfest.cli.flows.inspect_image import read_image

        image = read_image(name, platform, session, remote=remote)
        view = show_image(image, extent, ports=session)
        return evolve(view, reference=evolve(name, digest=image.manifest.digest))
    draft = None if remote else session.drafts.find(name)
    if draft is not None and draft.shadows_remote:
        note(f"this is the draft {name}, not the published list (--remote shows that)")
        return show_draft(draft, extent, ports=session)
    return show(name, extent, ports=session)


def _untruncated(screen: Screen) -> Screen:
    return Screen(PLAIN.width, has_color=screen.has_color)


def _lines(view: Overview, form: ViewForm) -> Iterator[str]:
    if view.configuration is None:
        return list_lines(view, form)
    from manyfest.cli.rendering.show.image_text import image_lines

    return image_lines(view, view.configuration, form)
