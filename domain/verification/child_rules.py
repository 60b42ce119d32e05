"""Rules about children: a list and its manifests, an image and its blobs."""

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
from manyfest.domain.lists.platform_selection import is_same_version
from manyfest.domain.platforms import Platform
from manyfest.domain.verification.findings import Finding, finding

# Errors of the content, which are findings. All others are errors of the registry and end the run.
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
    """Return the finding for a ``REPORTED_ERRORS`` of a listed manifest."""
    return finding(_MANIFEST_RULES[type(error)], path, str(error))


def blob_error_finding(path: str, error: ManyfestError) -> Finding:
    """Return the finding for a ``REPORTED_ERRORS`` of a blob or config."""
    return finding(_BLOB_RULES[type(error)], path, str(error))


def child_findings(path: str, entry: Descriptor, child: Descriptor) -> Iterator[Finding]:
    """Compare the size and media type of ``entry`` with those of ``child``."""
    yield from size_findings(path, entry, child.size)
    if entry.media_type != child.media_type:
        message = f"listed as {entry.media_type}, but it is a {child.media_type}"
        yield finding("wrong-media-type", f"{path}.mediaType", message)


def unverifiable_finding(path: str, named: Descriptor) -> Finding:
    """Return the finding about a digest of an algorithm that is not registered."""
    message = f"{named.digest} cannot be verified: its algorithm is not registered"
    return finding("unverifiable-digest", f"{path}.digest", message)


def size_findings(path: str, named: Descriptor, size: int) -> Iterator[Finding]:
    """Compare the size of the descriptor ``named`` with the actual one."""
    if named.size != size:
        message = f"{named.digest} has {size} bytes, but the descriptor says {named.size}"
        yield finding("wrong-size", f"{path}.size", message)


def platform_findings(path: str, listed: Platform, own: Platform) -> Iterator[Finding]:
    """Compare an entry's platform with that of the image's config.

    Members that one side lacks are not compared: configs often lack the variant that ``annotate``
    sets. Versions of Windows are compared by build. ``os.features`` are requirements of the list
    for a host, so it may have more of them.
    """
    if not _agree(listed, own):
        message = f"listed as {listed}, but the image's config says {own}"
        yield finding("wrong-platform", f"{path}.platform", message)


def _agree(listed: Platform, own: Platform) -> bool:
    entry, config = normalised(listed), normalised(own)
    for member in ("os", "architecture", "variant"):
        both = getattr(listed, member) and getattr(own, member)
        if both and getattr(entry, member) != getattr(config, member):
            return False
    versions = listed.os_version, own.os_version
    return not all(versions) or is_same_version(entry.os, *versions)
