"""``manyfest auth why``: explain the credentials for a reference, and what they permit."""

from collections.abc import Sequence

from manyfest.assembly.references import reference
from manyfest.cli.arguments.options import INSECURE, TIMEOUT, AsJson, docker_command
from manyfest.cli.output import write_text, write_view
from manyfest.cli.rendering.table import text_lines
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import explain_access


@docker_command("auth why", "REFERENCE", 1, 1, options=INSECURE | TIMEOUT)
def command(names: Sequence[str], options: CommonOptions, as_json: AsJson = False) -> None:
    """Explain which credentials are used for a reference, and why.

    Shows the file, key or helper that has credentials for REFERENCE, the challenge of the registry,
    the scopes that are wanted and granted, and whether access is granted (else exit code 4). If
    registries.conf names mirrors, another place or insecurity, shows these, too. Never shows a
    secret.

    Examples:
      manyfest auth why ghcr.io/team/app:1
      manyfest auth why --json alpine
    """
    name = reference(names[0])
    settings = settings_from(options)
    explanation = explain_access(settings, name)
    from manyfest.cli.rendering import auth_report

    if as_json:
        write_text(auth_report.auth_json(name, explanation))
    else:
        text, hang = auth_report.auth_text(name, explanation), auth_report.LABEL_WIDTH
        write_view(text_lines(text, auth_report.painted_fact, hang=hang))
    if explanation.refusal is not None:
        raise explanation.refusal
