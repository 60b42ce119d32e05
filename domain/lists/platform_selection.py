"""Choosing entries of a list by platform."""

from collections.abc import Sequence

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.errors import NoSuchPlatformError
from manyfest.domain.lists.attestations import attested_digest, with_attestations
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform


def matches_platform(have: Platform, wanted: Platform) -> bool:
    """Whether ``have`` is the platform that a person asked for.

    Both are read as containerd normalises them, so ``linux/x86_64`` is ``linux/amd64`` and
    ``linux/arm64/v8`` is ``linux/arm64``. What was not said is not asked for: ``linux/arm`` is
    every variant of it.
    """
    usual, asked = normalised(have), normalised(wanted)
    return (
        (usual.os, usual.architecture) == (asked.os, asked.architecture)
        and (not wanted.variant or usual.variant == asked.variant)
        and (not wanted.os_version or usual.os_version == asked.os_version)
    )


def select_entries(
    entries: Sequence[Descriptor], wanted: Sequence[Platform], subject: str
) -> tuple[Descriptor, ...]:
    """The entries for the ``wanted`` platforms, with what attests them; all when none are named.

    Raises NoSuchPlatformError when one of them has no entry; ``subject`` names the list in it.
    """
    if not wanted:
        return tuple(entries)
    chosen = [entry for platform in wanted for entry in _entries_for(entries, platform, subject)]
    return with_attestations(entries, chosen)


def require_platform(wanted: Sequence[Platform], have: Platform, subject: str) -> None:
    """An image is taken whole or not at all. Raises NoSuchPlatformError: it is for another."""
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
    """The list with the entries that ``select_entries`` gives, and all its other members.

    The same object where that are all: then nothing is authored and the digest stays.
    Raises as ``select_entries`` does.
    """
    kept = select_entries(manifest.entries, wanted, subject)
    if kept == manifest.entries:
        return manifest
    chosen = set(kept)
    listed = zip(manifest.document["manifests"], manifest.entries, strict=True)
    values = [value for value, entry in listed if entry in chosen]
    data = authored_list(dict(manifest.document) | {"manifests": values})
    return Manifest(manifest.media_type, data)
