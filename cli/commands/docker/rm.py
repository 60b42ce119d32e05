"""``manyfest rm``: remove drafts."""

from collections.abc import Sequence

from manyfest.assembly.references import reference
from manyfest.cli.arguments.options import docker_command
from manyfest.cli.exit_codes import ExitError, meaning_of
from manyfest.cli.output import fail
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.errors import InputError, NotFoundError
from manyfest.domain.operations.drafts.drop import remove


@docker_command("rm", "LIST [LIST...]", 1)
def command(names: Sequence[str]) -> None:
    """Delete drafts; published images are not touched.

    A name without a draft is an error (exit code 3); the other drafts are still deleted.

    Examples:
      manyfest rm host/app:1
      manyfest rm host/app:1 host/app:2
    """
    code = 0
    with open_session(settings_from()) as session:
        for name in names:
            try:
                remove(reference(name), session.drafts)
            except (InputError, NotFoundError) as error:
                from manyfest.cli.advice.advise import advised

                fail(advised(str(error), error, ("rm", name)))
                code = meaning_of(error).code
    raise ExitError(code)
