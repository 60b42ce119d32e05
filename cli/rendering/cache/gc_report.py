"""The content that ``cache gc`` removed, or would remove."""

import json
from collections.abc import Iterator, Sequence

from manyfest.cli.output import printable
from manyfest.cli.rendering.humanize import counted, format_size, format_time
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.garbage import Garbage, StoredContent


def garbage_lines(garbage: Garbage, *, is_gone: bool, is_verbose: bool) -> Iterator[str]:
    """Yield a summary, and if ``is_verbose`` a line for each object."""
    yield f"{'removed' if is_gone else 'would remove'} {_sum(garbage)}"
    if is_verbose:
        for line in _objects(garbage):
            yield f"  {'removed' if is_gone else 'remove'} {printable(line)}"


def garbage_json(garbage: Garbage, *, is_gone: bool, given_back: int) -> str:
    """Return an object; sizes in bytes, ``removed`` is false for a dry run."""
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


def _objects(garbage: Garbage) -> Iterator[str]:
    for state in garbage.observations:
        yield f"tag state {state.reference} {state.digest} {format_time(state.seen_at)}"
    for name, pieces in _pieces(garbage).items():
        yield from (f"{name} {piece.digest} {piece.size}" for piece in pieces)


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
    return f"{', '.join(parts)}: {format_size(garbage.size)}" if parts else "nothing"
