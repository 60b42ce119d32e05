"""A registry in memory, for our own tests and those of the library's users."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from attr import field

from manyfest.adapters.registry_parts import blob_digest, open_verified, require_children
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified, verified_chunks
from manyfest.domain.errors import BlobUnknownError, ManifestUnknownError
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import referrer_descriptor
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference, Repository
from manyfest.domain.values import frozen


@frozen
class _Repository:
    """The content of one home."""

    manifests: dict[Digest, Manifest] = field(factory=dict)
    blobs: dict[Digest, bytes] = field(factory=dict)
    tags: dict[str | None, Digest] = field(factory=dict)

    def digest(self, reference: Reference) -> Digest | None:
        """The digest that ``reference`` has or points to; without a tag, that of the only image."""
        if reference.digest or reference.tag:
            return reference.digest or self.tags.get(reference.tag)
        pointed_to = set(self.tags.values())
        return pointed_to.pop() if len(pointed_to) == 1 else None

    def has(self, child: Descriptor) -> bool:
        """Return whether a manifest or a blob of this digest exists here."""
        return child.digest in self.manifests or child.digest in self.blobs


class MemoryRegistry(Registry):
    """Homes in a dictionary, separate from each other; the first write to a home creates it.

    As strict as distribution: RefusedError for a manifest whose children are missing. Blobs mount
    between the repositories of one registry. It needs no lock: each step is one operation on a
    dictionary, and children come before parents.

    To test how code behaves at a broken registry, ``forget_manifest``, ``forget_blob``,
    ``plant_manifest`` and ``plant_blob`` change the content without any check.
    """

    def __init__(self) -> None:
        self._repositories: dict[Home, _Repository] = {}

    def forget_manifest(self, reference: Reference) -> None:
        """Remove the manifest of this digest; its tags stay. Raises KeyError: there is none."""
        del self._repository(reference.home).manifests[_digest(reference)]

    def forget_blob(self, reference: Reference) -> None:
        """Remove the blob of this digest. Raises KeyError: there is none."""
        del self._repository(reference.home).blobs[_digest(reference)]

    def plant_manifest(self, reference: Reference, manifest: Manifest) -> None:
        """Put any bytes under the digest of ``reference``, or else under its tag and their own."""
        repository, digest = self._repository(reference.home), reference.digest or manifest.digest
        repository.manifests[digest] = manifest
        if reference.digest is None:
            repository.tags[reference.tag] = digest

    def plant_blob(self, reference: Reference, data: bytes) -> None:
        """Put any bytes under the digest of ``reference``. Raises KeyError: it has none."""
        self._repository(reference.home).blobs[_digest(reference)] = data

    def share_content_of(self, other: "MemoryRegistry") -> None:
        """Serve and change the content of ``other`` instead of our own."""
        self._repositories = other._repositories  # noqa: SLF001 - of the same class

    def get_manifest(self, reference: Reference) -> Manifest:
        repository, subject = self._repository(reference.home), str(reference)
        digest = repository.digest(reference)
        stored = repository.manifests.get(digest) if digest else None
        if digest is None or stored is None:
            raise ManifestUnknownError(subject)
        data = verified(stored.data, digest, None, subject)
        return Manifest.received(data, stored.media_type, subject, digest.algorithm)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        digest = reference.digest or manifest.digest
        repository = self._repository(reference.home)
        verified(manifest.data, digest, None, str(reference))
        require_children(manifest, str(reference.home), repository.has)
        repository.manifests[digest] = manifest
        if reference.digest is None:
            if expected is not None:
                expected.check(reference, repository.tags.get(reference.tag))
            repository.tags[reference.tag] = digest

    def takes_tags(self, home: Home) -> bool | None:  # noqa: ARG002 - all of them
        return True

    def put_with_tags(
        self, reference: Reference, manifest: Manifest, tags: Sequence[str]
    ) -> frozenset[str]:
        self.put_manifest(reference.at(manifest.digest), manifest)
        self._repository(reference.home).tags.update(dict.fromkeys(tags, manifest.digest))
        return frozenset(tags)

    def delete_tag(self, reference: Reference, expected: Expectation) -> bool:
        tags = self._repository(reference.home).tags
        if reference.tag not in tags:
            return False
        expected.check(reference, tags[reference.tag])
        del tags[reference.tag]
        return True

    def deletes_manifests(self, home: Home) -> bool:  # noqa: ARG002
        return True

    def delete_manifest(self, reference: Reference) -> None:
        repository, digest = self._repository(reference.home), blob_digest(reference)
        if repository.manifests.pop(digest, None) is None:
            raise ManifestUnknownError(str(reference))
        for tag in [tag for tag, at in repository.tags.items() if at == digest]:
            del repository.tags[tag]

    def tags(self, home: Home) -> tuple[str, ...]:
        return tuple(tag for tag in self._repository(home).tags if tag is not None)

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        stored = tuple(self._repository(reference.home).manifests.values())
        listed = {
            manifest.digest: referrer_descriptor(manifest)
            for manifest in stored
            if manifest.subject and manifest.subject.digest == reference.digest
        }
        return tuple(listed.values())

    def head_blob(self, reference: Reference) -> int:
        return len(self._blob(reference))

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        return open_verified(self._blob(reference), reference, size)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        if _registry(origin) is None or _registry(origin) != _registry(reference.home):
            return False
        data = self._repository(origin).blobs.get(blob_digest(reference))
        if data is None:
            return False
        self._repository(reference.home).blobs[blob_digest(reference)] = data
        return True

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        digest = blob_digest(reference)
        with source() as chunks:
            data = b"".join(verified_chunks(chunks, digest, size, str(reference)))
        self._repository(reference.home).blobs[digest] = data

    def _repository(self, home: Home) -> _Repository:
        return self._repositories.setdefault(home, _Repository())

    def _blob(self, reference: Reference) -> bytes:
        data = self._repository(reference.home).blobs.get(blob_digest(reference))
        if data is None:
            raise BlobUnknownError(str(reference))
        return data


def _digest(reference: Reference) -> Digest:
    if reference.digest is None:
        raise KeyError(str(reference))
    return reference.digest


def _registry(home: Home) -> str | None:
    return home.registry if isinstance(home, Repository) else None
