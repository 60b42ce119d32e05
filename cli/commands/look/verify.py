"""``manyfest verify``: find errors in a published image or list."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.references import resolve_source
from manyfest.assembly.settings import Settings
from manyfest.cli.arguments.options import (
    CONNECTION,
    FRESHNESS,
    OFFLINE,
    AsJson,
    docker_command,
    require_arguments,
)
from manyfest.cli.exit_codes import FINDINGS, ExitError
from manyfest.cli.flows.checks import note_foreign_layers
from manyfest.cli.output import note, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.table import text_lines
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.operations.views.verify import Verification, verify
from manyfest.domain.verification.findings import Severity


@docker_command("verify", "MANIFEST", options=OFFLINE | FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    as_json: AsJson = False,
    rules: Annotated[
        bool, Option("--rules", help="Show the rules instead; takes no MANIFEST.")
    ] = False,
) -> None:
    """Check a published image or list for errors.

    Checks that all manifests, configs and layers exist, and that platforms, sizes, digests and
    media types are as the list says. Layers are not downloaded; layers with URLs of their own are
    not checked. Drafts are ignored. Prints one line per finding. The exit code is 8 if there are
    errors, and 0 if there are only warnings.

    Examples:
      manyfest verify host/app:1
      manyfest verify --rules
    """
    from manyfest.cli.rendering import findings

    if rules:
        require_arguments("verify --rules", names, 0, 0)
        write_text(findings.rules_json() if as_json else findings.rules_text())
        return
    (name,) = require_arguments("verify", names, 1, 1)
    found = _verification(name, settings_from(options))
    if found.unseen:
        note(f"not cached, and so not checked: {found.unseen} of its blobs")
    note_foreign_layers(found.foreign_layers, "not checked")
    if as_json:
        write_text(findings.findings_json(found))
    else:
        write_view(text_lines(findings.findings_text(found), findings.painted_finding))
    if found.count(Severity.ERROR):
        raise ExitError(FINDINGS)


def _verification(name: str, settings: Settings) -> Verification:
    with open_reading_session(settings) as session:
        source = resolve_source(name, session)
        session.connect_early([source])
        return verify(source, ports=session)
