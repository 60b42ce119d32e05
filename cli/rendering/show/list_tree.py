"""A list, a draft or an artifact as a tree: a head, then a line for each entry."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from attr import evolve

from manyfest.cli.output import Screen, printable
from manyfest.cli.rendering.fitting import shorten
from manyfest.cli.rendering.humanize import (
    counted,
    format_age,
    format_size,
    format_time,
    short_digest,
)
from manyfest.cli.rendering.show.tree import Cell, TreeLine, digest_cell, tree_lines
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.images.attachments import Attachment
from manyfest.domain.images.configuration import FIRST_TIME, annotations_of
from manyfest.domain.images.kinds import ATTESTATION, IMAGE
from manyfest.domain.media_types import DOCKER_FAMILY, LISTS
from manyfest.domain.operations.steps.tree import NESTING_LIMIT
from manyfest.domain.operations.views.overview import (
    Item,
    Overview,
    content_size,
    layers_of,
)
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen

# Name, digest, size, layers, time, remark: the highest rank is left out first.
_RANKS = (0, 1, 3, 5, 4, 2)
_COMPRESSION = re.compile(r"[.+](gzip|zstd|xz|bzip2)\b")

_TITLE = "org.opencontainers.image.title"  # the file's name (image-spec, ``annotations.md``)


@frozen
class ViewForm:
    """The form of a view: what is shown, for whom, and the present time (UTC)."""

    screen: Screen
    now: datetime
    has_annotations: bool = False
    has_layers: bool = False
    depth: int = NESTING_LIMIT


def list_lines(view: Overview, form: ViewForm) -> Iterator[str]:
    """Yield the head of a view, then its tree."""
    yield from head_lines(view, form)
    files = () if view.manifest.is_list else layers_of(view.manifest)
    yield from _tree([*map(_layer, files), *_nodes(view.entries, form, 1)], view, form)


def attached_lines(view: Overview, form: ViewForm) -> Iterator[str]:
    """Yield a tree of what is attached to an image, if there is something."""
    yield from _tree([], view, form)


def _tree(nodes: list[TreeLine], view: Overview, form: ViewForm) -> Iterator[str]:
    nodes += _attached(view.attached, form, 1)
    if nodes and form.depth > 0:
        yield ""
        yield from tree_lines(nodes, _RANKS, form.screen)


def head_lines(view: Overview, form: ViewForm) -> Iterator[str]:
    """Yield the name, the kind with numbers, the digest, the time, and annotations if asked."""
    screen = form.screen
    name = str(evolve(view.reference, digest=None))  # the digest follows below
    yield screen.paint(_fitting(name, screen), "strong")
    yield _fitting(", ".join(_summary(view, form)), screen, "items")
    yield screen.paint(digest_text(view.manifest.digest, screen.width), "faint")
    if view.created:
        yield f"created {format_created(view.created, form)}"
    for key, value in view.facts:
        yield _fitting(f"{key}: {value}", screen)
    if form.has_annotations:
        pairs = annotations_of(view.manifest).items()
        yield from (_fitting(f"{key}={value}", screen) for key, value in pairs)


def format_created(created: datetime, form: ViewForm) -> str:
    """Return an age for a terminal and the time for a file; a made-up time is only a date."""
    if form.screen.width is None:
        return format_time(created)
    if created < FIRST_TIME:
        return f"{created:%Y-%m-%d}"
    return format_age(created, form.now)


def compression_of(layer: Descriptor) -> str:
    """Return the compression that the media type of a layer states; else the whole type."""
    if found := _COMPRESSION.search(layer.media_type):
        return found[1]
    return "uncompressed" if layer.media_type.endswith("tar") else layer.media_type


def _summary(view: Overview, form: ViewForm) -> Iterator[str]:
    yield _kind(view)
    if view.draft is not None:
        pushed = "pushed" if view.draft.pushed else "not pushed"
        yield f"draft, {pushed}, changed {format_created(view.draft.changed_at, form)}"
    if view.manifest.is_list:
        yield from _counts(view.entries or (), view)
    else:
        layers = layers_of(view.manifest)
        size = content_size([view.manifest])
        yield f"{format_size(size or 0)} in {counted(len(layers), 'layer')}"


def _kind(view: Overview) -> str:
    """The kind, for an image with its family and its platform."""
    if view.kind != IMAGE:
        return view.kind
    family = "Docker" if view.manifest.media_type in DOCKER_FAMILY else "OCI"
    platform = view.configuration.platform if view.configuration else Platform()
    return f"{family} image{f' for {platform}' if platform != Platform() else ''}"


def _counts(items: tuple[Item, ...], view: Overview) -> Iterator[str]:
    if not items:
        number = len(view.manifest.entries)
        yield f"{number:,} {'entry' if number == 1 else 'entries'}"
        return
    platforms = {str(item.descriptor.platform) for item in items if _has_platform(item)}
    rest = [item.descriptor.media_type in LISTS for item in items if not _has_platform(item)]
    attested = sum(each.kind == ATTESTATION for item in items for each in item.attached)
    numbers = ((len(platforms), "platform"), (sum(rest), "list"), (attested, "attestation"))
    yield from (counted(number, thing) for number, thing in numbers if number)
    if others := len(rest) - sum(rest):
        yield f"{others:,} without platform"
    is_whole = all(item.manifest for item in items) and not any(rest)
    manifests = (item.manifest.without_views() for item in items if item.manifest)
    if is_whole and (size := content_size(manifests)):
        yield format_size(size)


def _nodes(items: tuple[Item, ...], form: ViewForm, level: int) -> list[TreeLine]:
    return [_node(item, form, level) for item in items]


def _node(item: Item, form: ViewForm, level: int) -> TreeLine:
    manifest = item.manifest and item.manifest.without_views()  # a list may have 40,000 entries
    layers = layers_of(manifest) if manifest else ()
    size = content_size([manifest]) if manifest else None
    cells = (
        Cell(_name(item)),
        digest_cell(item.descriptor.digest),
        Cell("" if size is None else format_size(size)),
        Cell(counted(len(layers), "layer") if layers else ""),
        Cell(format_created(item.created, form) if item.created else ""),
        Cell(_remark(item), style="error" if item.fault else "faint"),
    )
    return TreeLine(cells, tuple(_below(item, layers, form, level)))


def _below(
    item: Item, layers: Sequence[Descriptor], form: ViewForm, level: int
) -> Iterator[TreeLine]:
    if form.has_annotations:
        yield from map(_annotation, item.descriptor.annotations.items())
    if form.has_layers:
        yield from map(_layer, layers)
    if level < form.depth:
        yield from _nodes(item.entries or (), form, level + 1)
        yield from _attached(item.attached, form, level + 1)


def _name(item: Item) -> str:
    """Name an entry by its platform, and anything without one by its kind."""
    return str(item.descriptor.platform) if _has_platform(item) else item.kind


def _has_platform(item: Item) -> bool:
    platform = item.descriptor.platform
    return platform is not None and platform not in {Platform(), Platform("unknown", "unknown")}


def _remark(item: Item) -> str:
    kind = "" if item.kind == IMAGE or not _has_platform(item) else item.kind
    source = f"from {item.source}" if item.source else ""
    return ", ".join(filter(None, (item.fault, kind, source)))


def _attached(attached: tuple[Attachment, ...], form: ViewForm, level: int) -> Iterator[TreeLine]:
    for one in attached if level <= form.depth else ():
        digest = digest_cell(one.digest) if one.digest else Cell(one.tag, style="faint")
        about = Cell(one.about, style="faint")
        yield TreeLine((Cell(one.kind), digest, Cell(), Cell(), Cell(), about))


def _layer(layer: Descriptor) -> TreeLine:
    name = Cell(layer.annotations.get(_TITLE) or "layer")
    size, remark = Cell(format_size(layer.size)), Cell(compression_of(layer), style="faint")
    return TreeLine((name, digest_cell(layer.digest), size, Cell(), Cell(), remark))


def _annotation(pair: tuple[str, str]) -> TreeLine:
    return TreeLine((Cell(f"{pair[0]}={pair[1]}", style="faint"),))


def digest_text(digest: Digest, width: int | None) -> str:
    """Return the whole digest, or a prefix if it is wider than ``width``."""
    is_short = width is not None and len(str(digest)) > width
    return short_digest(digest) if is_short else str(digest)


def _fitting(text: str, screen: Screen, cut: str = "middle") -> str:
    text = printable(text)
    return text if screen.width is None else shorten(text, screen.width, cut)
