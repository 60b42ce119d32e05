"""Ctrl-C in a transfer of layers: say how much of them the next run goes on with."""

from collections.abc import Iterator
from contextlib import contextmanager

from manyfest.cli.rendering.humanize import format_size
from manyfest.cli.rendering.progress import Tally
from manyfest.domain.events import Blob, Event, OnEvent
from manyfest.domain.partial_blobs import SMALLEST


@contextmanager
def telling_of_partial_layers(on_event: OnEvent) -> Iterator[OnEvent]:
    """Count events on their way to ``on_event``; let KeyboardInterrupt say what is kept.

    For writers that keep it: the store, and layouts.
    """
    tally = Tally(0.0)

    def counted(event: Event) -> None:
        tally.count(event)
        on_event(event)

    try:
        yield counted
    except KeyboardInterrupt as error:
        kept = {blob: size for blob, size in tally.in_flight.items() if size >= SMALLEST}
        if kept:
            error.args = (f"{_text(kept)} are kept; run it again to go on",)
        raise


def _text(kept: dict[Blob, int]) -> str:
    size = format_size(sum(kept.values()))
    if len(kept) > 1:
        return f"{size} of {len(kept)} layers"
    (blob,) = kept
    return f"{size} of {getattr(blob, 'digest', blob)}"
