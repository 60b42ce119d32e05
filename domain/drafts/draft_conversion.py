"""Conversion of a draft, so that all of its entries have media types of one family."""

from collections.abc import Iterable, Mapping

from attr import evolve

from manyfest.domain.annotations import ANNOTATION, Annotations
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.lists.attestations import SUBJECT, attested_digest
from manyfest.domain.lists.conversion import Converted, new_digests
from manyfest.domain.media_types import Family
from manyfest.domain.values import frozen


@frozen
class ConvertedEntry:
    """An ``entry`` after the conversion, and its ``content``, unless that is a blob.

    ``annotations`` are the keys of those of the entry that Docker's list has no place for.
    """

    entry: Entry
    content: Converted | None
    annotations: tuple[str, ...] = ()


@frozen
class DraftConversion:
    """The ``draft`` after its conversion, and its ``entries``.

    ``attestations`` counts those that are left out; ``annotations`` are the keys of the list's own
    that are.
    """

    draft: Draft
    entries: tuple[ConvertedEntry, ...]
    attestations: int = 0
    annotations: tuple[str, ...] = ()


def converted_draft(
    draft: Draft, family: Family, contents: Mapping[Digest, Converted]
) -> DraftConversion:
    """Convert ``draft`` to a list of ``family``; ``contents`` are its manifests, by digest.

    Attestations follow their images. For Docker they are left out, and so is every annotation that
    was found: Docker's lists have none. What a user annotated stays, and a push refuses it.
    """
    kept = [entry for entry in draft.entries if is_convertible(entry, family)]
    digests = new_digests(contents)
    entries = tuple(_converted(entry, family, contents, digests) for entry in kept)
    gone = _keys(draft.index_found.get("annotations")) if family is Family.DOCKER else ()
    after = evolve(
        draft,
        entries=tuple(each.entry for each in entries),
        list_type=ListType(family.value),
        index=draft.index.followed_by(IndexOverrides(unset=_unset(gone))),
    )
    after = draft if after == draft else evolve(after, pushed=None)
    return DraftConversion(after, entries, len(draft.entries) - len(kept), gone)


def is_convertible(entry: Entry, family: Family) -> bool:
    """Return whether a list of ``family`` may have the entry: Docker's has no attestations."""
    return family is Family.OCI or attested_digest(entry.found) is None


def _converted(
    entry: Entry, family: Family, contents: Mapping[Digest, Converted], digests: Mapping[str, str]
) -> ConvertedEntry:
    content = contents.get(entry.found.digest)
    gone = _keys(entry.found.annotations) if family is Family.DOCKER else ()
    overrides = entry.overrides.followed_by(Overrides(unset=_unset(gone)))
    overrides = evolve(
        overrides,
        annotations=_attesting(entry, overrides.annotations, digests),
        converted=content.after.descriptor() if content and content.is_changed else None,
    )
    return ConvertedEntry(evolve(entry, overrides=overrides), content, gone)


def _attesting(entry: Entry, annotations: Annotations, digests: Mapping[str, str]) -> Annotations:
    """Return the annotations with the new digest of the image that the entry attests, if any."""
    attested = attested_digest(entry.found)
    if attested is None:
        return annotations
    others = {key: value for key, value in annotations if key != SUBJECT}
    new = {SUBJECT: digests[attested]} if attested in digests else {}
    return tuple(sorted((others | new).items()))


def _keys(annotations: Json) -> tuple[str, ...]:
    return tuple(annotations) if isinstance(annotations, Mapping) else ()


def _unset(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(ANNOTATION + key for key in keys)
