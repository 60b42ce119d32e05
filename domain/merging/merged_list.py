"""The list that a tag gets when intents are merged into it, by platform."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from manyfest.domain import media_types
from manyfest.domain.annotations import with_annotations
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.list_assembly import assemble, require_parsable
from manyfest.domain.drafts.overrides import index_fields
from manyfest.domain.drafts.platform_conflicts import occupied_platform
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.merging.intent import Intent, oldest_first
from manyfest.domain.references import Reference

_NEVER = datetime.min.replace(tzinfo=UTC)


def merged_list(
    target: Reference,
    current: Manifest | None,
    entries: Sequence[Descriptor],
    intents: Sequence[Intent],
    list_type: ListType = ListType.AUTO,
) -> Manifest:
    """Return the new list for ``target``: current entries and all intents.

    ``current`` is the manifest that the tag points to, and ``entries`` its entries. If ``current``
    contains all intents, in any order, the result is ``current``. Otherwise entries are sorted by
    platform, so that the digest does not depend on the order of writers. Attestations are sorted
    after their image, and removed with it or when the image comes with new attestations. Raises
    ListError: over 4 MiB, Docker's type is requested and a member requires an OCI index, or Go
    readers cannot parse a member that ``current`` has.
    """
    merged = _merged(entries, intents)
    members = _members(current, intents)
    if current is not None and current.is_list and _already_contains(current, merged, members):
        return current
    draft = Draft(
        target,
        created_at=_NEVER,
        changed_at=_NEVER,
        entries=tuple(Entry(target.at(entry.digest), entry) for entry in _by_platform(merged)),
        keeps_order=True,
        list_type=_family(current, list_type),
        index_found=members,
    )
    return require_parsable(assemble(draft), target)


def _merged(entries: Sequence[Descriptor], intents: Sequence[Intent]) -> tuple[Descriptor, ...]:
    merged = tuple(entries)
    for intent in oldest_first(intents):
        merged = _with(merged, intent.entries)
    return merged


def _with(entries: Sequence[Descriptor], newer: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    replaced = {occupied_platform(entry) for entry in newer} - {None}
    new = set(newer)
    kept = [e for e in entries if e not in new and occupied_platform(e) not in replaced]
    listed = {str(entry.digest) for entry in (*kept, *newer)}
    gone = {str(entry.digest) for entry in entries} - listed
    gone |= {image for entry in newer if (image := attested_digest(entry))}
    return (*(entry for entry in kept if attested_digest(entry) not in gone), *newer)


def _members(current: Manifest | None, intents: Sequence[Intent]) -> Mapping[str, Json]:
    found = index_fields(current) if current is not None and current.is_list else {}
    annotations = {k: v for intent in oldest_first(intents) for k, v in intent.annotations.items()}
    return with_annotations(found, tuple(annotations.items()), ())


def _already_contains(
    current: Manifest, entries: Sequence[Descriptor], members: Mapping[str, Json]
) -> bool:
    same = len(entries) == len(current.entries)
    return same and set(entries) == set(current.entries) and members == index_fields(current)


def _by_platform(entries: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    """Sort by platform, attestations after their image; then those without."""
    texts = {str(entry.digest): _platform_text(entry) for entry in reversed(entries)}

    def place(entry: Descriptor) -> tuple[str, str, bool]:
        image = attested_digest(entry)
        image = str(entry.digest) if image is None else image
        return texts.get(image, _LAST), image, attested_digest(entry) is not None

    return tuple(sorted(entries, key=place))


_LAST = "~"  # sorts after every letter


def _platform_text(entry: Descriptor) -> str:
    platform = entry.platform
    return str(platform) if platform is not None and platform.os else _LAST


def _family(current: Manifest | None, requested: ListType) -> ListType:
    """Keep an OCI index one, unless another type is requested."""
    is_oci = current is not None and current.media_type == media_types.OCI_INDEX
    return ListType.OCI if is_oci and requested is ListType.AUTO else requested
