"""Progress: a bar that fits the terminal and goes away, and a note now and then in a log."""

import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from manyfest.cli import output
from manyfest.cli.rendering import progress
from manyfest.cli.rendering.progress import Tally, shown_pause, shown_progress
from manyfest.domain.digests import Digest
from manyfest.domain.events import (
    BlobCopied,
    BlobFound,
    BlobMounted,
    BlobMoved,
    BlobStarted,
    ManifestPut,
    ReadingPlanned,
    ReferenceRead,
    TransferPlanned,
)
from manyfest.domain.references import Reference

MEGABYTE = 1_000_000
A, B, C = (Reference.parse(f"r.example/app@{Digest.of(name)}") for name in (b"a", b"b", b"c"))
SHORT = f"sha256:{Digest.of(b'b').hex[:12]}"
CLEARED = "\r\x1b[K"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    @property
    def shown(self) -> list[str]:
        """The lines that are on the terminal now."""
        lines = [""]
        for part in re.split("(\r\x1b\\[K|\x1b\\[1A|\n)", self.getvalue()):
            if part == CLEARED:
                lines[-1] = ""
            elif part == "\x1b[1A":
                del lines[-1]
            elif part == "\n":
                lines.append("")
            else:
                lines[-1] += part
        return lines


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The present time; a test moves it."""
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    return now


PLANNED = TransferPlanned(3, 30 * MEGABYTE, 1)
FACTS = {
    "nothing is planned": ([], 0, []),
    "planned": ([PLANNED], 0, ["0 B of 30.0 MB", "0 B/s", "0/3 blobs"]),
    "under way": (
        [PLANNED, BlobMounted(A, 10 * MEGABYTE), BlobStarted(B), BlobMoved(B, 4 * MEGABYTE)],
        46,
        ["14.0 MB of 30.0 MB", "8 s left", "2.0 MB/s", "1/3 blobs"],
    ),
    "a transfer broke, and begins again": (
        [PLANNED, BlobStarted(B), BlobMoved(B, 4 * MEGABYTE), BlobStarted(B), BlobMoved(B, 6)],
        0,
        ["6 B of 30.0 MB", "15 s left", "2.0 MB/s", "0/3 blobs"],
    ),
    "slow": (
        [TransferPlanned(1, 10_000_000, 0), BlobStarted(B), BlobMoved(B, 2000)],
        0,
        ["2.0 kB of 10.0 MB", "2 h 46 min left", "1.0 kB/s", "0/1 blob"],
    ),
    "blobs are there": (
        [TransferPlanned(2, 30, 3), BlobFound(A, 10), BlobCopied(B, 20), ManifestPut(C)],
        33,
        ["1/3 manifests"],
    ),
    "references": (
        [ReadingPlanned(200), *[ReferenceRead()] * 50],
        25,
        ["50/200 references", "6 s left", "25/s"],
    ),
    "empty blobs": (
        [TransferPlanned(2, 0, 0), BlobFound(A, 0)],
        50,
        ["0 B of 0 B", "0 B/s", "1/2"],
    ),
}


@pytest.mark.parametrize(("events", "percent", "facts"), FACTS.values(), ids=FACTS)
def test_facts_say_how_far_it_is(events: list, percent: int, facts: list[str]) -> None:
    tally = Tally(started_at=0.0)
    for event in events:
        tally.count(event)
    fraction, told = tally.facts(now=2.0)
    assert int(fraction * 100) == percent
    assert len(told) == len(facts)
    assert all(one.startswith(other) for one, other in zip(told, facts, strict=True))


def test_no_rate_is_told_of_the_first_moments() -> None:
    tally = Tally(started_at=0.0)
    for event in (TransferPlanned(3, 500 * MEGABYTE, 1), BlobStarted(B), BlobMoved(B, 433)):
        tally.count(event)
    assert tally.facts(now=0.9) == (433 / (500 * MEGABYTE), ["433 B of 500 MB", "0/3 blobs"])


def half_way(on_event, clock) -> None:
    on_event(TransferPlanned(2, 20 * MEGABYTE, 1))
    on_event(BlobStarted(B))
    clock[0] = 2.0
    on_event(BlobMoved(B, 10 * MEGABYTE))


def test_a_bar_and_what_is_in_flight_on_a_terminal(terminal, clock) -> None:
    with shown_progress(terminal) as on_event:
        half_way(on_event, clock)
        assert terminal.shown == [
            "━" * 15 + "─" * 15 + "  50 %, 10.0 MB of 20.0 MB, 2 s left, 5.0 MB/s, 0/2 blobs",
            f"{SHORT} 10.0 MB",
        ]
    assert terminal.shown == [""]


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (60, "━━━━────  50 %, 10.0 MB of 20.0 MB, 2 s left, 5.0 MB/s"),
        (50, "━━━━━─────  50 %, 10.0 MB of 20.0 MB, 2 s left"),
        (40, "━━━━━─────  50 %, 10.0 MB of 20.0 MB"),
        (20, "━━━━━──────  50 %"),
        (8, "50 %"),
    ],
)
def test_it_fits_the_terminal(terminal, clock, monkeypatch, columns: int, line: str) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with shown_progress(terminal) as on_event:
        half_way(on_event, clock)
        assert len(terminal.shown[0]) < columns
        assert terminal.shown[0].lstrip("━─") == line.lstrip("━─")
        assert max(map(len, terminal.shown)) < columns


def test_it_is_spelled_in_ascii_where_the_terminal_knows_no_other(terminal, clock) -> None:
    terminal.encoding = "ascii"
    with shown_progress(terminal) as on_event:
        half_way(on_event, clock)
        assert terminal.shown[0].startswith("#" * 15 + "-" * 15)


def test_it_goes_away_after_an_error_too(terminal, clock) -> None:
    def interrupted() -> None:
        with shown_progress(terminal) as on_event:
            half_way(on_event, clock)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.shown == [""]


def test_a_line_to_stderr_takes_its_place(terminal, clock, monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr", terminal)
    with shown_progress() as on_event:
        half_way(on_event, clock)
        output.warn("look")
        assert terminal.shown == ["warning: look", ""]
    output.warn("again")
    assert terminal.shown == ["warning: look", "warning: again", ""]


def test_many_threads_draw_ten_times_a_second_at_most(terminal, monkeypatch) -> None:
    ticks = iter(range(100_000))
    monkeypatch.setattr(progress, "monotonic", lambda: next(ticks) / 1000)
    with shown_progress(terminal) as on_event:
        on_event(TransferPlanned(2, 2 * MEGABYTE, 1))
        on_event(BlobStarted(A))
        with ThreadPoolExecutor(4) as pool:  # a second by the clock
            list(pool.map(lambda _: on_event(BlobMoved(A, 1)), range(1000)))
    assert 10 <= terminal.getvalue().count("blobs") <= 13


def test_a_pause_is_shown_while_it_lasts(terminal, clock, monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr", terminal)
    message = "retrying h in 2 s (2 of 5): connection refused"
    with shown_pause(message, 2.0):
        assert terminal.shown == [message]
    assert terminal.shown == [""]
    with shown_progress() as on_event:
        half_way(on_event, clock)
        with shown_pause(message, 2.0):
            assert terminal.shown[1:] == [f"{SHORT} 10.0 MB", message]
        assert terminal.shown[1:] == [f"{SHORT} 10.0 MB"]


@pytest.mark.parametrize("where", ["a file", "a dumb terminal", "a terminal without TERM"])
def test_a_log_gets_a_note_every_ten_seconds(where, terminal, clock, monkeypatch) -> None:
    stream = io.StringIO() if where == "a file" else terminal
    if where == "a dumb terminal":
        monkeypatch.setenv("TERM", "dumb")
    elif where == "a terminal without TERM":
        monkeypatch.delenv("TERM")
    monkeypatch.setattr("sys.stderr", stream)
    with shown_progress() as on_event:
        half_way(on_event, clock)
        assert stream.getvalue() == ""
        for second in range(3, 33):
            clock[0] = second
            on_event(BlobMoved(B, 100_000))
    first, *_, last = stream.getvalue().splitlines()
    assert first == "note: 54 %, 10.8 MB of 20.0 MB, 9 s left, 1.1 MB/s, 0/2 blobs"
    assert last == "note: 64 %, 12.8 MB of 20.0 MB, 17 s left, 427 kB/s, 0/2 blobs"
    assert stream.getvalue().count("note: ") == 3


def test_a_log_gets_long_pauses_once(monkeypatch, clock) -> None:
    clock[0] = 100.0
    monkeypatch.setattr("sys.stderr", log := io.StringIO())
    with shown_pause("retrying h in 2 s", 2.0):
        assert log.getvalue() == ""
    with shown_pause("retrying h in 20 s", 20.0), shown_pause("retrying h in 21 s", 21.0):
        assert log.getvalue() == "note: retrying h in 20 s\n"


def test_a_closed_stderr_is_no_failure(monkeypatch, clock) -> None:
    monkeypatch.setattr("sys.stderr", None)
    with shown_progress() as on_event, shown_pause("retrying", 20.0):
        half_way(on_event, clock)


def test_a_blob_that_another_copy_finds_meanwhile_may_still_move() -> None:
    """A registry shows a blob with its last byte, before the sender's stream has ended."""
    tally = Tally(started_at=0.0)
    for event in (BlobStarted(A), BlobFound(A, MEGABYTE), BlobMoved(A, MEGABYTE)):
        tally.count(event)
    assert (tally.in_flight, tally.bytes_moved) == ({}, MEGABYTE)
