"""The outcome of copying many tags: a summary, JSON, and commands that take tags away."""

import json
from collections.abc import Iterator, Sequence
from shlex import quote

from manyfest.cli.advice.remedies import told
from manyfest.cli.output import printable
from manyfest.cli.rendering.humanize import counted, format_size
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import utc_or_none
from manyfest.domain.operations.content.copy_tags import TagCopy
from manyfest.domain.references import Home, Reference

_COPIED, _UNCHANGED, _OLDER, _FAILED = "copied", "unchanged", "older", "failed"


def summary(copies: Sequence[TagCopy], *, is_dry_run: bool, is_verbose: bool) -> str:
    """Return how many tags had which fate; if ``is_verbose`` also a line for each."""
    states = [_state(each) for each in copies]
    size = sum(_size(each) for each in copies)
    counts = {state: states.count(state) for state in (_COPIED, _UNCHANGED, _OLDER, _FAILED)}
    would = "to copy" if is_dry_run else _COPIED
    parts = [f"{counts[_COPIED]:,} {would} ({format_size(size)})"] if counts[_COPIED] else []
    parts += [f"{counts[each]:,} {each}" for each in (_UNCHANGED, _OLDER, _FAILED) if counts[each]]
    lines = [f"{counted(len(copies), 'tag')}: {', '.join(parts)}"]
    if is_verbose:
        fates = zip(states, copies, strict=True)
        words = {_COPIED: would}
        lines += (f"  {words.get(state, state):9} {printable(each.tag)}" for state, each in fates)
    return "\n".join(lines)


def untag_lines(target: Home, tags: Sequence[str]) -> Iterator[str]:
    """Yield a command for each tag that only the target has."""
    for tag in tags:
        yield f"manyfest untag {quote(str(Reference(target, tag)))}"


def copies_json(source: Home, target: Home, copies: Sequence[TagCopy], extra: Sequence[str]) -> str:
    """Return an object of the repositories, the tags with their fate, and the ``extra`` tags."""
    document: dict[str, Json] = {
        "source": str(source),
        "target": str(target),
        "tags": [
            {
                "tag": each.tag,
                "digest": str(each.digest) if each.digest else None,
                "state": _state(each),
                "size": _size(each),
                "error": told(each.error) if each.error else None,
            }
            | ({"created": utc_or_none(each.dated.created)} if each.dated else {})
            for each in copies
        ],
        "prune": [str(Reference(target, tag)) for tag in extra],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _state(each: TagCopy) -> str:
    if each.plan is None:
        return _OLDER if each.is_older else _FAILED
    return _UNCHANGED if each.plan.writes_nothing else _COPIED


def _size(each: TagCopy) -> int:
    """Return the bytes of the blobs that the target lacked."""
    plan = each.plan
    return sum(blob.size for blob in (*plan.blobs, *plan.attached.blobs)) if plan else 0
