"""The content that ``cache gc`` removed, or would remove."""

import json
from collections.abc import Iterable, Iterator, Sequence

from manyfest.cli.output import Screen, printable, stdout_screen
from manyfest.cli.rendering.humanize import counted, digest_on, format_size, format_time
from manyfest.cli.rendering.table import text_lines
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.garbage import Garbage, StoredContent


def garbage_lines(garbage: Garbage, *, is_gone: bool, is_verbose: bool) -> Iterable[str]:
    """Return a summary, and if ``is_verbose`` a line for each object, as wide as the screen."""
    screen = stdout_screen()
    lines = [f"{'removed' if is_gone else 'would remove'} {_sum(garbage)}"]
    if is_verbose:
        verb = "removed" if is_gone else "remove"
        lines += (f"  {verb} {printable(line)}" for line in _objects(garbage, screen))
    return text_lines("\n".join(lines), lambda line, _screen: line, screen=screen)


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


def _objects(garbage: Garbage, screen: Screen) -> Iterator[str]:
    for state in garbage.observations:
        digest, seen = digest_on(screen, state.digest), format_time(state.seen_at)
        yield f"tag state {state.reference} at {digest} (last seen {seen})"
    for name, pieces in _pieces(garbage).items():
        for piece in pieces:
            yield f"{name} {digest_on(screen, piece.digest)} ({format_size(piece.size)})"


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
