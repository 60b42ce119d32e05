"""The result of ``diff`` as text: ``+`` only in B, ``-`` only in A, ``~`` changed."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from attr import evolve

from manyfest.cli.output import PLAIN, Screen, printable
from manyfest.cli.rendering.diff.diff_steps import step_lines
from manyfest.cli.rendering.humanize import format_size, short_digest
from manyfest.domain.comparison.changes import EntryChange
from manyfest.domain.comparison.entries import DigestChange, OrderChange
from manyfest.domain.comparison.images import ImageChange, LayerChange
from manyfest.domain.comparison.json_differences import Difference
from manyfest.domain.comparison.status import Status
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import shortened
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.views.diff import Comparison, Selection
from manyfest.domain.platforms import Platform

_MARKS = {
    Status.SAME: "=",
    Status.REWRITTEN: "=",
    Status.CHANGED: "~",
    Status.ADDED: "+",
    Status.REMOVED: "-",
}
_VERDICTS = {
    Status.SAME: "the same",
    Status.REWRITTEN: "the same content in other bytes",
    Status.CHANGED: "different",
}

_STYLES = {"+ ": "added", "- ": "removed", "~ ": "changed", "= ": "faint"}

# Members of a config as Dockerfiles name them; of the last four, each name is a line of its own.
_CONFIG_WORDS = {
    "Entrypoint": "entrypoint",
    "Cmd": "cmd",
    "User": "user",
    "WorkingDir": "workdir",
    "Shell": "shell",
    "StopSignal": "stop signal",
    "Healthcheck": "healthcheck",
    "OnBuild": "onbuild",
    "Env": "env",
    "Labels": "label",
    "ExposedPorts": "port",
    "Volumes": "volume",
}
_VALUE_LIMIT = 120  # characters


def diff_text(comparison: Comparison, screen: Screen = PLAIN) -> str:
    """Return both sides, the verdict, and some lines for each platform that differs.

    Of an image that changed: its size, its layers side by side, and its config by name. Commands
    of layers are cut to the screen.
    """
    return "\n".join(printable(line) for line in _lines(comparison, screen))


def painted_difference(line: str, screen: Screen) -> str:
    """Return a line of ``diff_text`` in the style of its mark; verdict and sides stand out."""
    mark = line.lstrip()[:2]
    if mark in _STYLES:
        return screen.paint(line, _STYLES[mark])
    is_verdict = line.startswith(tuple(f"{verdict}: " for verdict in _VERDICTS.values()))
    return screen.paint(line, "strong" if is_verdict else "")


def _lines(comparison: Comparison, screen: Screen) -> Iterator[str]:
    yield _side("A", comparison.before)
    yield _side("B", comparison.after)
    yield f"{_VERDICTS[comparison.status]}: {_counts(comparison.entries)}"
    yield from _only_list(comparison)
    yield from _selected(comparison.selection)
    yield from map(_difference, comparison.members)
    yield from _order(comparison.order)
    yield from _attestations("", "dangling attestation", comparison.dangling)
    for entry in comparison.entries:
        if entry.status is not Status.SAME:
            yield from _entry(entry, screen)


def _side(letter: str, found: Resolved) -> str:
    digest = "" if found.reference.digest else f" ({found.manifest.digest})"
    return f"{letter} {found.reference}{digest}"


def _counts(entries: Sequence[EntryChange]) -> str:
    counts = Counter(entry.status for entry in entries)
    counted = [f"{counts[status]} {status}" for status in Status if counts[status]]
    return ", ".join(counted) or "no entries"


def _selected(selection: Selection | None) -> Iterator[str]:
    if selection is None:
        return
    if selection.entry is None:
        yield f"an image compared with the list {selection.reference}: no entry for its platform"
    else:
        name = _name(selection.entry.platform)
        yield f"an image compared with the entry {name} of the list {selection.reference}"


def _only_list(comparison: Comparison) -> Iterator[str]:
    if comparison.is_only_list:
        number = sum(entry.pair.both is not None for entry in comparison.entries)
        same = f"the {number:,} images that both list are" if number > 1 else "its one image is"
        yield f"only the list changed: {same} the same"


def _order(order: OrderChange | None) -> Iterator[str]:
    if order is not None:
        before, after = (", ".join(map(_name, side)) for side in (order.before, order.after))
        yield f"~ order: {before} -> {after}"


def _entry(entry: EntryChange, screen: Screen) -> Iterator[str]:
    pair, status = entry.pair, entry.status
    digests = [short_digest(side.digest) for side in (pair.before, pair.after) if side]
    remark = " (other bytes only)" if status is Status.REWRITTEN else ""
    yield f"{_MARKS[status]} {_name(pair.platform)} {' -> '.join(dict.fromkeys(digests))}{remark}"
    found = [*entry.descriptor]
    if entry.image:
        yield from _layers(entry.image.layers)
        yield from step_lines(entry.image.steps, screen)
        found += entry.image.manifest
    yield from (f"    {_difference(difference)}" for difference in found)
    if entry.image:
        yield from (f"    {line}" for line in _config(entry.image))
    yield from _attestations("    ", "attestation", pair.attestations)


def _config(image: ImageChange) -> Iterator[str]:
    """Yield the differences of the config, but for what the layers and steps show."""
    for found in image.config:
        member, *rest = found.path
        if member == "history":
            if not image.steps:
                yield "~ history: the same commands, with other times or comments"
        elif member == "config" and rest and rest[0] in _CONFIG_WORDS:
            yield _difference(evolve(found, path=(_CONFIG_WORDS[rest[0]], *rest[1:])))
        elif member != "rootfs" or not image.layers:
            yield _difference(found)


def _layers(layers: LayerChange) -> Iterator[str]:
    counted = {"shared": layers.shared, "removed": layers.removed, "added": layers.added}
    parts = [f"{len(some)} {what} ({_bytes(some)})" for what, some in counted.items() if some]
    if parts:
        yield f"    layers: {', '.join(parts)}{', reordered' if layers.reordered else ''}"


def _difference(found: Difference) -> str:
    path = " ".join(found.path)
    if found.before is None:
        return f"+ {path}{_behind(found.after)}"
    if found.after is None:
        return f"- {path}{_behind(found.before)}"
    return f"~ {path}: {_value(found.before)} -> {_value(found.after)}"


def _behind(value: Json) -> str:
    """A value behind its name; a port or volume has none."""
    return "" if value == {} else f": {_value(value)}"


def _attestations(margin: str, what: str, change: DigestChange) -> Iterator[str]:
    for mark, digests in (("-", change.removed), ("+", change.added)):
        yield from (f"{margin}{mark} {what} {short_digest(digest)}" for digest in digests)


def _name(platform: Platform | None) -> str:
    return str(platform) if platform and (platform.os or platform.architecture) else "image"


def _value(value: Json) -> str:
    return shortened(json.dumps(value, ensure_ascii=False), _VALUE_LIMIT)


def _bytes(layers: Sequence[Descriptor]) -> str:
    return format_size(sum(layer.size for layer in layers))
