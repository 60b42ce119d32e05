"""Write parts of a memory: the blobs first, then the manifest under the part's own tag.

Take the tags of parts away that an earlier base replaced.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from attr import evolve

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ConflictError, ManyfestError, MergeUnsettledError
from manyfest.domain.expectations import Expectation
from manyfest.domain.memories.memory_index import MemoryIndex, encode_index, union_of
from manyfest.domain.memories.memory_part import (
    CONTENT_TYPE,
    INDEX_TYPE,
    MemoryPart,
    make_part,
    part_reference,
    parts_listed,
)
from manyfest.domain.operations.memories.read_memory import Memory, read_memory
from manyfest.domain.ports import Ports
from manyfest.domain.ports.bundles import PackedBundle
from manyfest.domain.ports.registry import BlobSource, Registry, open_bytes
from manyfest.domain.references import Reference

# Seconds to wait before each further look: some registries take a moment to list a tag.
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


def put_part(
    memory: Memory, index: MemoryIndex, bundle: PackedBundle | None, *, ports: Ports
) -> MemoryPart:
    """Put a part of ``memory`` with this ``index`` and ``bundle``, and wait until it is listed.

    Uses the ports registry and pause. Raises MergeUnsettledError: the registry does not list its
    tag; what writing raises.
    """
    content: tuple[Descriptor, ...] = ()
    if bundle is not None:
        _put_blob(memory.reference, bundle.digest, bundle.size, bundle.source, ports.registry)
        content = (Descriptor(CONTENT_TYPE, bundle.digest, bundle.size),)
    subject = memory.base.manifest.descriptor() if memory.base else None
    part = make_part(_put_index(memory.reference, index, ports.registry), content, subject)
    ports.registry.put_manifest(part_reference(memory.reference, part.digest), part.manifest)
    _await_listing(memory.reference, part.digest, index, ports)
    return part


def put_base(memory: Memory, *, ports: Ports) -> MemoryPart:
    """Put a base of ``memory`` that covers all its parts; a single part is the base itself.

    It gets a tag of its own, as each part does: another writer who puts an older base over it hides
    nothing, nor does a registry that refuses this one therefore. Uses the port registry. Raises
    what writing raises.
    """
    base = _base(memory, ports.registry)
    if base not in memory.indexes:
        ports.registry.put_manifest(part_reference(memory.reference, base.digest), base.manifest)
    expected = Expectation(memory.base.digest if memory.base else None)
    with suppress(ConflictError):
        ports.registry.put_manifest(memory.reference, base.manifest, expected)
    return base


def untag_covered(memory: Memory, *, ports: Ports) -> None:
    """Take away the tags of parts that the base of ``memory`` covered when it was read.

    Nothing is deleted by digest. A registry that does not delete the first tag is asked for no
    other, and no refusal is an error: all of the memory can be read with these tags, too. Uses the
    ports registry and fan_out.
    """

    def take(part: Digest) -> bool:
        tag = part_reference(memory.reference, part)
        return ports.registry.delete_tag(tag, Expectation(part))

    covered = memory.replaced
    with suppress(ManyfestError):
        if covered and take(covered[0]):
            ports.fan_out(take, covered[1:])


def _base(memory: Memory, registry: Registry) -> MemoryPart:
    parts = tuple(memory.indexes)
    if len(parts) == 1:
        return parts[0]
    union = union_of(memory.indexes.values())
    covers = (union.covers | {part.digest for part in parts}) & memory.listed
    index = _put_index(memory.reference, evolve(union, covers=covers), registry)
    return make_part(index, _bundles(parts), None)


def _bundles(parts: Iterable[MemoryPart]) -> Iterable[Descriptor]:
    """Return the bundles of all parts, each once: first those of the base."""
    return dict.fromkeys(bundle for part in parts for bundle in part.content)


def _put_index(memory: Reference, index: MemoryIndex, registry: Registry) -> Descriptor:
    """Put the index, and the config, which is the empty one of all artifacts."""
    data = encode_index(index)
    put = Descriptor(INDEX_TYPE, Digest.of(data), len(data))
    for blob in (media_types.EMPTY, data):
        _put_blob(memory, Digest.of(blob), len(blob), partial(open_bytes, blob), registry)
    return put


def _put_blob(
    memory: Reference, digest: Digest, size: int, source: BlobSource, registry: Registry
) -> None:
    place = memory.at(digest)
    if registry.probe_blob(place) is None:
        registry.write_blob(place, size, source)


def _await_listing(memory: Reference, part: Digest, index: MemoryIndex, ports: Ports) -> None:
    """Wait until readers find the part, or in bases its ``index``: then its tag may be gone.

    Raises MergeUnsettledError: they do not.
    """
    for seconds in _PAUSES:
        ports.pause(seconds)
        if part in parts_listed(memory, ports.registry.tags(memory.home)):
            return
    if not index.news_for(read_memory(memory, ports=ports).index).is_empty:
        raise MergeUnsettledError(str(memory))
