"""The registry port: where manifests and blobs stand, by six small roles.

One object serves every registry and layout a command names: each method takes a full reference
(``Reference``: home, and tag or digest), so a copy may span hosts. An implementation

- checks every manifest and blob it hands out against the digest and size asked for, and reads
  no more than the limits of the documents allow (``manifests.SIZE_LIMIT``);
- where a reference has a tag and a digest, goes by the digest and does not ask for the tag;
- may be called from several threads at once, and starts none;
- does its own retries, so that callers never retry;
- must not be assumed to be on a network: a folder and a dictionary are registries too.

Besides the errors named at each method, all may raise AccessError (401, 403), UnavailableError
(unreachable, rate limited, failing, out of time), ProtocolError (no registry answers so),
RefusedError (another 4xx), CredentialsError and, for layouts, LayoutError.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Home, Reference


class ManifestReader(Protocol):
    """Reads manifests."""

    def get_manifest(self, reference: Reference) -> Manifest:
        """The manifest under ``reference``, verified and checked to be one kind of document.

        A layout reference with neither tag nor digest is the layout's only image.
        Raises ManifestUnknownError: nothing there (distribution-spec: 404 MANIFEST_UNKNOWN or
        NAME_UNKNOWN). DigestMismatchError: the bytes are not those of the digest asked for, or not
        those of the digest that was announced with them. DocumentError: see ``Manifest.received``.
        """
        ...

    def head_manifest(self, reference: Reference) -> Descriptor:
        """Media type, digest and size of the manifest under ``reference``, without its bytes.

        Costs no pull where registries count pulls. The platform is never filled in. Falls back to
        ``get_manifest`` where the other side cannot tell the digest. Raises ManifestUnknownError.
        """
        ...


class ManifestWriter(Protocol):
    """Writes manifests."""

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        """Store ``manifest`` under the tag or the digest of ``reference``.

        All that the manifest names must be there before (children before parents), but for its
        subject. Of that it is one of the ``referrers`` afterwards: where the other side keeps no
        book of them, it is listed under the referrers tag (distribution-spec, "Pushing Manifests
        with Subject"), so that such a manifest may write two. When this returns, the other side
        has confirmed these very bytes. Putting the same twice is fine. ``expected`` is what the
        tag points to before: checked in the same step where the other side can (RFC 9110,
        conditional requests), and else not at all.
        Raises TagMovedError: it could, and the tag points elsewhere. DigestMismatchError:
        ``reference`` has a digest that is not the manifest's, or the other side confirms another.
        RefusedError: a child is missing, too large, read-only.
        """
        ...


class TagReader(Protocol):
    """Lists tags."""

    def tags(self, home: Home) -> tuple[str, ...]:
        """All tags in ``home``, each once, in no order; none where ``home`` is unknown.

        Raises DocumentError: the answer is no list of tags; ProtocolError: it never ends.
        """
        ...


class ReferrerReader(Protocol):
    """Finds what was attached to a manifest afterwards."""

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """The manifests that name the digest of ``reference`` as their subject, in its home.

        Each once, with ``artifactType`` and annotations where they are told. Nothing where there
        are none, where the home or the manifest is unknown, and where nobody can tell.
        Raises DocumentError: the answer is no index; ProtocolError: it never ends.
        """
        ...


class BlobReader(Protocol):
    """Reads blobs. References to blobs are a home and a digest."""

    def head_blob(self, reference: Reference) -> int:
        """The size in bytes of the blob under ``reference``. Raises BlobUnknownError."""
        ...

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        """The blob's bytes in chunks of at most 1 MiB, never whole in memory; leaving closes it.

        Chunks are counted and hashed as they pass, and the last ``next`` raises when they were not
        ``size`` bytes of this digest: use nothing before the end.
        Raises BlobUnknownError on entering; SizeMismatchError, DigestMismatchError while reading.
        """
        ...


class BlobWriter(Protocol):
    """Writes blobs."""

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        """Make the blob in ``origin`` appear under ``reference`` without moving bytes.

        True when it is there now. False when the other side cannot or will not (distribution-spec:
        202 instead of 201; a layout; another registry; ``origin`` not readable): then write it.
        """
        ...

    def write_blob(self, reference: Reference, size: int, source: "BlobSource") -> None:
        """Store the bytes that ``source()`` opens under the digest of ``reference``.

        ``source`` may be called again when the transfer is taken up anew. When this returns, the
        other side has confirmed the digest; when it raises, nothing appears under it.
        """
        ...


BlobSource = Callable[[], AbstractContextManager[Iterator[bytes]]]


class Registry(
    ManifestReader, ManifestWriter, TagReader, ReferrerReader, BlobReader, BlobWriter, Protocol
):
    """All roles in one object, for code that reads and writes."""
