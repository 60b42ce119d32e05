"""``manyfest auth why``: which credentials are used for a reference, and what they are good for."""

from collections.abc import Sequence

from manyfest.cli.arguments.options import INSECURE, TIMEOUT, AsJson, docker_command
from manyfest.cli.arguments.references import reference
from manyfest.cli.output import write_text
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_access


@docker_command("auth why", "REFERENCE", 1, 1, options=INSECURE | TIMEOUT)
def command(names: Sequence[str], options: CommonOptions, as_json: AsJson = False) -> None:
    """Explain which credentials are used.

    Tells the file, key or helper that has credentials for REFERENCE, what the registry asks for,
    and the scopes that were asked for and granted. Never shows a secret.
    """
    name = reference(names[0])
    settings = settings_from(options)
    with open_access(settings) as registries:
        access = registries.explain(name)
    from manyfest.cli.rendering.auth_report import access_json, access_text

    write_text(access_json(name, access) if as_json else access_text(name, access))
    if access.refusal is not None:
        raise access.refusal
