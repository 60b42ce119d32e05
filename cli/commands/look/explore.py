"""``manyfest explore``: look at the store in a browser."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from manyfest.assembly.references import reference
from manyfest.cli.arguments.option_values import Listen
from manyfest.cli.arguments.options import CONNECTION, OFFLINE, docker_command
from manyfest.cli.explorer.opening import announce, require_packages
from manyfest.cli.output import note, warn
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.domain.references import Repository


@docker_command("explore", "[MANIFEST]", 0, 1, options=OFFLINE | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    listen: Listen = "127.0.0.1:0",
    open_browser: Annotated[
        bool, Option("--open", help="Open the first page in the browser, too.")
    ] = False,
    export: Annotated[
        Path | None,
        Option("--export", metavar="DIR", help="Write all pages into DIR, and serve nothing."),
    ] = None,
) -> None:
    """Browse all cached content in a web browser.

    Shows repositories with the platforms of every tag, lists, images, history, comparisons, drafts
    and the store itself. Reads only the store. A page about content that is not cached has a button
    that asks its registry, if that is a registry of the store or of MANIFEST. The printed address
    has a token: other users of this machine cannot read the pages without it. Ctrl-C ends it. Needs
    the packages of manyfest[explore].

    Examples:
      manyfest explore
      manyfest explore --open --offline ghcr.io/team/app:1.4
      manyfest explore --export site
    """
    if export is not None and names:
        raise UsageError("--export writes all pages, and takes no MANIFEST")
    first = reference(names[0]) if names else None
    settings = settings_from(options)
    require_packages("explore")
    if export is not None:
        from manyfest.cli.explorer.export import export_pages

        count = export_pages(settings, export)
        note(f"wrote {count} pages; open {export / 'index.html'}")
        return
    from manyfest.cli.arguments.listen_address import ListenAddress
    from manyfest.cli.explorer.server import serve

    place = ListenAddress.parse(listen)
    if not place.is_loopback:
        only = "the token is all that keeps them out, sent in the clear"
        how = "; an address of this machine does for its name" if place.is_everywhere else ""
        warn(f"others can reach {listen}: {only}{how}")
    named = frozenset({first.home.registry} if first and isinstance(first.home, Repository) else ())
    path = f"/manifests/{quote(names[0])}" if names else "/"
    serve(settings, place, path, named, partial(announce, in_browser=open_browser))
