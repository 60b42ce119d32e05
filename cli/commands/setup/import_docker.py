"""``manyfest import-docker``: take over the drafts that ``docker manifest`` keeps."""

from collections.abc import Sequence
from typing import Annotated

import typer

from manyfest.adapters.docker_drafts import DockerDrafts, DraftFolder
from manyfest.cli.arguments.references import reference
from manyfest.cli.exit_codes import meaning_of
from manyfest.cli.output import fail, note, write_text
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.drafts.docker_file_names import docker_file_name, list_names
from manyfest.domain.errors import ConflictError, DocumentError, DraftUnknownError, ManyfestError
from manyfest.domain.operations.drafts.import_drafts import import_draft
from manyfest.domain.references import Reference


def command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[LIST...]", show_default=False)
    ] = None,
    force: Annotated[
        bool, typer.Option("-f", "--force", help="Replace drafts of the same names.")
    ] = False,
) -> None:
    """Take over the drafts that docker manifest keeps.

    All of them, or those of the names given. They are read from the folder manifests in docker's
    configuration, and left there. Docker does not keep a list's name as it is written: where
    several names come to the same, say which. A draft with a file that cannot be read is left out,
    and so is one that exists here and was not pushed.
    """
    settings = settings_from()
    theirs = DockerDrafts(settings.docker_config)
    folders = theirs.names()
    codes: set[int] = set()
    with open_session(settings) as session:
        for folder, name in map(_wanted, names) if names else ((each, None) for each in folders):
            for problem in _take_over(folder, name, theirs, session, force=force):
                fail(str(problem))
                codes.add(meaning_of(problem).code)
    if not (names or folders):
        note(f"docker has no drafts in {settings.docker_config}")
    raise typer.Exit(min(codes, default=0))


def _wanted(name: str) -> tuple[str, Reference]:
    named = reference(name)
    return docker_file_name(named), named


def _take_over(
    folder: str, name: Reference | None, theirs: DockerDrafts, session: Session, *, force: bool
) -> Sequence[ManyfestError]:
    """Why it was not taken over, if it was not."""
    if name and folder not in theirs.names():
        return (DraftUnknownError(str(name)),)
    held = theirs.read(folder)
    if held.problems:
        return held.problems
    try:
        draft = import_draft(
            name or _name_of(held),
            held.entries,
            ports=session,
            force=force,
        )
    except ConflictError as error:
        return (ConflictError(f"{error} (--force replaces it)"),)
    except DocumentError as error:
        return (error,)
    write_text(f"Imported manifest list {draft.name}")
    return ()


def _name_of(held: DraftFolder) -> Reference:
    """The list's name, where its folder and its entries leave no doubt; else DocumentError."""
    names = list_names(held.name, [entry.source for entry in held.entries])
    if len(names) == 1:
        return names[0]
    may_be = f"may be {' or '.join(map(str, names))}" if names else "is no list's folder"
    raise DocumentError(held.name, f"{may_be}; say its name: manyfest import-docker LIST")
