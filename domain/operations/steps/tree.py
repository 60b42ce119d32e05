"""Trees: what a list lists, at every level, without reading the images."""

from collections.abc import Iterator

from attrs import evolve, frozen

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest, require_match
from manyfest.domain.operations.steps.transfer import NESTING_LIMIT
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Reference

# What was met: digest, and the type and size that its list says it has.
_Seen = set[tuple[Digest, str, int]]


@frozen
class Node:
    """A manifest at ``source``, by digest. A list comes with its document, which had to be read.

    ``listed`` is what the list that has it says of it; ``is_new`` says that nobody needs to look
    whether it is at the target.
    """

    source: Reference
    manifest: Manifest | None = None
    is_new: bool = False
    listed: Descriptor | None = None

    def read(self, registry: ManifestReader) -> Manifest:
        """The manifest. Raises what ``get_manifest`` and ``require_match`` raise."""
        manifest = self.manifest or registry.get_manifest(self.source)
        if self.listed is None:
            return manifest
        return require_match(manifest, self.listed, str(self.source))


def below(source: Reference, manifest: Manifest, registry: ManifestReader) -> Iterator[Node]:
    """What ``manifest``, which stands at ``source``, lists, and what that lists; lists come last.

    Each once, however often it is listed. Raises what ``Node.read`` raises; DocumentError: nested
    too deep.
    """
    return _below(source, manifest, registry, 0, set())


def tree(source: Reference, media_type: str, registry: ManifestReader) -> Iterator[Node]:
    """All below the manifest at ``source``, and then that itself. Raises as ``below`` does."""
    return _tree(Node(source), media_type, registry, 0, set())


def _below(
    source: Reference, manifest: Manifest, registry: ManifestReader, level: int, seen: _Seen
) -> Iterator[Node]:
    for entry in manifest.entries:
        child = entry.digest, entry.media_type, entry.size
        if child not in seen:
            seen.add(child)
            node = Node(source.at(entry.digest), listed=entry)
            yield from _tree(node, entry.media_type, registry, level + 1, seen)


def _tree(
    node: Node, media_type: str, registry: ManifestReader, level: int, seen: _Seen
) -> Iterator[Node]:
    if level > NESTING_LIMIT:
        raise DocumentError(str(node.source), f"lists nested deeper than {NESTING_LIMIT}")
    if media_type not in media_types.LISTS:
        yield node
        return
    manifest = node.read(registry)
    yield from _below(node.source, manifest, registry, level, seen)
    yield evolve(node, manifest=manifest)
