"""Trees: what a list lists, at every level, without reading the images."""

from collections.abc import Iterator

from attrs import frozen

from manyfest.domain import media_types
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.copy_content import NESTING_LIMIT
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Reference


@frozen
class Node:
    """A manifest at ``source``, by digest. A list comes with its document, which had to be read.

    ``is_new`` says that nobody needs to look whether it is at the target.
    """

    source: Reference
    manifest: Manifest | None = None
    is_new: bool = False


def below(
    source: Reference, manifest: Manifest, registry: ManifestReader, level: int = 0
) -> Iterator[Node]:
    """What ``manifest``, which stands at ``source``, lists, and what that lists; lists come last.

    Raises what ``get_manifest`` raises; DocumentError: nested too deep.
    """
    for entry in manifest.entries:
        yield from tree(source.at(entry.digest), entry.media_type, registry, level + 1)


def tree(
    source: Reference, media_type: str, registry: ManifestReader, level: int = 0
) -> Iterator[Node]:
    """All below the manifest at ``source``, and then that itself. Raises as ``below`` does."""
    if level > NESTING_LIMIT:
        raise DocumentError(str(source), f"lists nested deeper than {NESTING_LIMIT}")
    if media_type not in media_types.LISTS:
        yield Node(source)
        return
    manifest = registry.get_manifest(source)
    yield from below(source, manifest, registry, level)
    yield Node(source, manifest)
