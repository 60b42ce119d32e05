"""``manyfest verify``: find errors in a published image or list."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.references import resolve_source
from manyfest.assembly.settings import Settings
from manyfest.cli.arguments.option_values import ImageFiles, Through
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
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.table import text_lines
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.operations.views.verify import verify
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Repository
from manyfest.domain.verification.findings import Severity

FORMATS = ("text", "json", "junit", "sarif")


@docker_command("verify", "[MANIFEST...]", options=OFFLINE | FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    file: ImageFiles = None,
    expect_platforms: Annotated[
        list[str] | None,
        Option(
            "--expect-platforms",
            metavar="OS/ARCH[/VARIANT],...",
            help="Require an image for each of these platforms; others are a warning.",
        ),
    ] = None,
    form: Annotated[
        str | None,
        Option(
            "--format",
            metavar="text|json|junit|sarif",
            help="Print text, JSON, JUnit XML for test reports, or SARIF for code scanning.",
        ),
    ] = None,
    through: Through = None,
    as_json: AsJson = False,
    rules: Annotated[
        bool, Option("--rules", help="Show the rules instead; takes no MANIFEST.")
    ] = False,
) -> None:
    """Check a published image or list for errors.

    Checks that all manifests, configs and layers exist, and that platforms, sizes, digests and
    media types are as the list says. Layers are not downloaded; layers with URLs of their own are
    not checked. Drafts are ignored. Prints one line per finding. The exit code is 8 if there are
    errors, and 0 if there are only warnings. Of several images each has a verdict; if none failed,
    the exit code is that of the first that could not be checked. With --through, finds what a
    mirror lacks of a list under a tag that it has.

    Examples:
      manyfest verify host/app:1
      manyfest verify --through mirror.example.com:5000 alpine:3
      manyfest verify -f compose.yaml --expect-platforms linux/amd64,linux/arm64
      manyfest verify --rules
    """
    chosen = _format(form, as_json=as_json)
    if rules:
        require_arguments("verify --rules", (*names, *(file or ())), 0, 0)
        _show_rules(chosen)
        return
    require_arguments("verify", names, 0 if file else 1)
    expected = parse_filters(expect_platforms or ())
    settings = settings_from(options)
    if through is not None and settings.offline:
        raise UsageError("--offline and --through exclude each other")
    is_one = len(names) == 1 and not file and chosen in {"text", "json"}
    if is_one:
        _verify_one(names[0], expected, chosen, settings, through)
        return
    from manyfest.cli.flows.fleet.verify_fleet import fleet_of, verify_fleet

    asked = fleet_of(names, file or ())
    with open_reading_session(settings) as session:
        verify_fleet(asked, expected, chosen, session.through(through) if through else session)


def _format(form: str | None, *, as_json: bool) -> str:
    """Return the format that the options choose. Raises UsageError: two, or an unknown one."""
    if as_json and form not in {None, "json"}:
        raise UsageError(f"--json is --format json, not {form}: give one of them")
    if form not in {None, *FORMATS}:
        raise UsageError(f"--format wants one of {', '.join(FORMATS)}, not {form!r}")
    return form or ("json" if as_json else "text")


def _show_rules(form: str) -> None:
    from manyfest.cli.rendering import findings

    write_text(findings.rules_json() if form == "json" else findings.rules_text())


def _verify_one(
    name: str,
    expected: Sequence[Platform],
    form: str,
    settings: Settings,
    through: Repository | None,
) -> None:
    from manyfest.cli.rendering import findings

    with open_reading_session(settings) as session:
        session = session.through(through) if through else session  # noqa: PLW2901
        source = resolve_source(name, session)
        session.connect_early([source])
        found = verify(source, ports=session, expected=expected)
    if found.unseen:
        note(f"not cached, and so not checked: {found.unseen} of its blobs")
    note_foreign_layers(found.foreign_layers, "not checked")
    if form == "json":
        write_text(findings.findings_json(found))
    else:
        write_view(text_lines(findings.findings_text(found), findings.painted_finding))
    if found.count(Severity.ERROR):
        raise ExitError(FINDINGS)
