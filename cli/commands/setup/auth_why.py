"""``manyfest auth why``: which credentials are used for a reference, and what they are good for."""

from typing import Annotated

import typer

from manyfest.cli.arguments.options import AsJson, Insecure, Timeout, require_arguments
from manyfest.cli.arguments.references import reference
from manyfest.cli.output import write_text
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_access


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="REFERENCE", show_default=False)
    ] = None,
    as_json: AsJson = False,
    insecure: Insecure = False,
    timeout: Timeout = None,
) -> None:
    """Explain which credentials are used.

    Tells the file, key or helper that has credentials for REFERENCE, what the registry asks for,
    and the scopes that were asked for and granted. Never shows a secret.
    """
    name = reference(require_arguments("auth why", arguments, 1, 1)[0])
    settings = settings_from(insecure=insecure, seconds=timeout)
    with open_access(settings) as registries:
        access = registries.explain(name)
    from manyfest.cli.rendering.auth_report import access_json, access_text

    write_text(access_json(name, access) if as_json else access_text(name, access))
    if access.refusal is not None:
        raise access.refusal
