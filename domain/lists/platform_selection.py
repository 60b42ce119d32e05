"""Selection of a list's entries by platform."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.errors import (
    AmbiguousEntryError,
    DocumentError,
    InvalidPlatformError,
    NoSuchPlatformError,
)
from manyfest.domain.lists.attestations import attested_digest, with_attestations
from manyfest.domain.lists.platform_normalisation import (
    KNOWN_ARCHITECTURES,
    KNOWN_SYSTEMS,
    normalised,
)
from manyfest.domain.manifests import Manifest, malformed_member
from manyfest.domain.platforms import Platform

# Major, minor, build and revision of Windows; the revision may be absent.
_WINDOWS_VERSION = r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?"

_Item = TypeVar("_Item")


def parse_filter(text: str) -> Platform:
    """Parse a platform to select by: ``linux/arm/v7``, or ``linux`` for all of it.

    Raises InvalidPlatformError: not a platform, nor an operating system that containerd knows; or
    one that begins with an architecture.
    """
    wanted = Platform.parse_system(text)
    if wanted.os.lower() in KNOWN_ARCHITECTURES:
        raise InvalidPlatformError(text, f"no operating system, as in linux/{text}")
    if not wanted.architecture and wanted.os.lower() not in KNOWN_SYSTEMS:
        reason = "neither os[(version+feature)]/arch[/variant] nor an operating system"
        raise InvalidPlatformError(text, reason)
    return wanted


def parse_filters(texts: Iterable[str]) -> tuple[Platform, ...]:
    """Parse each text, which may be several platforms with commas, or commas and spaces, between.

    The text form has neither of its own. Raises InvalidPlatformError as ``parse_filter``.
    """
    return tuple(parse_filter(part.strip()) for text in texts for part in text.split(","))


def asks_variant(wanted: Platform) -> bool:
    """Return True if ``wanted`` has a variant, or an architecture that implies one (``armel``)."""
    asked = normalised(wanted)
    is_alias = wanted.architecture.lower() != asked.architecture
    return bool(wanted.variant or (is_alias and asked.variant))


def matches_platform(platform: Platform, wanted: Platform) -> bool:
    """Return True if ``platform`` matches the platform ``wanted`` by a user.

    Both are normalised as in containerd, so ``linux/x86_64`` is ``linux/amd64`` and
    ``linux/arm64/v8`` is ``linux/arm64``. Absent members match anything: ``linux/arm`` matches
    every variant, ``linux`` every architecture. Windows versions match by build, and a platform
    without version matches every build.
    """
    usual, asked = normalised(platform), normalised(wanted)
    return (
        usual.os == asked.os
        and (not wanted.architecture or usual.architecture == asked.architecture)
        and (not asks_variant(wanted) or usual.variant == asked.variant)
        and (not wanted.os_version or _has_version(usual, asked.os_version))
        and set(asked.os_features) <= set(usual.os_features)
    )


def is_expected(platform: Platform, wanted: Platform) -> bool:
    """Return True if ``platform`` is the expected one, ``wanted``.

    Both are normalised, so ``arm64`` is ``arm64/v8``; versions and features count where they are
    expected.
    """
    want, usual = normalised(wanted), normalised(platform)
    return want == evolve(
        usual,
        os_version=usual.os_version if want.os_version else "",
        os_features=usual.os_features if want.os_features else (),
    )


def best_matches(items: Iterable[tuple[Platform, _Item]], wanted: Platform) -> tuple[_Item, ...]:
    """Return the items whose platforms match ``wanted``, in their order.

    If a Windows version is wanted, only the best of each architecture, variant and features: the
    version itself, else the highest revision of its build, else an entry without version.
    """
    found = [(platform, item) for platform, item in items if matches_platform(platform, wanted)]
    if wanted.os_version:
        best: dict[Platform, _Rank] = {}
        for platform, _ in found:
            rank, group = _version_rank(platform, wanted), _without_version(platform)
            best[group] = max(best.get(group, rank), rank)
        found = [
            (platform, item)
            for platform, item in found
            if _version_rank(platform, wanted) == best[_without_version(platform)]
        ]
    return tuple(item for _, item in found)


def is_same_version(os: str, one: str, other: str) -> bool:
    """Return True if both are one version of ``os``: on Windows, one build."""
    builds = [re.fullmatch(_WINDOWS_VERSION, version) for version in (one, other)]
    if os == "windows" and builds[0] and builds[1]:
        return _build(builds[0]) == _build(builds[1])
    return one == other


def _has_version(usual: Platform, wanted: str) -> bool:
    if usual.os == "windows" and not usual.os_version:
        return True
    return is_same_version(usual.os, usual.os_version, wanted)


_Rank = tuple[bool, int]


def _version_rank(platform: Platform, wanted: Platform) -> _Rank:
    match = re.fullmatch(_WINDOWS_VERSION, platform.os_version)
    revision = int(match[4] or 0) if match else -1
    return platform.os_version == wanted.os_version, revision


def _without_version(platform: Platform) -> Platform:
    return evolve(normalised(platform), os_version="")


def _build(match: re.Match[str]) -> tuple[int, ...]:
    return tuple(map(int, match.group(1, 2, 3)))


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


def select_entry(entries: Sequence[Descriptor], wanted: Platform, subject: str) -> Descriptor:
    """Return the one entry that a client of the platform ``wanted`` gets.

    It is the first one of exactly that platform (``linux/arm`` is ``linux/arm/v7``), else the first
    one that matches. Raises NoSuchPlatformError: no entry matches; AmbiguousEntryError: entries
    of several platforms match (``linux``), and none is exactly the wanted one.
    """
    found = _entries_for(entries, wanted, subject)
    platforms = {normalised(entry.platform): entry for entry in found if entry.platform}
    if len(platforms) == 1:
        return found[0]
    asked = normalised(wanted)
    for entry in found:
        if entry.platform and normalised(entry.platform) == asked:
            return entry
    raise AmbiguousEntryError(str(wanted), subject, tuple(map(str, platforms)))


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
    found = best_matches(((e.platform, e) for e in entries if e.platform), wanted)
    if not found:
        there = [str(e.platform) for e in entries if e.platform and attested_digest(e) is None]
        raise NoSuchPlatformError(str(wanted), subject, ", ".join(dict.fromkeys(there)))
    return found


def restricted_to(manifest: Manifest, wanted: Sequence[Platform], subject: str) -> Manifest:
    """Return the list with only the entries that ``select_entries`` returns.

    All other members are kept. If all entries are selected, the result is ``manifest`` itself, so
    that the digest stays. Raises NoSuchPlatformError: a platform has no entry; DocumentError: Go
    readers could not parse the new list.
    """
    kept = select_entries(manifest.entries, wanted, subject)
    if kept == manifest.entries:
        return manifest
    if fault := malformed_member(manifest.document):
        raise DocumentError(f"{subject}: {fault[0]}", f"{fault[1]}; it can only be copied whole")
    chosen = set(kept)
    listed = zip(manifest.document["manifests"], manifest.entries, strict=True)
    values = [value for value, entry in listed if entry in chosen]
    data = authored_list(dict(manifest.document) | {"manifests": values})
    return Manifest(manifest.media_type, data)
