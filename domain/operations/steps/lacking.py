"""Look at what a target lacks of a source, one manifest or blob at a time."""

from collections.abc import Callable, Sequence
from functools import partial

from manyfest.domain.errors import ManifestUnknownError, PartMissingError
from manyfest.domain.lists.distributable_blobs import foreign_layers
from manyfest.domain.operations.steps.late_copy import LateCopy, large_nodes
from manyfest.domain.operations.steps.transfer import (
    Copy,
    ManifestCopy,
    entry_blob,
    is_complete,
)
from manyfest.domain.operations.steps.tree import Node, is_blob
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Home, Reference

Look = Callable[[Node], Copy | LateCopy | None]


def look_at_target(
    source: Reference,
    target: Home,
    nodes: Sequence[Node],
    registry: Registry,
    reader: ManifestReader,
    *,
    with_foreign: bool,
) -> Look:
    """Return the function that returns the copy of a node to ``target``; None if it is there.

    The ``nodes`` are those below ``source``; ``reader`` reads them. ``with_foreign``, a manifest
    without its foreign layers counts as missing. Raises TooManyBytesError. The function raises
    PartMissingError; what reading raises.
    """
    large = large_nodes(nodes, str(source))
    late = {node.source: _late(node, target, registry) for node in nodes if node.source in large}
    lacking = partial(_lacking, source=source, target=target, registry=registry, reader=reader)
    if with_foreign:
        lacking = partial(_lacking_with_foreign, lacking, target, registry, reader)
    return lambda node: late[node.source] if node.source in late else lacking(node)


def _late(node: Node, target: Home, registry: Registry) -> LateCopy | None:
    """Return the copy of a large image, if it is missing; asked for alone, as a layout reads it."""
    there = Reference(target, None, node.source.digest)
    return None if is_complete(there, registry) else LateCopy(node, there)


def _lacking(
    node: Node, source: Reference, target: Home, registry: Registry, reader: ManifestReader
) -> Copy | None:
    there, listed = Reference(target, None, node.source.digest), node.listed
    if listed is not None and is_blob(node.source, listed, registry):
        blob = entry_blob(node.source, listed, target)
        return blob if registry.probe_blob(there) is None else None
    if is_complete(there, registry):
        return None
    try:
        return ManifestCopy(node.source, there, node.read(reader))
    except ManifestUnknownError as error:
        platform = node.listed and node.listed.platform
        shown = str(platform) if platform else ""
        raise PartMissingError(str(source), str(node.source), shown) from error


def _lacking_with_foreign(
    lacking: Callable[[Node], Copy | None],
    target: Home,
    registry: Registry,
    reader: ManifestReader,
    node: Node,
) -> Copy | None:
    """As ``lacking``, but a manifest without its foreign layers counts as missing."""
    if (copy := lacking(node)) is not None:
        return copy
    if node.listed is not None and is_blob(node.source, node.listed, registry):
        return None
    there, manifest = Reference(target, None, node.source.digest), node.read(reader)
    layers = [there.at(layer.digest) for layer in foreign_layers([manifest])]
    is_whole = all(registry.probe_blob(layer) is not None for layer in layers)
    return None if is_whole else ManifestCopy(node.source, there, manifest)
