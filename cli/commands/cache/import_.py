"""``manyfest cache import``: read a bundle, or another program's, into the store."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.cli.arguments.options import TIMEOUT, AsJson, docker_command
from manyfest.cli.output import note, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.cache.bundle_summary import imported_json, imported_text
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.errors import ConflictError
from manyfest.domain.operations.content.bundle_images import Naming
from manyfest.domain.operations.content.import_bundle import ImportOptions, import_bundle


@docker_command("cache import", "FILE|DIR", 1, 1, options=TIMEOUT)
def command(
    names: Sequence[str],
    options: CommonOptions,
    repository: Annotated[
        str | None,
        Option(
            "--as",
            metavar="REPOSITORY[:TAG]",
            help="Where images belong that have a bare tag; TAG names one that has none.",
        ),
    ] = None,
    no_layers: Annotated[bool, Option("--no-layers", help="Do not import layers.")] = False,
    sparse: Annotated[
        bool,
        Option("--sparse", help="Import lists although some of their images are missing."),
    ] = False,
    force: Annotated[
        bool, Option("-f", "--force", help="Replace drafts of the same names.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import the content of a bundle into the cache, all or nothing.

    Accepts bundles of cache export, OCI layouts (a folder, or a .tar, compressed or not), and
    archives of docker save and podman save. Every digest is checked. The tags in a bundle join the
    history of those tags here, by the time at which they were observed.

    Examples:
      manyfest cache import bundle.tar
      manyfest cache import --as host/app:1 saved.tar
      manyfest cache import --sparse --no-layers lists.tar
    """
    (name,) = names
    naming = Naming.parse(repository)
    with (
        open_session(settings_from(options)) as session,
        open_bundle(Path(name), partial(session.check_deadline, name)) as bundle,
        shown_progress() as on_event,
    ):
        try:
            imported = import_bundle(
                bundle,
                ports=session,
                naming=naming,
                terms=ImportOptions(not no_layers, sparse, force),
                on_event=session.checking_deadline(on_event),
            )
        except ConflictError as error:
            raise ConflictError(f"{error} (--force replaces it)") from error
    if imported.unnamed:
        note(f"without a name, cached by digest: {', '.join(map(str, imported.unnamed))}")
    write_text(imported_json(imported) if as_json else imported_text(imported))
