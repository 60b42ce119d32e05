"""A registry in memory: for tests, ours and those of the library's users."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

from attrs import field, frozen

from manyfest.adapters.registry_parts import blob_digest, open_bytes, require_children
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified, verified_chunks
from manyfest.domain.errors import BlobUnknownError, ManifestUnknownError
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import referrer_descriptor
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference, Repository


@frozen
class _Repository:
    """What one home holds."""

    manifests: dict[Digest, Manifest] = field(factory=dict)
    blobs: dict[Digest, bytes] = field(factory=dict)
    tags: dict[str | None, Digest] = field(factory=dict)

    def digest(self, reference: Reference) -> Digest | None:
        if reference.digest or reference.tag:
            return reference.digest or self.tags.get(reference.tag)
        pointed_to = set(self.tags.values())
        return pointed_to.pop() if len(pointed_to) == 1 else None

    def holds(self, child: Descriptor) -> bool:
        return child.digest in self.manifests or child.digest in self.blobs


class MemoryRegistry(Registry):
    """Every home in one dictionary, each on its own; new homes appear when they are written to.

    As strict as distribution: RefusedError for a manifest whose children are missing. Blobs mount
    between the repositories of one registry. Needs no lock: each step is one operation on a
    dictionary, children are there before parents, and nothing is ever removed.
    """

    def __init__(self) -> None:
        self._shelves: dict[Home, _Repository] = {}

    def _shelf(self, home: Home) -> _Repository:
        return self._shelves.setdefault(home, _Repository())

    def get_manifest(self, reference: Reference) -> Manifest:
        shelf, subject = self._shelf(reference.home), str(reference)
        digest = shelf.digest(reference)
        held = shelf.manifests.get(digest) if digest else None
        if digest is None or held is None:
            raise ManifestUnknownError(subject)
        data = verified(held.data, digest, None, subject)
        return Manifest.received(data, held.media_type, subject, digest.algorithm)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        shelf, digest = self._shelf(reference.home), reference.digest or manifest.digest
        verified(manifest.data, digest, None, str(reference))
        require_children(manifest, str(reference.home), shelf.holds)
        shelf.manifests[digest] = manifest
        if reference.digest is None:
            if expected is not None:
                expected.check(reference, shelf.tags.get(reference.tag))
            shelf.tags[reference.tag] = digest

    def tags(self, home: Home) -> tuple[str, ...]:
        return tuple(tag for tag in self._shelf(home).tags if tag is not None)

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        held = tuple(self._shelf(reference.home).manifests.values())
        listed = {
            manifest.digest: referrer_descriptor(manifest)
            for manifest in held
            if manifest.subject and manifest.subject.digest == reference.digest
        }
        return tuple(listed.values())

    def head_blob(self, reference: Reference) -> int:
        return len(self._blob(reference))

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        return open_bytes(self._blob(reference), reference, size)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        if _registry(origin) is None or _registry(origin) != _registry(reference.home):
            return False
        data = self._shelf(origin).blobs.get(blob_digest(reference))
        if data is None:
            return False
        self._shelf(reference.home).blobs[blob_digest(reference)] = data
        return True

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        digest = blob_digest(reference)
        with source() as chunks:
            data = b"".join(verified_chunks(chunks, digest, size, str(reference)))
        self._shelf(reference.home).blobs[digest] = data

    def _blob(self, reference: Reference) -> bytes:
        data = self._shelf(reference.home).blobs.get(blob_digest(reference))
        if data is None:
            raise BlobUnknownError(str(reference))
        return data


def _registry(home: Home) -> str | None:
    return home.registry if isinstance(home, Repository) else None
