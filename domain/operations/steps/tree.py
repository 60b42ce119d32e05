"""Walk trees of manifests: a list, its entries, and their entries in turn.

There are two walks, because there are two orders, and no order serves both uses:

* ``walk`` goes level by level, parents first. It hands a whole level over at once, so that the
  caller can read it in parallel, and leaves to the caller how to read, and whether a missing or
  broken manifest is an error. Collecting for a bundle (``gather``), fetching and verifying use it.
* ``below`` goes depth first and yields lists after their entries, which is the order in which a
  registry accepts them. A walk by levels cannot give that order: a manifest may be listed on two
  levels. It reads lists only; an image is read when the caller asks the node for it.

Both visit each manifest once, however often it is listed, and stop at ``NESTING_LIMIT``.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from attr import evolve

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, require_verifiable
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest, require_match
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# Lists in lists are rare, and real ones have two levels; deeper nesting is a trap.
NESTING_LIMIT = 8

Item = TypeVar("Item")

# Digest, media type and size of a descriptor. Two descriptors of one digest that differ are two
# visits, so that the one that does not match the manifest is found out.
_Visited = set[tuple[Digest, str, int]]


def walk(
    tops: Iterable[Item],
    expand: Callable[[tuple[Item, ...]], Iterable[Item]],
    key: Callable[[Item], Hashable],
) -> tuple[Item, ...]:
    """Visit ``tops`` and all below them level by level, one item of each ``key``.

    ``expand`` is called with one level at a time, the ``tops`` being level 0, and returns what
    that lists. Returns the items on the first level below ``NESTING_LIMIT``, which are not
    visited; none unless the nesting is too deep.
    """
    visited: set[Hashable] = set()
    level = _new(tops, key, visited)
    for _ in range(NESTING_LIMIT + 1):
        if not level:
            break
        level = _new(expand(level), key, visited)
    return level


def nested_too_deep(subject: str) -> DocumentError:
    """Return the error about lists that are nested deeper than ``NESTING_LIMIT``."""
    return DocumentError(subject, f"lists nested deeper than {NESTING_LIMIT}")


def _new(
    items: Iterable[Item], key: Callable[[Item], Hashable], visited: set[Hashable]
) -> tuple[Item, ...]:
    """The first item of each key that is not visited yet; marks the keys as visited."""
    new: dict[Hashable, Item] = {}
    for item in items:
        if key(item) not in visited:
            new.setdefault(key(item), item)
    visited.update(new)
    return tuple(new.values())


@frozen
class Node:
    """A manifest at ``source``, by digest; of a list also the ``manifest``, which had to be read.

    ``listed`` is its descriptor in the list that it was found in.
    """

    source: Reference
    manifest: Manifest | None = None
    listed: Descriptor | None = None

    @property
    def is_verifiable(self) -> bool:
        """Whether its content can be checked against the digest that lists it."""
        return self.listed is None or self.listed.digest.is_verifiable

    def read(self, registry: ManifestReader) -> Manifest:
        """Return the manifest. Raises what ``get_manifest`` and ``require_match`` raise."""
        if self.listed is not None:
            require_verifiable(self.listed.digest, str(self.source))
        manifest = self.manifest or registry.get_manifest(self.source)
        if self.listed is None:
            return manifest
        return require_match(manifest, self.listed, str(self.source))


def is_blob(content: Reference, listed: Descriptor, registry: ManifestReader) -> bool:
    """Return whether what is ``listed`` at ``content`` is a blob.

    The registry is asked only if the media type is unknown (ADR 0034).
    """
    if media_types.is_manifest(listed.media_type):
        return False
    return media_types.is_blob(listed.media_type) or not registry.is_manifest(content)


def below(source: Reference, manifest: Manifest, registry: ManifestReader) -> Iterator[Node]:
    """Yield all that the ``manifest`` at ``source`` lists, on every level, children first.

    Raises what ``Node.read`` raises for lists; DocumentError: nested too deep.
    """
    return _below(source, manifest, registry, 0, set())


def tree(source: Reference, listed: Descriptor, registry: ManifestReader) -> Iterator[Node]:
    """Yield all below what is ``listed`` at ``source``, then that itself. Raises as ``below``."""
    return _tree(Node(source, listed=listed), listed.media_type, registry, 0, set())


def _below(
    source: Reference, manifest: Manifest, registry: ManifestReader, level: int, visited: _Visited
) -> Iterator[Node]:
    for entry in manifest.entries:
        child = entry.digest, entry.media_type, entry.size
        if child not in visited:
            visited.add(child)
            node = Node(source.at(entry.digest), listed=entry)
            yield from _tree(node, entry.media_type, registry, level + 1, visited)


def _tree(
    node: Node, media_type: str, registry: ManifestReader, level: int, visited: _Visited
) -> Iterator[Node]:
    if level > NESTING_LIMIT:
        raise nested_too_deep(str(node.source))
    if media_type not in media_types.LISTS or not node.is_verifiable:
        yield node
        return
    manifest = node.read(registry)
    yield from _below(node.source, manifest, registry, level, visited)
    yield evolve(node, manifest=manifest)
