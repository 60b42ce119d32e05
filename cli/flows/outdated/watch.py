"""The same check again and again: a line for each change, and a command for an outdated image.

Theory of operation. Each round is a check with connections and a deadline of its own, and reads the
files again. A change is told once: it is the image, as it is named, with the digest that its tag
has now. An image that cannot be checked is warned of once, until it can be checked again. So a
network that is gone for a night costs one warning for each image, and what moved meanwhile is told
after.
"""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn

from manyfest.cli.output import note, warn, write_text
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.humanize import format_time
from manyfest.cli.rendering.outdated.change_words import change_words
from manyfest.cli.rendering.outdated.outdated_table import Row, row_object
from manyfest.domain.operations.views.outdated import Verdict

_TOLD = frozenset({Verdict.OUTDATED, Verdict.REPUBLISHED})
_SECONDS = 300.0  # that a command may take
_STDERR = 2  # a command's output does not mix with our lines


def split_command(text: str) -> list[str]:
    """Split a command as a shell splits words. Raises UsageError: it is empty, or a quote open."""
    with suppress(ValueError):
        if words := shlex.split(text):
            return words
    raise UsageError(f"--exec wants a command, not {text!r}")


def watch(
    check: Callable[[], Sequence[Row]],
    pause: Callable[[], None],
    command: Sequence[str],
    *,
    as_json: bool,
) -> NoReturn:
    """Check and pause, until ``pause`` or a signal ends it."""
    news = _News()
    while True:
        for row in news.of(check()):
            write_text(_line(row, as_json=as_json))
            if command and row.checked.verdict is Verdict.OUTDATED:
                _run(command, row)
        pause()


class _News:
    """The changes and failures that were told."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, str]] = set()
        self._failing: set[str] = set()

    def of(self, rows: Sequence[Row]) -> Iterator[Row]:
        """Yield the rows that are news; warn of images that cannot be checked any more."""
        for row in rows:
            self._watch_failure(row)
            news = row.name, str(row.checked.platform), str(row.checked.after)
            if row.checked.verdict in _TOLD and news not in self._told:
                self._told.add(news)
                yield row

    def _watch_failure(self, row: Row) -> None:
        is_failing = row.checked.verdict is Verdict.UNKNOWN
        if is_failing and row.name not in self._failing:
            warn(f"{row.name} cannot be checked: {change_words(row.checked)}")
            self._failing.add(row.name)
        elif not is_failing and row.name in self._failing:
            note(f"{row.name} can be checked again")
            self._failing.discard(row.name)


def _line(row: Row, *, as_json: bool) -> str:
    now = format_time(datetime.now(UTC))
    if as_json:
        return json.dumps({"time": now, **row_object(row)}, ensure_ascii=False)
    return f"{now} {row.name}: {row.checked.verdict.value}: {change_words(row.checked)}"


def _run(command: Sequence[str], row: Row) -> None:
    """Run the command for one change, with the change in its environment.

    One that fails, or takes too long, is warned of: the next change may fare better.
    """
    try:
        with subprocess.Popen(  # noqa: S603 -- the user's own command, without a shell
            command,
            env={**os.environ, **_variables(row)},
            stdin=subprocess.DEVNULL,
            stdout=_STDERR,
            start_new_session=True,
        ) as running:
            code = _ended(running)
    except OSError as error:
        warn(f"{command[0]} cannot be run: {error.strerror}")
        return
    if code is None:
        warn(f"{command[0]} took longer than {_SECONDS:.0f} s, and was ended")
    elif code:
        warn(f"{command[0]} ended with code {code}")


def _ended(running: subprocess.Popen[bytes]) -> int | None:
    """Wait for the end and return the code; None if the time was up. Leaves no process behind."""
    try:
        return running.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)


def _variables(row: Row) -> dict[str, str]:
    told = row_object(row)
    names = ("image", "reference", "platform", "status", "before", "after", "summary")
    return {f"MANYFEST_{name.upper()}": str(told[name] or "") for name in names}
