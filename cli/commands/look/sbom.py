"""``manyfest sbom``: show the packages in an image."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.options import (
    CONNECTION,
    FRESHNESS,
    OFFLINE,
    TABLE,
    AsJson,
    docker_command,
)
from manyfest.cli.flows.statements import note_trust, statements_for
from manyfest.cli.output import note, warn, write_document, write_lines, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.attached.sbom_table import (
    document_text,
    package_columns,
    packages_json,
    summary,
)
from manyfest.cli.rendering.table import view_of
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.operations.views.search_statements import SBOM
from manyfest.domain.statements.sboms import read_sbom

_FORMATS = ("table", "json")


@docker_command("sbom", "MANIFEST", 1, 1, options=OFFLINE | FRESHNESS | CONNECTION | TABLE)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Annotated[
        str | None,
        Option(
            "--platform", metavar="PLATFORM", help="Show that of the image for OS[/ARCH[/VARIANT]]."
        ),
    ] = None,
    form: Annotated[
        str,
        Option(
            "--format",
            metavar="table|json",
            help="Print a table of packages, or the SPDX or CycloneDX document itself.",
        ),
    ] = "table",
    as_json: AsJson = False,
) -> None:
    """Show the packages in an image, from its SBOM.

    Reads SPDX and CycloneDX from BuildKit's attestations, referrers and cosign's tags. An SBOM
    answers only for the image that it is about: without one of that platform, the exit code is 3,
    and 7 if what is attached is about another image. Signatures are not verified. --json prints the
    packages, --format json the document.

    Examples:
      manyfest sbom --platform linux/arm64 ghcr.io/team/app:1.4
      manyfest sbom --filter name=openssl* ghcr.io/team/app:1.4
      manyfest sbom --format json ghcr.io/team/app:1.4 > sbom.spdx.json
    """
    if form not in _FORMATS:
        raise UsageError(f"--format wants table or json, not {form!r}")
    if form == "json" and as_json:
        raise UsageError("--json prints packages, --format json the document: give one of them")
    with open_reading_session(settings_from(options)) as session:
        name = resolve_source(names[0], session)
        found = statements_for(name, platform, SBOM, session)
    chosen = found.chosen
    if form == "json":
        write_document(document_text(chosen.statement, chosen.data))
        note_trust(found, SBOM, name)
        return
    sbom = read_sbom(chosen.statement, str(chosen.manifest.at(chosen.blob.digest)))
    view = view_of(package_columns, sbom.packages, options, as_json=as_json)
    if as_json:
        write_lines(packages_json(view.items))
    elif sbom.packages:
        write_view(view.lines())
    if sbom.is_unreadable:
        warn(f"{chosen.image}: {summary(sbom)}")
    elif not as_json:
        note(f"{chosen.image}: {summary(sbom)}")
    note_trust(found, SBOM, name)
