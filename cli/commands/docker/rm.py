"""``manyfest rm``: forget drafts."""

from typing import Annotated

import typer

from manyfest.cli.arguments.options import require_arguments
from manyfest.cli.arguments.references import reference
from manyfest.cli.exit_codes import meaning_of
from manyfest.cli.output import fail
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.errors import InputError, NotFoundError
from manyfest.domain.operations.drafts.remove import remove


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="LIST [LIST...]", show_default=False)
    ] = None,
) -> None:
    """Forget drafts. What was published stays; nothing is printed.

    One that is missing is an error, with exit code 3, but the others are still removed.
    """
    names = require_arguments("rm", arguments, 1)
    code = 0
    with open_session(settings_from()) as session:
        for name in names:
            try:
                remove(reference(name), session.drafts)
            except (InputError, NotFoundError) as error:
                fail(str(error))
                code = meaning_of(error).code
    raise typer.Exit(code)
