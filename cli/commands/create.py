"""``manyfest create``: make a draft from images and lists."""

from typing import Annotated

import typer

from manyfest.cli.options import JOBS, Insecure, Jobs, Timeout, counted, reference
from manyfest.cli.output import write_text
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.operations.create import create


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="LIST MANIFEST [MANIFEST...]", show_default=False)
    ] = None,
    amend: Annotated[
        bool, typer.Option("-a", "--amend", help="Add to a draft that exists, or renew its images.")
    ] = False,
    insecure: Insecure = False,
    jobs: Jobs = JOBS,
    timeout: Timeout = None,
) -> None:
    """Make a draft of a list from images and lists.

    From a list its entries are taken. All or nothing: when one image cannot be read, the drafts
    are as they were.
    """
    names = counted("create", arguments, 2)
    settings = settings_from(insecure=insecure, jobs=jobs, seconds=timeout)
    with open_session(settings) as session:
        name, *sources = map(reference, names)
        draft = create(
            name,
            sources,
            registry=session.registry,
            contents=session.contents,
            drafts=session.drafts,
            each=session.each,
            now=session.now,
            amend=amend,
        )
    write_text(f"Created manifest list {draft.name}")
