"""What ``cache gc`` took away, or would."""

import json
from collections.abc import Iterator, Sequence

from manyfest.cli.rendering.humanize import amount, counted, seconds
from manyfest.cli.rendering.printable import printable
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.garbage import Garbage, Piece


def garbage_lines(garbage: Garbage, *, is_gone: bool) -> Iterator[str]:
    """A line a thing, and a line that sums up."""
    for state in garbage.states:
        yield printable(f"tag {state.reference} {state.digest} {seconds(state.seen_at)}")
    for name, pieces in _pieces(garbage).items():
        yield from (f"{name} {piece.digest} {piece.size}" for piece in pieces)
    yield f"{'removed' if is_gone else 'would remove'} {_sum(garbage)}"


def garbage_json(garbage: Garbage, *, is_gone: bool, given_back: int) -> str:
    """An object; sizes in bytes, ``removed`` is false for a dry run."""
    document: dict[str, Json] = {
        "removed": is_gone,
        "tags": [_state(state) for state in garbage.states],
    }
    document |= {
        f"{name}s": [{"digest": str(piece.digest), "size": piece.size} for piece in pieces]
        for name, pieces in _pieces(garbage).items()
    }
    document |= {
        "leftOver": {"number": garbage.left_over.number, "size": garbage.left_over.size},
        "setAside": {"number": garbage.set_aside.number, "size": garbage.set_aside.size},
        "unreadable": garbage.unreadable,
        "size": garbage.size,
        "givenBack": given_back,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _pieces(garbage: Garbage) -> dict[str, Sequence[Piece]]:
    return {"manifest": garbage.manifests, "config": garbage.configs, "layer": garbage.layers}


def _state(state: Observation) -> dict[str, Json]:
    return {
        "reference": str(state.reference),
        "digest": str(state.digest),
        "lastSeen": format_utc(state.seen_at),
    }


def _sum(garbage: Garbage) -> str:
    numbers = {
        "tag state": len(garbage.states),
        **{name: len(pieces) for name, pieces in _pieces(garbage).items()},
        "leftover file": garbage.left_over.number,
        "damaged thing": garbage.set_aside.number,
    }
    parts = [counted(number, thing) for thing, number in numbers.items() if number]
    return f"{', '.join(parts)}: {amount(garbage.size)}" if parts else "nothing"
