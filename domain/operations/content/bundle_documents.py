"""The documents of a bundle, read and checked against the descriptors that list them."""

from manyfest.domain import manifests
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified
from manyfest.domain.errors import DocumentError, SizeMismatchError
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.bundles import Bundle


def received_manifest(bundle: Bundle, listed: Descriptor) -> Manifest:
    """Read a manifest. Raises DocumentError, SizeMismatchError, DigestMismatchError."""
    subject = f"{bundle.name}: {listed.digest}"
    if listed.size > manifests.SIZE_LIMIT:
        raise DocumentError(subject, f"larger than {manifests.SIZE_LIMIT} bytes")
    data = read_document(bundle, listed)
    return Manifest.received(data, listed.media_type, subject, listed.digest.algorithm)


def read_document(bundle: Bundle, listed: Descriptor) -> bytes:
    """Read a small blob. Raises SizeMismatchError, DigestMismatchError."""
    require_size(bundle, listed.digest, listed.size)
    subject = f"{bundle.name}: {listed.digest}"
    return verified(bundle.read(listed.digest), listed.digest, listed.size, subject)


def require_size(bundle: Bundle, digest: Digest, size: int) -> None:
    """Check the size of a blob. Raises SizeMismatchError: it is another, or the blob is missing."""
    actual = bundle.size(digest)
    if actual != size:
        raise SizeMismatchError(f"{bundle.name}: {digest}", size, actual or 0)
