"""Rules about a list alone, without reading its children."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, islice

from manyfest.domain import media_types
from manyfest.domain.annotations import ZSTD_MARK
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.platform_normalisation import is_supported, normalised
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen
from manyfest.domain.verification.document_rules import Place, readable_descriptors
from manyfest.domain.verification.findings import Finding, finding
from manyfest.domain.verification.platform_shadowing import shadows_usual
from manyfest.domain.verification.platform_spelling import known_variants, usual_spelling

_UNKNOWN = ("unknown", "unknown")

# Entries of one operating system and architecture that are compared, each with each. A longer list
# is an attack.
_SHADOWS_LOOKED_FOR = 200


@frozen
class _List:
    """A list, and those of its entries that can be parsed, with their paths."""

    manifest: Manifest
    entries: tuple[Place, ...]


def list_findings(manifest: Manifest) -> tuple[Finding, ...]:
    """Return the findings about the list itself, but for those about single descriptors."""
    return _found(manifest, _ERRORS + _WARNINGS)


def list_errors(manifest: Manifest) -> tuple[Finding, ...]:
    """Return those of the ``list_findings`` that are errors, without the work for the others."""
    return _found(manifest, _ERRORS)


def _found(manifest: Manifest, checks: "Sequence[_Check]") -> tuple[Finding, ...]:
    listed = _List(manifest, readable_descriptors(manifest, "manifests"))
    return tuple(found for check in checks for found in check(listed))


def _images(listed: _List) -> Iterator[Place]:
    for path, entry in listed.entries:
        if attested_digest(entry) is None:
            yield path, entry


def _with_platform(listed: _List) -> Iterator[tuple[str, Descriptor, Platform]]:
    for path, entry in _images(listed):
        if entry.platform and entry.platform.os and entry.platform.architecture:
            yield path, entry, entry.platform


def _emptiness(listed: _List) -> Iterator[Finding]:
    if not listed.manifest.document.get("manifests"):
        yield finding("empty-list", "manifests", "the list has no entries")


def _platforms_missing(listed: _List) -> Iterator[Finding]:
    have = {path for path, *_ in _with_platform(listed)}
    for path, entry in _images(listed):
        is_image = entry.media_type in media_types.IMAGES and "artifactType" not in entry.others
        if path not in have and is_image:
            message = f"{entry.digest} has no operating system and architecture"
            yield finding("missing-platform", f"{path}.platform", message)


def _pairs_unsupported(listed: _List) -> Iterator[Finding]:
    for path, _, platform in _with_platform(listed):
        usual = normalised(platform)
        if not is_supported(usual.os, usual.architecture):
            message = f"{platform.os}/{platform.architecture} is not a platform of Go"
            yield finding("unsupported-platform", f"{path}.platform", message)


def _platforms_misspelt(listed: _List) -> Iterator[Finding]:
    for path, _, platform in _with_platform(listed):
        if usual := usual_spelling(platform):
            message = f"some clients do not find {platform}; write {usual}"
            yield finding("platform-alias", f"{path}.platform", message)


def _variants_unknown(listed: _List) -> Iterator[Finding]:
    for path, _, platform in _with_platform(listed):
        if known := known_variants(platform):
            message = f"{platform} has a variant that no processor has; known are {known}"
            yield finding("unknown-variant", f"{path}.platform.variant", message)


def _variants_missing(listed: _List) -> Iterator[Finding]:
    for path, _, platform in _with_platform(listed):
        if platform.architecture == "arm" and not platform.variant:
            message = f"{platform} has no variant; clients assume v7"
            yield finding("missing-variant", f"{path}.platform.variant", message)


def _platforms_twice(listed: _List) -> Iterator[Finding]:
    first: dict[tuple[Platform, str], str] = {}
    for path, entry, platform in _with_platform(listed):
        if (platform.os, platform.architecture) == _UNKNOWN:
            continue  # attestations without their annotations
        key = normalised(platform), entry.annotations.get(ZSTD_MARK, "")
        if first.setdefault(key, path) != path:
            message = f"{platform} is also the platform of {first[key]}; clients take the first"
            yield finding("duplicate-platform", f"{path}.platform", message)


def _zstd_first(listed: _List) -> Iterator[Finding]:
    marked: dict[Platform, str] = {}
    for path, entry, platform in _with_platform(listed):
        usual = normalised(platform)
        if ZSTD_MARK in entry.annotations:
            marked.setdefault(usual, path)
        elif first := marked.pop(usual, ""):
            message = f"{platform} is marked as zstd and comes before its twin at {path}"
            yield finding("zstd-first", first, message)


def _shadows(listed: _List) -> Iterator[Finding]:
    groups: dict[tuple[str, str], dict[Platform, str]] = {}
    for path, _, platform in _with_platform(listed):
        usual = normalised(platform)
        groups.setdefault((usual.os, usual.architecture), {}).setdefault(usual, path)
    for group in groups.values():
        hidden: set[str] = set()
        for (earlier, first), (later, path) in _in_twos(group):
            if path not in hidden and shadows_usual(earlier, later):
                hidden.add(path)
                message = f"{later} also matches {first} ({earlier}), which comes first"
                yield finding("shadowed-entry", f"{path}.platform", message)


def _in_twos(group: dict[Platform, str]) -> Iterator[tuple[tuple[Platform, str], ...]]:
    return combinations(islice(group.items(), _SHADOWS_LOOKED_FOR), 2)


def _attestations_dangling(listed: _List) -> Iterator[Finding]:
    digests = {str(entry.digest) for _, entry in listed.entries}
    for path, entry in listed.entries:
        image = attested_digest(entry)
        if image is not None and image not in digests:
            message = f"attests {image or 'no digest'}, which is not in the list"
            yield finding("dangling-attestation", f"{path}.annotations", message)


def _lists_within(listed: _List) -> Iterator[Finding]:
    for path, entry in _images(listed):
        if entry.media_type in media_types.LISTS:
            yield finding("nested-list", path, f"{entry.digest} is itself a list")


def _families_mixed(listed: _List) -> Iterator[Finding]:
    in_docker = listed.manifest.media_type == media_types.DOCKER_LIST
    rule = "oci-child-in-docker-list" if in_docker else "docker-child-in-oci-index"
    foreign = media_types.OCI_FAMILY if in_docker else media_types.DOCKER_FAMILY
    for path, entry in listed.entries:
        if entry.media_type in foreign:
            message = f"an {listed.manifest.media_type} that lists an {entry.media_type}"
            yield finding(rule, f"{path}.mediaType", message)


def _annotations_ignored(listed: _List) -> Iterator[Finding]:
    if listed.manifest.media_type != media_types.DOCKER_LIST:
        return
    message = "annotations on a Docker list, which has no place for them"
    if listed.manifest.document.get("annotations"):
        yield finding("annotations-on-docker-list", "annotations", message)
    for path, entry in listed.entries:
        if entry.annotations:
            yield finding("annotations-on-docker-list", f"{path}.annotations", message)


_Check = Callable[[_List], Iterator[Finding]]

_ERRORS: tuple[_Check, ...] = (_platforms_twice, _attestations_dangling)
_WARNINGS: tuple[_Check, ...] = (
    _emptiness,
    _platforms_missing,
    _pairs_unsupported,
    _platforms_misspelt,
    _variants_unknown,
    _variants_missing,
    _zstd_first,
    _shadows,
    _lists_within,
    _families_mixed,
    _annotations_ignored,
)
