"""What is wrong between a list and what it lists, or between an image and its blobs."""

from collections.abc import Iterator

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import (
    BlobUnknownError,
    DigestMismatchError,
    DocumentError,
    ManifestUnknownError,
    ManyfestError,
    SizeMismatchError,
)
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.verification.findings import Finding, finding

# The errors that tell of what is read, not of who was asked for it; all others end the work.
_MANIFEST_RULES: dict[type[ManyfestError], str] = {
    ManifestUnknownError: "missing-manifest",
    DigestMismatchError: "wrong-digest",
    SizeMismatchError: "wrong-size",
    DocumentError: "unreadable-manifest",
}
_BLOB_RULES: dict[type[ManyfestError], str] = {
    BlobUnknownError: "missing-blob",
    DigestMismatchError: "wrong-digest",
    SizeMismatchError: "wrong-size",
    DocumentError: "unreadable-config",
}
REPORTED_ERRORS = tuple(_MANIFEST_RULES | _BLOB_RULES)


def manifest_error_finding(path: str, error: ManyfestError) -> Finding:
    """The finding for one of ``REPORTED_ERRORS``, raised for a listed manifest."""
    return finding(_MANIFEST_RULES[type(error)], path, str(error))


def blob_error_finding(path: str, error: ManyfestError) -> Finding:
    """The finding for one of ``REPORTED_ERRORS``, raised for a blob or a config."""
    return finding(_BLOB_RULES[type(error)], path, str(error))


def child_findings(path: str, entry: Descriptor, child: Manifest) -> Iterator[Finding]:
    """Where what ``entry`` says is not what ``child`` is."""
    yield from size_findings(path, entry, child.size)
    if entry.media_type != child.media_type:
        message = f"listed as {entry.media_type}, but it is a {child.media_type}"
        yield finding("wrong-media-type", f"{path}.mediaType", message)


def size_findings(path: str, named: Descriptor, size: int) -> Iterator[Finding]:
    """Whether what ``named`` names has the size that is said of it."""
    if named.size != size:
        message = f"{named.digest} is said to be {named.size} bytes long and has {size}"
        yield finding("wrong-size", f"{path}.size", message)


def platform_findings(path: str, listed: Platform, own: Platform) -> Iterator[Finding]:
    """Whether an entry's platform is that of the image's config.

    What one side does not say is not compared: configs often lack the variant that ``annotate``
    gives an entry. ``os.features`` are what the list demands of a host, so they may be more.
    """
    said, meant = normalised(listed), normalised(own)
    for member in ("os", "architecture", "variant", "os_version"):
        both = getattr(listed, member) and getattr(own, member)
        if both and getattr(said, member) != getattr(meant, member):
            message = f"listed as {listed}, but the image's config says {own}"
            yield finding("wrong-platform", f"{path}.platform", message)
            return
