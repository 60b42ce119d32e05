"""A layer store in memory, which fulfils the same contract as the real one."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from attrs import define, field

from manyfest.domain.digests import CHUNK_SIZE, Digest, verified_chunks
from manyfest.domain.errors import BlobUnknownError, DamagedStoreError, IntegrityError
from manyfest.domain.ports.layer_store import LayerStore


@define
class MemoryLayers(LayerStore):
    """``LayerStore``; tests may read and damage ``held``."""

    held: dict[Digest, bytes] = field(factory=dict)
    renewed: set[Digest] = field(factory=set)

    def size(self, digest: Digest) -> int | None:
        data = self.held.get(digest)
        return None if data is None else len(data)

    def touch(self, digest: Digest) -> int | None:
        self.renewed.add(digest)
        return self.size(digest)

    @contextmanager
    def open(self, digest: Digest) -> Iterator[Iterator[bytes]]:
        if digest not in self.held:
            raise BlobUnknownError(str(digest))
        yield self._intact(digest)

    def write(self, digest: Digest, size: int, chunks: Iterable[bytes]) -> None:
        self.held[digest] = b"".join(verified_chunks(chunks, digest, size, str(digest)))

    def digests(self) -> Iterator[Digest]:
        return iter(tuple(self.held))

    def remove(self, digest: Digest) -> None:
        self.held.pop(digest, None)

    def _intact(self, digest: Digest) -> Iterator[bytes]:
        data = self.held[digest]
        try:
            chunks = (data[start : start + CHUNK_SIZE] for start in range(0, len(data), CHUNK_SIZE))
            yield from verified_chunks(chunks, digest, len(data), str(digest))
        except IntegrityError as error:
            raise DamagedStoreError("(memory)", f"{digest} has other bytes") from error
