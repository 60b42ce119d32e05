"""``manyfest outdated``: show which images are out of date."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from time import sleep
from typing import Annotated, NoReturn

from manyfest.cli.arguments.option_values import ImageFiles
from manyfest.cli.arguments.options import (
    CONNECTION,
    TABLE,
    AsJson,
    docker_command,
    parse_age,
    require_arguments,
)
from manyfest.cli.exit_codes import FINDINGS, ExitError, meaning_of
from manyfest.cli.flows.fleet.images_asked import Asked, images_asked
from manyfest.cli.flows.outdated.image_list import checked_rows
from manyfest.cli.output import note, warn, write_lines, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.outdated.outdated_table import Row, outdated_columns, outdated_json
from manyfest.cli.rendering.outdated.pulls_left import pulls_left
from manyfest.cli.rendering.table import view_of
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session, open_session
from manyfest.domain.errors import ManyfestError, UnreachableError
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.views.outdated import Verdict

_SHORTEST = timedelta(seconds=1)


@docker_command("outdated", "[MANIFEST...]", options=CONNECTION | TABLE)
def command(
    names: Sequence[str],
    options: CommonOptions,
    file: ImageFiles = None,
    platform: Annotated[
        str | None,
        Option("--platform", metavar="P", help="Compare the image for OS[/ARCH[/VARIANT]] only."),
    ] = None,
    every: Annotated[
        timedelta | None,
        Option(
            "--every",
            metavar="TIME",
            parser=parse_age,
            help="Check again every TIME (90s, 10m, 2h, 1d), and print a line for each change.",
        ),
    ] = None,
    execute: Annotated[
        str | None,
        Option(
            "--exec",
            metavar="CMD",
            help="With --every: run CMD, without a shell, for each outdated image.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which images are out of date, and for which platforms.

    Compares a tag with its pinned digest (NAME:TAG@DIGEST), else with the digest that the store saw
    last. An image is outdated if the entry of its platform changed; a list that was only
    republished, with a new platform, is not. Without --platform, the platform in the file counts,
    else all platforms. A current image costs one HEAD, which registries do not count as a pull.
    The exit code is 8 if an image is outdated.

    With --every, checks until Ctrl-C, and goes on if the network fails; --json prints JSON Lines.
    CMD may run for 5 minutes. Its environment has MANYFEST_IMAGE, MANYFEST_PLATFORM,
    MANYFEST_BEFORE, MANYFEST_AFTER and MANYFEST_SUMMARY.

    Examples:
      manyfest outdated -f Dockerfile -f compose.yaml
      manyfest outdated --platform linux/amd64 golang:1.23@sha256:0123...
      git ls-files '*Dockerfile' | xargs -n1 manyfest outdated -f
      manyfest outdated --every 10m --exec ./rebuild.sh -f Dockerfile
    """
    files = file or ()
    require_arguments("outdated", names, 0 if files else 1)
    wanted = None if platform is None else parse_filter(platform)
    if execute is not None and every is None:
        raise UsageError("--exec goes with --every")
    if every is not None and every < _SHORTEST:
        raise UsageError("--every wants a second at least")
    if settings_from(options).offline:
        raise UnreachableError("", "offline: no registry can be asked what its tags are now")
    asked = images_asked(names, files, wanted)
    if every is not None:
        _watch(lambda: images_asked(names, files, wanted), every, execute, options, as_json=as_json)
    with open_reading_session(settings_from(options)) as session:
        rows = list(checked_rows(asked, session))
        left = list(pulls_left(session.pulls_left))
    view = view_of(outdated_columns, rows, options, as_json=as_json)
    if as_json:
        write_lines(outdated_json(view.items))
    elif rows:  # else it was said that the files name none
        write_view(view.lines())
        _note_count(rows)
    for line in left:
        note(line)
    _exit(rows)


def _watch(
    images: Callable[[], Sequence[Asked]],
    every: timedelta,
    execute: str | None,
    options: CommonOptions,
    *,
    as_json: bool,
) -> NoReturn:
    """Check until a signal ends it; warn of a round that fails, as a file may be being written."""
    from manyfest.cli.flows.outdated.watch import split_command, watch

    command = split_command(execute) if execute is not None else []

    def check() -> Sequence[Row]:
        try:
            with open_session(settings_from(options)) as session:
                return list(checked_rows(images(), session))
        except (ManyfestError, OSError) as error:
            from manyfest.cli.advice.remedies import told

            warn(told(error))
            return ()

    watch(check, lambda: sleep(every.total_seconds()), command, as_json=as_json)


def _note_count(rows: Sequence[Row]) -> None:
    outdated = sum(row.checked.verdict is Verdict.OUTDATED for row in rows)
    unknown = sum(row.checked.verdict is Verdict.UNKNOWN for row in rows)
    rest = f", {unknown} could not be checked" if unknown else ""
    note(f"{outdated} of {len(rows)} outdated{rest}")


def _exit(rows: Sequence[Row]) -> None:
    """Raise ExitError: 8 if an image is outdated, else the code of the first failure."""
    if any(row.checked.verdict is Verdict.OUTDATED for row in rows):
        raise ExitError(FINDINGS)
    errors = [row.checked.error for row in rows if row.checked.error is not None]
    if errors:
        raise ExitError(meaning_of(errors[0]).code)
