"""``manyfest imagetools inspect``: show a published image or list as buildx does."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.options import CONNECTION, FRESHNESS, OFFLINE, docker_command
from manyfest.cli.flows.imagetools.options import Builder, Debug, apply_debug
from manyfest.cli.flows.imagetools.summary import summary_lines
from manyfest.cli.output import write_bytes, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.operations.views.inspect import inspect
from manyfest.domain.specs.buildx_sources import reference_text


@docker_command("imagetools inspect", "NAME", 1, 1, options=OFFLINE | FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    raw: Annotated[bool, Option("--raw", help="Write the exact bytes and nothing else.")] = False,
    form: Annotated[
        str | None,
        Option(
            "--format",
            metavar="TEMPLATE",
            help="Print fields, such as {{.Manifest.Digest}} or {{json .Image}}.",
        ),
    ] = None,
    builder: Builder = None,  # noqa: ARG001 - buildx's
    debug: Debug = False,
) -> None:
    """Show a published image or list, with the arguments of buildx.

    Drafts are ignored. --format prints a template with the fields .Name, .Manifest, .Image,
    .Provenance and .SBOM, and members of them; "manyfest show --json" has more.

    Examples:
      manyfest imagetools inspect alpine
      manyfest imagetools inspect alpine --format "{{.Manifest.Digest}}"
    """
    apply_debug(is_on=debug)
    if form and raw:
        raise UsageError("format and raw cannot be used together")
    (name,) = names
    with open_reading_session(settings_from(options)) as session:
        reference = resolve_source(reference_text(name), session)
        session.connect_early([reference])
        found = inspect(reference, ports=session)
        if raw:
            write_bytes(found.manifest.data)
        elif not form:
            write_text("\n".join(summary_lines(reference, found.manifest)))
        else:
            from manyfest.cli.flows.imagetools.template import rendered

            write_text(rendered(form, name, found, session))
