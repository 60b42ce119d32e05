"""``manyfest diff``: compare two published images or lists."""

from collections.abc import Sequence
from typing import Annotated, Any

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.options import CONNECTION, FRESHNESS, OFFLINE, AsJson, docker_command
from manyfest.cli.exit_codes import FINDINGS, ExitError
from manyfest.cli.output import stdout_screen, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.comparison.scope import Scope
from manyfest.domain.comparison.status import DifferenceKind
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.operations.views.diff import Comparison, diff

_NONE = "none"
_CONTENT = frozenset(DifferenceKind) - {DifferenceKind.BYTES}


def parse_kinds(text: str, name: str) -> frozenset[DifferenceKind]:
    """Parse kinds of differences with commas between, or ``none``."""
    if text == _NONE:
        return frozenset()
    try:
        return frozenset(DifferenceKind(word.strip()) for word in text.split(","))
    except ValueError:
        words = ", ".join(DifferenceKind)
        raise UsageError(f"{name} wants {_NONE}, or some of {words}; not {text!r}") from None


@docker_command("diff", "A B", 2, 2, options=OFFLINE | FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Annotated[
        list[str] | None,
        Option(
            "--platform",
            metavar="PLATFORM,...",
            help="Compare only the images for OS[/ARCH[/VARIANT]], and nothing else of lists.",
        ),
    ] = None,
    by_digest: Annotated[
        bool,
        Option("--entries", help="Compare the entries of lists by digest, and read no image."),
    ] = False,
    exit_code: Annotated[
        Any,
        Option(
            "--exit-code",
            metavar="KIND,...",
            parser=parse_kinds,
            help="Exit with 8 only for these kinds of differences; none: never.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two published images or lists by content.

    Shows, platform by platform, added, removed and changed entries; of an image that changed, its
    layers side by side, with the commands that made them, and its config by name. Says if only the
    list changed. An image is compared with the entry for its platform if the other side is a list.
    Drafts are ignored. Images are read only where their digests differ.

    The exit code is 0 if the content is the same, even if the bytes differ, and 8 if it differs.
    Kinds for --exit-code: list (annotations, order), entries (added, removed or described
    otherwise), attestations, manifest (annotations of images), config (what a container runs with),
    build (times, authors, commands), layers, bytes (any of these, or bytes alone).

    Examples:
      manyfest diff alpine:3.19 alpine:3.20
      manyfest diff --platform linux/arm64 host/app:1@{1} host/app:1
      manyfest diff --exit-code entries,config,layers host/app:1 host/app:2
      manyfest diff --json --entries host/app:1 mirror.example/app:1
    """
    scope = Scope(parse_filters(platform or ()), reads_images=not by_digest)
    with open_reading_session(settings_from(options)) as session:
        before, after = (resolve_source(name, session) for name in names)
        session.connect_early([before, after])
        comparison = diff(before, after, ports=session, scope=scope)
    _show(comparison, as_json=as_json)
    if not (_CONTENT if exit_code is None else exit_code).isdisjoint(comparison.kinds):
        raise ExitError(FINDINGS)


def _show(comparison: Comparison, *, as_json: bool) -> None:
    if as_json:
        from manyfest.cli.rendering.diff.diff_json import diff_json

        write_text(diff_json(comparison))
        return
    from manyfest.cli.rendering.diff.diff_text import diff_text, painted_difference
    from manyfest.cli.rendering.table import text_lines

    screen = stdout_screen()
    write_view(text_lines(diff_text(comparison, screen), painted_difference, screen=screen))
