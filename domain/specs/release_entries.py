"""The entries of a list that is made of several sources: merged, selected, annotated."""

from collections.abc import Iterable, Sequence

from attr import evolve

from manyfest.domain.drafts.draft import Entry
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.drafts.platform_conflicts import occupied_platform
from manyfest.domain.errors import InputError, NoSuchPlatformError, shortened
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.lists.platform_selection import matches_platform
from manyfest.domain.platforms import Platform
from manyfest.domain.specs.annotation_levels import LeveledAnnotation


def with_usual_platform(entry: Entry) -> Entry:
    """Normalise the platform of an image that is its own source, as buildx does."""
    if entry.list_digest is not None or entry.found.platform is None:
        return entry
    return evolve(entry, found=evolve(entry.found, platform=normalised(entry.found.platform)))


def amended(entries: Sequence[Entry], amendments: Iterable[Entry]) -> tuple[Entry, ...]:
    """Apply the overrides of ``amendments`` to the entries of the same digest.

    ``entries`` contain the amendments, too. The image is listed once, where it comes first, and
    with the members that a list has for it.
    """
    left = {entry.found.digest: entry.overrides for entry in amendments}
    if not left:
        return tuple(entries)
    changed = set(left)
    bases = {e.found.digest: e for e in sorted(entries, key=lambda e: e.came_from_list)}
    merged = []
    for entry in entries:
        digest = entry.found.digest
        if digest not in changed:
            merged.append(entry)
        elif digest in left:
            merged.append(evolve(bases[digest], overrides=left.pop(digest)))
    return tuple(merged)


def for_platforms(
    entries: Sequence[Entry], wanted: Sequence[Platform], subject: str
) -> tuple[Entry, ...]:
    """Return the entries for ``wanted`` platforms with their attestations; all, if it is empty.

    A platform without a variant has its default one, as in containerd: ``linux/arm`` is
    ``linux/arm/v7``. Entries without a platform stay. Raises NoSuchPlatformError: a platform has no
    entry (``subject`` names the list).
    """
    if not wanted:
        return tuple(entries)
    chosen = {entry for platform in wanted for entry in _matching(entries, platform, subject)}
    digests = {str(entry.found.digest) for entry in chosen}
    return tuple(
        entry
        for entry in entries
        if entry in chosen
        or entry.descriptor.platform is None
        or attested_digest(entry.descriptor) in digests
    )


def _matching(entries: Sequence[Entry], wanted: Platform, subject: str) -> list[Entry]:
    have = [(occupied_platform(entry.descriptor), entry) for entry in entries]
    found = [entry for platform, entry in have if platform and _is(platform, wanted)]
    if not found:
        there = dict.fromkeys(
            str(entry.descriptor.platform) for platform, entry in have if platform
        )
        raise NoSuchPlatformError(str(wanted), subject, ", ".join(there))
    return found


def _is(platform: Platform, wanted: Platform) -> bool:
    asked = normalised(wanted)
    is_variant = not wanted.architecture or normalised(platform).variant == asked.variant
    return is_variant and matches_platform(platform, wanted)


def annotated(
    entries: Sequence[Entry], annotations: Sequence[LeveledAnnotation]
) -> tuple[Entry, ...]:
    """Add each of ``annotations`` to the entries of its platform; attestations get none."""
    return tuple(_annotated(entry, annotations) for entry in entries)


def unmatched(
    entries: Sequence[Entry], annotations: Sequence[LeveledAnnotation]
) -> tuple[LeveledAnnotation, ...]:
    """Return the annotations for a platform that none of ``entries`` has."""
    have = [platform for entry in entries if (platform := occupied_platform(entry.descriptor))]
    return tuple(
        annotation
        for annotation in annotations
        if annotation.platform is not None
        and not any(matches_platform(platform, annotation.platform) for platform in have)
    )


def _annotated(entry: Entry, annotations: Sequence[LeveledAnnotation]) -> Entry:
    if attested_digest(entry.found) is not None:
        return entry
    platform = occupied_platform(entry.descriptor)
    given = tuple((each.key, each.value) for each in annotations if _is_for(each, platform))
    if not given:
        return entry
    return evolve(entry, overrides=entry.overrides.followed_by(Overrides(annotations=given)))


def require_matches(annotations: Sequence[LeveledAnnotation], entries: Sequence[Entry]) -> None:
    """Raise InputError for an annotation of a platform that none of ``entries`` has."""
    platforms = [occupied_platform(entry.descriptor) for entry in entries]
    for annotation in annotations:
        if annotation.platform and not any(_is_for(annotation, each) for each in platforms):
            raise InputError(
                f"annotation {shortened(annotation.key)!r} is for {annotation.platform}, "
                "and no image here has that platform"
            )


def _is_for(annotation: LeveledAnnotation, platform: Platform | None) -> bool:
    """Whether the annotation is for entries of ``platform``; None: of an artifact."""
    if annotation.platform is None:
        return True
    return platform is not None and matches_platform(platform, annotation.platform)
