"""Merging: the entries of intents, put by platform into what a tag holds."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from manyfest.domain import media_types
from manyfest.domain.annotations import with_annotations
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.list_assembly import assemble
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
    standing: Manifest | None,
    held: Sequence[Descriptor],
    intents: Sequence[Intent],
    list_type: ListType = ListType.AUTO,
) -> Manifest:
    """What ``target`` is to point to: ``held``, the entries of what it has, with all ``intents``.

    Where ``standing`` holds them all, it is that itself, in whatever order. Else entries are by
    platform, so that the digest does not depend on who came first; what attests an image stands
    with it, and goes with it or when the image comes with attestations anew. Raises ListError, as
    ``assemble`` does.
    """
    entries = _merged(held, intents)
    members = _members(standing, intents)
    if standing is not None and standing.is_list and _already_contains(standing, entries, members):
        return standing
    draft = Draft(
        target,
        created_at=_NEVER,
        changed_at=_NEVER,
        entries=tuple(Entry(target.at(entry.digest), entry) for entry in _by_platform(entries)),
        keeps_order=True,
        list_type=_family(standing, list_type),
        index_found=members,
    )
    return assemble(draft)


def _merged(held: Sequence[Descriptor], intents: Sequence[Intent]) -> tuple[Descriptor, ...]:
    entries = tuple(held)
    for intent in oldest_first(intents):
        entries = _with(entries, intent.entries)
    return entries


def _with(entries: Sequence[Descriptor], newer: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    taken = {occupied_platform(entry) for entry in newer} - {None}
    kept = [e for e in entries if e not in newer and occupied_platform(e) not in taken]
    listed = {str(entry.digest) for entry in (*kept, *newer)}
    gone = {str(entry.digest) for entry in entries} - listed
    attested_anew = {image for entry in newer if (image := attested_digest(entry))}
    return (
        *(entry for entry in kept if attested_digest(entry) not in gone | attested_anew),
        *newer,
    )


def _members(standing: Manifest | None, intents: Sequence[Intent]) -> Mapping[str, Json]:
    found = index_fields(standing) if standing is not None and standing.is_list else {}
    annotations = {k: v for intent in oldest_first(intents) for k, v in intent.annotations.items()}
    return with_annotations(found, tuple(annotations.items()), ())


def _already_contains(
    standing: Manifest, entries: Sequence[Descriptor], members: Mapping[str, Json]
) -> bool:
    same = len(entries) == len(standing.entries)
    return same and set(entries) == set(standing.entries) and members == index_fields(standing)


def _by_platform(entries: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    """Images by platform, each with what attests it right behind, then what has no platform."""
    texts = {str(entry.digest): _platform_text(entry) for entry in reversed(entries)}

    def place(entry: Descriptor) -> tuple[str, str, bool]:
        image = attested_digest(entry)
        image = str(entry.digest) if image is None else image
        return texts.get(image, _LAST), image, attested_digest(entry) is not None

    return tuple(sorted(entries, key=place))


_LAST = "~"  # behind every letter


def _platform_text(entry: Descriptor) -> str:
    platform = entry.platform
    return str(platform) if platform is not None and platform.os else _LAST


def _family(standing: Manifest | None, wished: ListType) -> ListType:
    """An OCI index stays one, where nothing else was asked for."""
    is_oci = standing is not None and standing.media_type == media_types.OCI_INDEX
    return ListType.OCI if is_oci and wished is ListType.AUTO else wished
