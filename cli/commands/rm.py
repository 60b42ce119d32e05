"""``manyfest rm``: forget drafts."""

from typing import Annotated

import typer

from manyfest.cli.exit_codes import meaning_of
from manyfest.cli.options import reference, require_count
from manyfest.cli.output import fail
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.errors import InputError, NotFoundError
from manyfest.domain.operations.remove import remove


def command(
    names: Annotated[list[str], typer.Argument(metavar="LIST [LIST...]", show_default=False)],
) -> None:
    """Forget drafts. What was published stays; nothing is printed.

    One that is missing is an error, but the others are still removed.
    """
    require_count("rm", names, 1, None)
    code = 0
    with open_session(settings_from()) as session:
        for name in names:
            try:
                remove(reference(name), session.drafts)
            except (InputError, NotFoundError) as error:
                fail(str(error))
                code = meaning_of(error).code
    raise typer.Exit(code)
