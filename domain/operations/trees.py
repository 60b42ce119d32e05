"""Trees: what a list lists, at every level, without reading the images."""

from collections.abc import Iterator

from attrs import frozen

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.copy_content import NESTING_LIMIT
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Reference

# What was met, by digest and by the type that its list says it has.
_Seen = set[tuple[Digest, str]]


@frozen
class Node:
    """A manifest at ``source``, by digest. A list comes with its document, which had to be read.

    ``is_new`` says that nobody needs to look whether it is at the target.
    """

    source: Reference
    manifest: Manifest | None = None
    is_new: bool = False


def below(source: Reference, manifest: Manifest, registry: ManifestReader) -> Iterator[Node]:
    """What ``manifest``, which stands at ``source``, lists, and what that lists; lists come last.

    Each once, however often it is listed. Raises what ``get_manifest`` raises; DocumentError:
    nested too deep.
    """
    return _below(source, manifest, registry, 0, set())


def tree(source: Reference, media_type: str, registry: ManifestReader) -> Iterator[Node]:
    """All below the manifest at ``source``, and then that itself. Raises as ``below`` does."""
    return _tree(source, media_type, registry, 0, set())


def _below(
    source: Reference, manifest: Manifest, registry: ManifestReader, level: int, seen: _Seen
) -> Iterator[Node]:
    for entry in manifest.entries:
        child = entry.digest, entry.media_type
        if child not in seen:
            seen.add(child)
            at = source.at(entry.digest)
            yield from _tree(at, entry.media_type, registry, level + 1, seen)


def _tree(
    source: Reference, media_type: str, registry: ManifestReader, level: int, seen: _Seen
) -> Iterator[Node]:
    if level > NESTING_LIMIT:
        raise DocumentError(str(source), f"lists nested deeper than {NESTING_LIMIT}")
    if media_type not in media_types.LISTS:
        yield Node(source)
        return
    manifest = registry.get_manifest(source)
    yield from _below(source, manifest, registry, level, seen)
    yield Node(source, manifest)
