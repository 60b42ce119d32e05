"""Selection of a list's entries by platform."""

from collections.abc import Sequence

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.errors import NoSuchPlatformError
from manyfest.domain.lists.attestations import attested_digest, with_attestations
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform


def matches_platform(platform: Platform, wanted: Platform) -> bool:
    """Return True if ``platform`` matches the platform ``wanted`` by a user.

    Both are normalised as in containerd, so ``linux/x86_64`` is ``linux/amd64`` and
    ``linux/arm64/v8`` is ``linux/arm64``. Absent members match anything: ``linux/arm`` matches
    every variant.
    """
    usual, asked = normalised(platform), normalised(wanted)
    return (
        (usual.os, usual.architecture) == (asked.os, asked.architecture)
        and (not wanted.variant or usual.variant == asked.variant)
        and (not wanted.os_version or usual.os_version == asked.os_version)
    )


def select_entries(
    entries: Sequence[Descriptor], wanted: Sequence[Platform], subject: str
) -> tuple[Descriptor, ...]:
    """Return the entries for ``wanted`` platforms, with their attestations.

    An empty ``wanted`` selects all. Raises NoSuchPlatformError: a platform has no entry
    (``subject`` names the list).
    """
    if not wanted:
        return tuple(entries)
    chosen = [entry for platform in wanted for entry in _entries_for(entries, platform, subject)]
    return with_attestations(entries, chosen)


def require_platform(wanted: Sequence[Platform], have: Platform, subject: str) -> None:
    """Raise NoSuchPlatformError unless ``have`` matches all ``wanted``.

    For an image, which is taken whole or not at all; ``subject`` names it in the error.
    """
    there = "" if have == Platform() else str(have)
    for platform in wanted:
        if not matches_platform(have, platform):
            raise NoSuchPlatformError(str(platform), subject, there)


def _entries_for(
    entries: Sequence[Descriptor], wanted: Platform, subject: str
) -> tuple[Descriptor, ...]:
    found = tuple(
        entry for entry in entries if entry.platform and matches_platform(entry.platform, wanted)
    )
    if not found:
        there = [str(e.platform) for e in entries if e.platform and attested_digest(e) is None]
        raise NoSuchPlatformError(str(wanted), subject, ", ".join(dict.fromkeys(there)))
    return found


def restricted_to(manifest: Manifest, wanted: Sequence[Platform], subject: str) -> Manifest:
    """Return the list with only the entries that ``select_entries`` returns.

    All other members are kept. If all entries are selected, the result is ``manifest`` itself, so
    that the digest stays. Raises NoSuchPlatformError: a platform has no entry.
    """
    kept = select_entries(manifest.entries, wanted, subject)
    if kept == manifest.entries:
        return manifest
    chosen = set(kept)
    listed = zip(manifest.document["manifests"], manifest.entries, strict=True)
    values = [value for value, entry in listed if entry in chosen]
    data = authored_list(dict(manifest.document) | {"manifests": values})
    return Manifest(manifest.media_type, data)
