"""``manyfest provenance``: show how an image was built."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.options import CONNECTION, FRESHNESS, OFFLINE, AsJson, docker_command
from manyfest.cli.flows.statements import note_trust, statements_for
from manyfest.cli.output import stdout_screen, write_document, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.attached.provenance_text import provenance_json, provenance_lines
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.errors import StatementUnknownError
from manyfest.domain.operations.views.search_statements import PROVENANCE
from manyfest.domain.statements.provenance import read_provenance


@docker_command("provenance", "MANIFEST", 1, 1, options=OFFLINE | FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Annotated[
        str | None,
        Option(
            "--platform",
            metavar="PLATFORM",
            help="Show that of the image for OS[/ARCH[/VARIANT]].",
        ),
    ] = None,
    dockerfile: Annotated[
        bool,
        Option("--dockerfile", help="Print the Dockerfile, which builds with mode=max include."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show how an image was built, from its provenance.

    Shows builder, source, commit, parameters and inputs, in SLSA 0.2 and 1.0, from BuildKit's
    attestations, referrers and cosign's tags. It answers only for the image that it is about:
    without one of that platform, the exit code is 3, and 7 if what is attached is about another
    image. The builder claims it; signatures are not verified.

    Examples:
      manyfest provenance --platform linux/arm64 ghcr.io/team/app:1.4
      manyfest provenance --dockerfile ghcr.io/team/app:1.4
    """
    if dockerfile and as_json:
        raise UsageError("--json has the Dockerfile, too: it goes without --dockerfile")
    with open_reading_session(settings_from(options)) as session:
        name = resolve_source(names[0], session)
        statements = statements_for(name, platform, PROVENANCE, session)
    chosen = statements.chosen
    found = read_provenance(chosen.statement)
    if dockerfile:
        if found.dockerfile is None:
            hint = " in its provenance: BuildKit includes it with --provenance mode=max"
            raise StatementUnknownError(str(chosen.image), "Dockerfile", hint)
        write_document(found.dockerfile.removesuffix("\n"))
    elif as_json:
        write_text(provenance_json(chosen.image, found))
    else:
        write_view(provenance_lines(chosen.image, found, stdout_screen()))
    note_trust(statements, PROVENANCE, name)
