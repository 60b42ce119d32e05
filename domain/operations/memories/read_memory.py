"""Read a memory: its base, its deltas, and their indexes.

Theory of operation. Parts are immutable, and each has a tag of its own, bases too, so writers never
replace each other's. A reader takes the base, and all listed parts that the base does not cover. A
base only saves reading: a writer that puts an older base over a newer one makes readers read more
parts, which are still listed. So two writers at once need no lock, and no comparison by the
registry; they need a registry that lists the tags that were put.

A tag is taken away only if a listed base covers the part, and that base has what the part has. To
cover is transitive, and no part can cover one that names it, so for each part that was ever listed
one is listed that has all of it. The reader lists tags first and reads the base then: a tag that
went while it listed them was covered by the memory's tag before, and so it is after.
"""

from contextlib import suppress
from functools import cached_property

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, ManifestUnknownError, TooManyBytesError
from manyfest.domain.manifests import Manifest
from manyfest.domain.memories.memory_index import (
    INDEX_LIMIT,
    MemoryIndex,
    decode_index,
    expand_index,
    union_of,
)
from manyfest.domain.memories.memory_part import MemoryPart, parse_part, parts_listed
from manyfest.domain.operations.steps.conditional_put import current_digest
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import BlobReader
from manyfest.domain.references import Reference

_PACKED_LIMIT = 64 * 1024 * 1024  # bytes of all indexes of a memory, gzipped
_MOST_PARTS = 10_000  # parts that a base does not cover; writers make a new one after 20


class Memory:
    """The memory at ``reference``: its ``base``, if any, and its ``deltas``, by digest.

    ``indexes`` are those of both. ``listed`` are all parts that have a tag, covered or not.
    """

    def __init__(
        self,
        reference: Reference,
        base: MemoryPart | None,
        indexes: dict[MemoryPart, MemoryIndex],
        listed: frozenset[Digest],
    ) -> None:
        self.reference = reference
        self.base = base
        self.indexes = indexes
        self.listed = listed

    @property
    def deltas(self) -> tuple[MemoryPart, ...]:
        """The parts that the base does not cover."""
        return tuple(part for part in self.indexes if part != self.base)

    @property
    def replaced(self) -> list[Digest]:
        """The parts with a tag that nobody needs: the base covers them, and has a tag of its own.

        So it is a base of earlier pushes: who has begun to read finds what it replaced.
        """
        if self.base is None or self.base.digest not in self.listed:
            return []
        return sorted(self.indexes[self.base].covers & self.listed)

    @cached_property
    def index(self) -> MemoryIndex:
        """The union of all indexes."""
        return union_of(self.indexes.values())


def read_memory(reference: Reference, *, ports: Ports) -> Memory:
    """Read the indexes of the memory at ``reference``, not its content; empty if there is none.

    The digest of the tag is asked for by HEAD, which no mirror answers. Uses the ports registry and
    fan_out. Raises DocumentError: the tag is something else, or an index is malformed;
    TooManyBytesError; what reading raises.
    """
    reader = _Reader(reference, ports)
    listed = parts_listed(reference, ports.registry.tags(reference.home))
    base = reader.base()
    indexes = {} if base is None else reader.indexes([base])
    covered = {part.digest for part in indexes} | union_of(indexes.values()).covers
    uncovered = sorted(listed - covered)
    if len(uncovered) > _MOST_PARTS:
        raise DocumentError(str(reference), f"has more than {_MOST_PARTS} deltas")
    parts = [part for part in ports.fan_out(reader.part, uncovered) if part is not None]
    return Memory(reference, base, indexes | reader.indexes(parts), listed)


class _Reader:
    """Reads parts, and indexes up to limits for all of them."""

    def __init__(self, reference: Reference, ports: Ports) -> None:
        self._reference = reference
        self._registry = ports.registry
        self._fan_out = ports.fan_out
        self._packed = _PACKED_LIMIT
        self._expanded = INDEX_LIMIT

    def base(self) -> MemoryPart | None:
        digest = current_digest(self._reference, self._registry)
        return None if digest is None else parse_part(self._manifest(digest), str(self._reference))

    def part(self, digest: Digest) -> MemoryPart | None:
        """Return a delta; None if it was deleted meanwhile."""
        with suppress(ManifestUnknownError):
            return parse_part(self._manifest(digest), str(self._reference.at(digest)))
        return None

    def indexes(self, parts: list[MemoryPart]) -> dict[MemoryPart, MemoryIndex]:
        """Fetch indexes at once, and decode one at a time: that takes several times their bytes."""
        self._packed -= sum(part.index.size for part in parts)
        if self._packed < 0:
            raise TooManyBytesError(str(self._reference), _PACKED_LIMIT)
        packed = self._fan_out(self._fetched, parts)
        return {part: self._decoded(part, data) for part, data in zip(parts, packed, strict=True)}

    def _fetched(self, part: MemoryPart) -> bytes:
        return read_blob(self._place(part), part.index, self._registry)

    def _decoded(self, part: MemoryPart, data: bytes) -> MemoryIndex:
        subject = str(self._place(part))
        text = expand_index(data, subject, self._expanded)
        self._expanded -= len(text)
        return decode_index(text, subject)

    def _place(self, part: MemoryPart) -> Reference:
        return self._reference.at(part.index.digest)

    def _manifest(self, digest: Digest) -> Manifest:
        return self._registry.get_manifest(self._reference.at(digest))


def read_blob(place: Reference, blob: Descriptor, registry: BlobReader) -> bytes:
    """Return the bytes of a small ``blob``, checked. Raises as ``open_blob``."""
    with registry.open_blob(place, blob.size) as chunks:
        return b"".join(chunks)
