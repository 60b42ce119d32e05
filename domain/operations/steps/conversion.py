"""Read manifests and convert them to the media types of Docker or OCI.

The bytes that take the place of a manifest follow from its own alone, so they are not kept: a draft
knows their digest, and who puts them reads the original again and converts it.
"""

from collections.abc import Iterable
from functools import partial

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.draft_conversion import DraftConversion, converted_draft, is_convertible
from manyfest.domain.errors import ConversionError
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.conversion import Converted, convert_image, convert_list
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import Family, family_of
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.transfer import BlobCopy, Copy, ManifestCopy, entry_blob
from manyfest.domain.operations.steps.tree import Node, is_blob, tree
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen


@frozen
class ConvertedNode:
    """An entry of a list at ``source``, by digest: a manifest, or a blob (None), which stays."""

    source: Reference
    listed: Descriptor
    manifest: Converted | None


def convert_draft(draft: Draft, family: Family, *, ports: Ports) -> DraftConversion:
    """Read the entries of ``draft`` and convert them, and all that they list; write nothing.

    Uses the ports registry and fan_out. Raises ConversionError: an image or its parts have no type
    in ``family``; TooManyBytesError; what reading raises.
    """
    reader = MeteredReader(ports.registry, str(draft.name))
    kept = {entry.content: entry.found for entry in draft.entries if is_convertible(entry, family)}
    read = partial(_read_entry, family=family, reader=reader)
    trees = ports.fan_out(read, tuple(kept.items()))
    return converted_draft(draft, family, by_digest(node for nodes in trees for node in nodes))


def convert_tree(
    source: Reference, listed: Descriptor, family: Family, reader: ManifestReader
) -> tuple[ConvertedNode, ...]:
    """Read and convert what is ``listed`` at ``source`` and all it lists, children first.

    Raises ConversionError; as ``tree``.
    """
    nodes: list[ConvertedNode] = []
    for node in tree(source, listed, reader):
        entry = node.listed or listed
        if family is Family.DOCKER and attested_digest(entry) is not None:
            continue  # its list leaves it out
        nodes.append(
            ConvertedNode(node.source, entry, _converted(node, entry, family, nodes, reader))
        )
    return tuple(nodes)


def by_digest(nodes: Iterable[ConvertedNode]) -> dict[Digest, Converted]:
    """Return the manifests among ``nodes`` by their digests before the conversion."""
    return {node.listed.digest: node.manifest for node in nodes if node.manifest is not None}


def converted_copies(entry: Entry, target: Home, reader: ManifestReader) -> tuple[Copy, ...]:
    """Read a converted ``entry`` and convert it again, for copying to ``target``.

    Raises ConversionError: it becomes another manifest than the entry says; as ``convert_tree``.
    """
    expected = entry.descriptor.digest
    family = family_of(entry.descriptor.media_type)
    copies = node_copies(convert_tree(entry.content, entry.found, family, reader), target)
    if not copies or copies[-1].target.digest != expected:
        raise ConversionError(
            entry.label, "another version of manyfest made the draft; add the image again"
        )
    return copies


def node_copies(nodes: Iterable[ConvertedNode], target: Home) -> tuple[Copy, ...]:
    """Return the copies that bring ``nodes`` to ``target``, in their order, each once.

    What is there already, because it does not change, is left out.
    """
    copies = (_copy(node, target) for node in nodes)
    return tuple({copy.target: copy for copy in copies if copy.source != copy.target}.values())


def _copy(node: ConvertedNode, target: Home) -> ManifestCopy | BlobCopy:
    if node.manifest is None:
        return entry_blob(node.source, node.listed, target)
    after = node.manifest.after
    return ManifestCopy(node.source, Reference(target, None, after.digest), after)


def _read_entry(
    entry: tuple[Reference, Descriptor], family: Family, reader: ManifestReader
) -> tuple[ConvertedNode, ...]:
    return convert_tree(*entry, family, reader)


def _converted(
    node: Node,
    listed: Descriptor,
    family: Family,
    below: list[ConvertedNode],
    reader: ManifestReader,
) -> Converted | None:
    if is_blob(node.source, listed, reader):
        return None
    return convert(node.read(reader), family, below, str(node.source))


def convert(
    manifest: Manifest, family: Family, below: Iterable[ConvertedNode], subject: str
) -> Converted:
    """Convert a ``manifest`` of which all that it lists is ``below``. Raises ConversionError."""
    if manifest.is_list:
        return convert_list(manifest, family, by_digest(below), subject)
    return convert_image(manifest, family, subject)
