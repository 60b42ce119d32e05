"""What ``cache gc`` took away, or would."""

import json
from collections.abc import Iterator, Sequence

from manyfest.cli.output import printable
from manyfest.cli.rendering.humanize import amount, counted, seconds
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.garbage import Garbage, StoredContent


def garbage_lines(garbage: Garbage, *, is_gone: bool) -> Iterator[str]:
    """A line a thing, and a line that sums up."""
    for state in garbage.observations:
        yield printable(f"tag {state.reference} {state.digest} {seconds(state.seen_at)}")
    for name, pieces in _pieces(garbage).items():
        yield from (f"{name} {piece.digest} {piece.size}" for piece in pieces)
    yield f"{'removed' if is_gone else 'would remove'} {_sum(garbage)}"


def garbage_json(garbage: Garbage, *, is_gone: bool, given_back: int) -> str:
    """An object; sizes in bytes, ``removed`` is false for a dry run."""
    document: dict[str, Json] = {
        "removed": is_gone,
        "tags": [_state(state) for state in garbage.observations],
    }
    document |= {
        f"{name}s": [{"digest": str(piece.digest), "size": piece.size} for piece in pieces]
        for name, pieces in _pieces(garbage).items()
    }
    document |= {
        "leftOver": {"number": garbage.leftover.number, "size": garbage.leftover.size},
        "setAside": {"number": garbage.quarantined.number, "size": garbage.quarantined.size},
        "unreadable": garbage.unreadable,
        "size": garbage.size,
        "givenBack": given_back,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _pieces(garbage: Garbage) -> dict[str, Sequence[StoredContent]]:
    return {"manifest": garbage.manifests, "config": garbage.configs, "layer": garbage.layers}


def _state(state: Observation) -> dict[str, Json]:
    return {
        "reference": str(state.reference),
        "digest": str(state.digest),
        "lastSeen": format_utc(state.seen_at),
    }


def _sum(garbage: Garbage) -> str:
    numbers = {
        "tag state": len(garbage.observations),
        **{name: len(pieces) for name, pieces in _pieces(garbage).items()},
        "leftover file": garbage.leftover.number,
        "damaged thing": garbage.quarantined.number,
    }
    parts = [counted(number, thing) for thing, number in numbers.items() if number]
    return f"{', '.join(parts)}: {amount(garbage.size)}" if parts else "nothing"
