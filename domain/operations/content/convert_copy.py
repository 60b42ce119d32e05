"""Copy an image or a list, converted to the media types of Docker or OCI."""

from functools import partial

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import verified
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.lists.conversion import Converted
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import Family
from manyfest.domain.operations.content.copy import CopyPlan, CopyRules, chosen
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.steps.conditional_put import TagDigests
from manyfest.domain.operations.steps.conversion import (
    ConvertedNode,
    convert,
    convert_tree,
    node_copies,
)
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.transfer import (
    ManifestCopy,
    blob_copies,
    is_there,
    manifest_copies,
)
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class ConvertedCopy:
    """The copy, what its ``top`` becomes, and the ``nodes`` below; None if nothing changes."""

    plan: CopyPlan
    top: Converted
    nodes: tuple[ConvertedNode, ...]


def plan_converted_copy(
    source: Reference,
    target: Reference,
    family: Family,
    rules: CopyRules,
    *,
    ports: Ports,
) -> ConvertedCopy | None:
    """Plan the copy of ``source`` to ``target`` with types of ``family``. Writes nothing.

    Of ``rules``, the platforms and the layers with ``urls`` count. None if all types are of the
    ``family`` already: ``plan_copy`` then plans it. Attached content does not come along, since it
    names digests that change.

    Uses the ports registry, contents and fan_out. Raises ConversionError; as ``plan_copy``.
    """
    registry = ports.registry
    reader = MeteredReader(registry, str(source))
    found = resolve(source, registry)
    manifest = chosen(found, rules.platforms, registry)
    place = source.at(found.manifest.digest)
    entries = _entries(manifest, family)
    read = partial(_read_entry, place=place, family=family, reader=reader)
    nodes = tuple(node for below in ports.fan_out(read, entries) for node in below)
    top = convert(manifest, family, nodes, str(source))
    if not top.is_changed:
        return None
    if target.digest is not None:
        verified(top.after.data, target.digest, None, str(target))
    own = ManifestCopy(place, Reference(target.home, None, top.after.digest), top.after)
    copies = (*node_copies(nodes, target.home), own)
    there = ports.fan_out(partial(is_there, registry=registry), copies)
    lacking = [copy for copy, is_present in zip(copies, there, strict=True) if not is_present]
    below = tuple(each for each in manifest_copies(lacking) if each is not own)
    blobs = blob_copies(lacking, with_foreign=rules.with_foreign)
    current = TagDigests(registry).at(target)
    plan = CopyPlan(
        found, target, top.after, current, below, blobs, with_foreign=rules.with_foreign
    )
    return ConvertedCopy(plan, top, nodes)


def _entries(manifest: Manifest, family: Family) -> tuple[Descriptor, ...]:
    is_docker = family is Family.DOCKER
    return without_attestations(manifest.entries) if is_docker else manifest.entries


def _read_entry(
    entry: Descriptor, place: Reference, family: Family, reader: ManifestReader
) -> tuple[ConvertedNode, ...]:
    return convert_tree(place.at(entry.digest), entry, family, reader)
