"""``manyfest import-docker``: import the drafts of ``docker manifest``."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from manyfest.adapters.docker_drafts import DockerDrafts, DraftFolder
from manyfest.assembly.references import reference
from manyfest.cli.arguments.options import docker_command
from manyfest.cli.exit_codes import ExitError, meaning_of
from manyfest.cli.output import fail, note, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.drafts.docker_file_names import docker_file_name, list_names
from manyfest.domain.errors import ConflictError, DocumentError, DraftUnknownError, ManyfestError
from manyfest.domain.operations.drafts.import_drafts import import_draft
from manyfest.domain.references import Reference


@docker_command("import-docker", "[LIST...]")
def command(
    names: Sequence[str],
    force: Annotated[
        bool, Option("-f", "--force", help="Replace drafts of the same names.")
    ] = False,
) -> None:
    """Import the drafts of docker manifest.

    Imports all drafts in docker's configuration folder, or those of the names given; docker's files
    stay. docker shortens the names of its files: if several names fit, give LIST. A draft that
    cannot be read is skipped with an error, and so is one that exists here and is not pushed.

    Examples:
      manyfest import-docker
      manyfest import-docker --force host/app:1
    """
    settings = settings_from()
    docker_drafts = DockerDrafts(settings.docker_config)
    folders = docker_drafts.names()
    codes: set[int] = set()
    with open_session(settings) as session:
        for folder, name in map(_folder_and_name, names) if names else _unnamed(folders):
            for problem in _import(folder, name, docker_drafts, session, force=force):
                fail(str(problem))
                codes.add(meaning_of(problem).code)
    if not (names or folders):
        note(f"docker has no drafts in {settings.docker_config}")
    if codes:
        raise ExitError(min(codes))


def _unnamed(folders: Sequence[str]) -> Iterable[tuple[str, None]]:
    return ((folder, None) for folder in folders)


def _folder_and_name(text: str) -> tuple[str, Reference]:
    name = reference(text)
    return docker_file_name(name), name


def _import(
    folder: str,
    name: Reference | None,
    docker_drafts: DockerDrafts,
    session: Session,
    *,
    force: bool,
) -> Sequence[ManyfestError]:
    """Import a folder's draft; return the problems that prevented it, none on success."""
    if name and folder not in docker_drafts.names():
        return (DraftUnknownError(str(name)),)
    found = docker_drafts.read(folder)
    if found.problems:
        return found.problems
    try:
        draft = import_draft(
            name or _name_of(found),
            found.entries,
            ports=session,
            force=force,
        )
    except ConflictError as error:
        return (ConflictError(f"{error} (--force replaces it)"),)
    except DocumentError as error:
        return (error,)
    write_text(f"Imported manifest list {draft.name}")
    return ()


def _name_of(found: DraftFolder) -> Reference:
    """Return the name that folder and entries determine. Raises DocumentError: none or several."""
    names = list_names(found.name, [entry.source for entry in found.entries])
    if len(names) == 1:
        return names[0]
    may_be = f"may be {' or '.join(map(str, names))}" if names else "is not the folder of a list"
    raise DocumentError(found.name, f"{may_be}; name it: manyfest import-docker LIST")
