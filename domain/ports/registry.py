"""The registry port: reading and writing manifests and blobs, in seven roles.

One object serves every registry and layout a command names: each method takes a full reference
(``Reference``: home, and tag or digest), so a copy may span hosts. An implementation

- checks every manifest and blob it hands out against the digest and size asked for, and reads
  no more than the limits of the documents allow (``manifests.SIZE_LIMIT``);
- for a reference with tag and digest, uses the digest and does not ask for the tag;
- may be called from several threads at once, and starts none;
- does its own retries, so that callers never retry;
- must not be assumed to be on a network: a folder and a dictionary are registries too.

Besides the errors named at each method, all may raise AccessError (401, 403), UnavailableError
(unreachable, rate limited, failing, out of time), ProtocolError (no registry answers so),
RefusedError (another 4xx), CredentialsError and, for layouts, LayoutError.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import CHUNK_SIZE, without_first
from manyfest.domain.errors import BlobUnknownError, DocumentError, ManifestUnknownError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Home, Reference

# How many tags a put may name: a registry that takes several must take so many
# (distribution-spec, "Pushing Manifests").
TAGS_PER_PUT = 10


class ManifestReader(Protocol):
    """Reads manifests."""

    def get_manifest(self, reference: Reference) -> Manifest:
        """The manifest of a reference, verified and checked to be one kind.

        A layout reference with neither tag nor digest is the layout's only image.
        Raises ManifestUnknownError: nothing there (distribution-spec: 404 MANIFEST_UNKNOWN or
        NAME_UNKNOWN). DigestMismatchError: the bytes are not those of the digest asked for, or not
        those of the digest that was announced with them. DocumentError: see ``Manifest.received``.
        """
        ...

    def head_manifest(self, reference: Reference) -> Descriptor:
        """Media type, digest and size of a manifest, without its bytes.

        Registries do not count it as a pull. The platform is never filled in. Falls back to
        ``get_manifest`` if a HEAD does not give all of it, so that the answer may be relied on:
        some registries answer 404 to every HEAD. Raises as ``get_manifest``.
        """
        ...

    def probe_manifest(self, reference: Reference) -> Descriptor | None:
        """The same as a hint, for writers that go on without it; None: absent, or unknown.

        Costs one request if nothing is there. Raises UnavailableError: unreachable, rate limited,
        out of time.
        """
        try:
            return self.head_manifest(reference)
        except ManifestUnknownError:
            return None

    def is_manifest(self, reference: Reference) -> bool:
        """Whether the digest is certainly served as a manifest, for content of an unknown type.

        Registries store blobs apart, and some fail when one is asked for as a manifest. So an
        adapter to a network asks once, and takes anything but success for False.
        """
        try:
            self.head_manifest(reference)
        except (ManifestUnknownError, DocumentError):
            return False
        return True


class ManifestWriter(Protocol):
    """Writes manifests."""

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        """Store ``manifest`` under the tag or the digest of ``reference``.

        All that the manifest refers to must exist before (children before parents), except its
        subject. Afterwards it is one of the subject's ``referrers``: without the referrers API, it
        is added to the list under the referrers tag (distribution-spec, "Pushing Manifests with
        Subject"), so that such a manifest may write two. When this returns, the other side has
        confirmed these very bytes. Putting the same manifest twice is fine. ``expected`` is the
        precondition for the tag: checked atomically if the other side can (RFC 9110, conditional
        requests), and otherwise not at all.
        Raises TagMovedError: the precondition was checked and failed. DigestMismatchError:
        ``reference`` has a digest that is not the manifest's, or the other side confirms another.
        RefusedError: a child is missing, too large, read-only.
        """
        ...

    def takes_tags(self, home: Home) -> bool | None:  # noqa: ARG002 - for those that can
        """Whether one put to ``home`` may name several tags; None: not known yet.

        Sends no request.
        """
        return False

    def put_with_tags(
        self,
        reference: Reference,  # noqa: ARG002 - for those that can, as the others
        manifest: Manifest,  # noqa: ARG002
        tags: Sequence[str],  # noqa: ARG002 - at most TAGS_PER_PUT
    ) -> frozenset[str]:
        """Store ``manifest`` under the digest of ``reference`` and all ``tags``, in one step.

        Returns the tags that the other side says it moved: a claim, for the caller to check. The
        caller puts the others one by one, and gets their refusals then: an other side that cannot
        do this, or does not like to be asked, has moved none, and may have stored nothing.
        Raises AccessError: denied by one that is known to take tags; no tag has moved.
        DigestMismatchError: the other side confirms another digest. UnauthorizedError,
        UnavailableError as ``put_manifest``.
        """
        return frozenset()


class TagReader(Protocol):
    """Lists tags."""

    def tags(self, home: Home) -> tuple[str, ...]:
        """All tags in ``home``, each once, in no order; empty if it is unknown.

        Raises DocumentError: the answer is not a list of tags; ProtocolError: it never ends.
        """
        ...


class TagRemover(Protocol):
    """Deletes tags, and manifests by digest. Most other sides refuse one of them."""

    def delete_tag(self, reference: Reference, expected: Expectation) -> bool:  # noqa: ARG002
        """Delete the tag of ``reference`` alone.

        False: the other side deletes no tags, or has no such one; nothing has changed. Raises
        TagMovedError: ``expected`` was checked, as ``put_manifest`` does, and failed.
        """
        return False

    def deletes_manifests(self, home: Home) -> bool:  # noqa: ARG002 - for those that can
        """Whether manifests can be deleted by digest, as the deletion of an unknown one shows."""
        return False

    def delete_manifest(self, reference: Reference) -> None:
        """Delete the manifest of the digest in ``reference``, with all its tags.

        Raises ManifestUnknownError; RefusedError, AccessError: it is still there.
        """
        raise ManifestUnknownError(str(reference))


class ReferrerReader(Protocol):
    """Finds the referrers of a manifest."""

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """The manifests in its home whose subject is the digest of ``reference``.

        Each once, with ``artifactType`` and annotations if the other side sends them. Empty if
        there are none, if the home or the manifest is unknown, and if the other side cannot tell.
        Raises DocumentError: the answer is not an index; ProtocolError: it never ends.
        """
        ...

    def listed_referrers(self, reference: Reference) -> tuple[Descriptor, ...] | None:
        """As ``referrers``, by the other side's own listing; None: it has none.

        Then a referrers tag may name them, which a caller who knows all ``tags`` need not ask for.
        """
        return self.referrers(reference)

    def lacks_referrers(self, home: Home) -> bool:  # noqa: ARG002 - for those that can
        """Whether the other side is known to have no listing of its own. Sends no request.

        A guess: what was learnt earlier may have changed, so ask for one subject nevertheless.
        """
        return False


class BlobReader(Protocol):
    """Reads blobs. References to blobs are a home and a digest."""

    def head_blob(self, reference: Reference) -> int:
        """The size in bytes of the blob under ``reference``, to be relied on.

        Falls back to a GET if a HEAD does not give it. Raises BlobUnknownError.
        """
        ...

    def probe_blob(self, reference: Reference) -> int | None:
        """The same as a hint, before a blob is written; None: absent, or unknown.

        Costs one request. Raises as ``probe_manifest``.
        """
        try:
            return self.head_blob(reference)
        except BlobUnknownError:
            return None

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        """The blob's bytes in chunks of at most 1 MiB; leaving the context closes it.

        Never whole in memory. Chunks are counted and hashed as they pass, and the last ``next``
        raises when they were not ``size`` bytes of this digest: use nothing before the end. Raises
        BlobUnknownError on entering; SizeMismatchError, DigestMismatchError while reading.
        """
        ...

    def open_foreign_layer(
        self,
        reference: Reference,
        size: int,
        urls: tuple[str, ...],  # noqa: ARG002 - for adapters to a network
    ) -> AbstractContextManager[Iterator[bytes]]:
        """As ``open_blob``, for a layer that may be at one of ``urls`` instead of in its home.

        The URLs come from a manifest, so an adapter to a network reads them by https alone, without
        credentials, and only from where the home's registry may send us (ADR 0016).
        """
        return self.open_blob(reference, size)

    def open_rest(
        self, reference: Reference, size: int, start: int, urls: tuple[str, ...] = ()
    ) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes from ``start`` on, for a caller that has those before, and hashes all of them.

        ``urls`` as of ``open_foreign_layer``. An adapter to a network asks for these bytes alone if
        the other side can (RFC 9110, range requests).
        """
        if urls:
            return _skipping(start, self.open_foreign_layer(reference, size, urls))
        return _skipping(start, self.open_blob(reference, size))


class BlobWriter(Protocol):
    """Writes blobs."""

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        """Mount the blob of ``origin`` under ``reference`` without moving bytes.

        True if the blob exists now. False if the other side cannot or will not mount it
        (distribution-spec: 202 instead of 201; a layout; another registry; ``origin`` not
        readable): then write it.
        """
        ...

    def write_blob(self, reference: Reference, size: int, source: "BlobSource") -> None:
        """Store the bytes that ``source()`` opens under the digest of ``reference``.

        ``source`` may be called again when the transfer restarts. When this returns, the
        other side has confirmed the digest; when it raises, nothing appears under it.
        """
        ...


class BlobSource(Protocol):
    """Opens a blob to be written, each time it is called."""

    def __call__(self, start: int = 0, /) -> AbstractContextManager[Iterator[bytes]]:
        """Open the bytes from ``start`` on, in chunks of at most 1 MiB.

        A writer that has the bytes before ``start`` already hashes both: those that come from the
        middle of a blob need not be verified.
        """
        ...


@contextmanager
def _skipping(
    count: int, opened: AbstractContextManager[Iterator[bytes]]
) -> Iterator[Iterator[bytes]]:
    with opened as chunks:
        yield without_first(count, chunks)


def open_bytes(data: bytes, start: int = 0, /) -> AbstractContextManager[Iterator[bytes]]:
    """Open ``data`` as a ``BlobSource`` opens a blob."""
    return nullcontext(
        data[first : first + CHUNK_SIZE] for first in range(start, len(data), CHUNK_SIZE)
    )


class Registry(
    ManifestReader,
    ManifestWriter,
    TagReader,
    TagRemover,
    ReferrerReader,
    BlobReader,
    BlobWriter,
    Protocol,
):
    """All roles in one object, for code that reads and writes."""
