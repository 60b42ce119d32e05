"""``manyfest cache import``: read a bundle, or another program's, into the store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.cli.arguments.options import AsJson, docker_command
from manyfest.cli.output import note, write_text
from manyfest.cli.rendering.cache.bundle_summary import imported_json, imported_text
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.errors import ConflictError, InvalidReferenceError
from manyfest.domain.operations.content.import_bundle import ImportOptions, import_bundle
from manyfest.domain.references import Reference, Repository


@docker_command("cache import", "FILE|DIR", 1, 1)
def command(
    names: Sequence[str],
    repository: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="REPOSITORY", help="Where images belong that are named by a tag alone."
        ),
    ] = None,
    no_layers: Annotated[bool, typer.Option("--no-layers", help="Leave layers.")] = False,
    sparse: Annotated[
        bool,
        typer.Option("--sparse", help="Take lists though some of their images are nowhere."),
    ] = False,
    force: Annotated[
        bool, typer.Option("-f", "--force", help="Replace drafts of the same names.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take what a bundle holds into the store, all or nothing.

    Every byte is checked. A bundle is what cache export writes, any OCI layout in a folder or in an
    archive (.tar, .tar.gz, .tar.zst), and what docker save and podman save write. What a tag points
    to there takes its place among what was seen here, by the time it was seen.
    """
    (name,) = names
    place = None if repository is None else _repository(repository)
    with (
        open_session(settings_from()) as session,
        open_bundle(Path(name)) as bundle,
        shown_progress() as on_event,
    ):
        try:
            imported = import_bundle(
                bundle,
                ports=session,
                repository=place,
                terms=ImportOptions(not no_layers, sparse, force),
                on_event=on_event,
            )
        except ConflictError as error:
            raise ConflictError(f"{error} (--force replaces it)") from error
    if imported.unnamed:
        note(f"without a name, kept by digest: {', '.join(map(str, imported.unnamed))}")
    write_text(imported_json(imported) if as_json else imported_text(imported))


def _repository(text: str) -> Repository:
    """Parse a repository. Raises InvalidReferenceError: it is not one, or has a tag."""
    parsed = Reference.parse(f"{text}:tag")
    if not isinstance(parsed.home, Repository):
        raise InvalidReferenceError(text, "this is no repository of a registry")
    return parsed.home
