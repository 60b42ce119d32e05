"""The progress line: drawn on terminals only, short enough for them, and gone at the end."""

import io
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from manyfest.cli.rendering import progress
from manyfest.cli.rendering.progress import Tally, shown_progress
from manyfest.domain.digests import Digest
from manyfest.domain.events import (
    BlobCopied,
    BlobFound,
    BlobMounted,
    BlobMoved,
    BlobStarted,
    ManifestPut,
    TransferPlanned,
    ignore,
)
from manyfest.domain.references import Reference

MEGABYTE = 1_000_000
A, B, C = (Reference.parse(f"r.example/app@{Digest.of(name)}") for name in (b"a", b"b", b"c"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """The lines that were drawn, in order."""
        return self.getvalue().split("\r\x1b[K")[1:]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def tally(*events) -> Tally:
    counted = Tally(started_at=0.0)
    for event in events:
        counted.count(event)
    return counted


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([TransferPlanned(3, 30 * MEGABYTE, 1)], "0/3 blobs, 0 B of 30.0 MB, 0 B/s"),
        (
            [
                TransferPlanned(3, 30 * MEGABYTE, 1),
                BlobMounted(A, 10 * MEGABYTE),
                BlobStarted(B),
                BlobMoved(B, 4 * MEGABYTE),
            ],
            "1/3 blobs, 14.0 MB of 30.0 MB, 2.0 MB/s",
        ),
        (
            [
                TransferPlanned(2, 30 * MEGABYTE, 1),
                BlobStarted(B),
                BlobMoved(B, 4 * MEGABYTE),
                BlobStarted(B),  # the transfer broke, and begins anew
                BlobMoved(B, 6 * MEGABYTE),
            ],
            "0/2 blobs, 6.0 MB of 30.0 MB, 5.0 MB/s",
        ),
        (
            [
                TransferPlanned(2, 30, 3),
                BlobFound(A, 10),
                BlobStarted(B),
                BlobMoved(B, 20),
                BlobCopied(B, 20),
                ManifestPut(C),
            ],
            "1/3 manifests",
        ),
    ],
)
def test_the_line_says_how_far_it_is(events: list, text: str) -> None:
    assert tally(*events).text(now=2.0) == text


@pytest.mark.parametrize("columns", [40, 12])
def test_the_line_fits_the_terminal_and_goes_away(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with shown_progress(terminal) as on_event:
        on_event(TransferPlanned(1234, 56_789 * MEGABYTE, 1))
        assert terminal.lines[-1] == "0/1234 blobs, 0 B of 56.8 GB, 0 B/s"[: columns - 1]
    assert terminal.lines[-1] == ""


def test_the_line_goes_away_after_an_error_too(terminal: Terminal) -> None:
    def interrupted() -> None:
        with shown_progress(terminal) as on_event:
            on_event(TransferPlanned(1, 1, 1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.lines[-1] == ""


def test_many_threads_draw_ten_times_a_second_at_most(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(100_000))
    monkeypatch.setattr(progress, "monotonic", lambda: next(ticks) / 1000)
    with shown_progress(terminal) as on_event:
        on_event(TransferPlanned(2, 2 * MEGABYTE, 1))
        on_event(BlobStarted(A))
        with ThreadPoolExecutor(4) as pool:
            list(
                pool.map(lambda _: on_event(BlobMoved(A, 1)), range(1000))
            )  # a second by the clock
    assert 10 <= len(terminal.lines) <= 13


@pytest.mark.parametrize("stream", [io.StringIO(), None], ids=["a file", "closed"])
def test_nothing_is_drawn_elsewhere(stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", stream)
    with shown_progress() as on_event:
        assert on_event is ignore


def test_nothing_is_drawn_on_a_dumb_terminal(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with shown_progress(terminal) as on_event:
        assert on_event is ignore
    del os.environ["TERM"]
    with shown_progress(terminal) as on_event:
        assert on_event is ignore
