"""Find all that is attached to manifests: their referrers and digest tags, and those of these.

Signatures, SBOMs, and signatures of SBOMs. Referrers are listed by subject. Digest tags, cosign's
older form, are found in the list of the repository's tags, one GET a page, whatever their suffix; a
registry that does not list tags is asked for each of cosign's three.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from manyfest.domain.errors import (
    AccessError,
    DocumentError,
    ManifestUnknownError,
    ProtocolError,
    RefusedError,
    ServerError,
)
from manyfest.domain.lists.referrers import cosign_tags, digest_tags
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import ManifestReader, ReferrerReader, Registry, TagReader
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

# A signature of an SBOM of an image is two levels; deeper nesting is a trap.
_DEPTH_LIMIT = 8

# Failures of registries that do not list tags, or not these, and serve the tags all the same.
_UNLISTABLE = (AccessError, DocumentError, ProtocolError, RefusedError, ServerError)


@frozen
class Referrer:
    """A manifest at ``source``, by digest; ``is_listed``: the target lists it as a referrer.

    ``subject`` is in the source, by digest, too. ``level`` counts from the subjects asked about.
    """

    source: Reference
    media_type: str
    subject: Reference
    level: int
    is_listed: bool


@frozen
class DigestTag:
    """The ``manifest`` under a digest tag in the source."""

    source: Reference
    manifest: Manifest


@frozen
class Attached:
    """The referrers, subjects first, and the digest tags."""

    referrers: tuple[Referrer, ...] = ()
    tags: tuple[DigestTag, ...] = ()


def all_attached(
    subjects: Sequence[Reference],
    target: Home,
    registry: Registry,
    reader: ManifestReader,
    fan_out: FanOut,
) -> Attached:
    """Find what is attached to ``subjects``, all of one home, and to that in turn, each once.

    The ``reader`` reads what digest tags name. Raises what ``referrers`` and ``get_manifest``
    raise; DocumentError: attached too deep.
    """
    known, newest = set(subjects), tuple(subjects)
    referrers: list[Referrer] = []
    tags: dict[Reference, DigestTag] = {}
    names = _tag_names(subjects, registry)
    for level in range(_DEPTH_LIMIT):
        find = partial(_referrers, target=target, registry=registry, level=level)
        groups = fan_out(find, newest)
        fresh = {one.source: one for group in groups for one in group if one.source not in known}
        tagged = _digest_tags(newest, names, reader, fan_out)
        referrers += fresh.values()
        tags |= {tag.source: tag for tag in tagged}
        places = dict.fromkeys([*fresh, *(tag.source.at(tag.manifest.digest) for tag in tagged)])
        newest = tuple(place for place in places if place not in known)
        if not newest:
            return Attached(tuple(referrers), tuple(tags.values()))
        known |= set(newest)
    raise DocumentError(str(newest[0]), f"refers to a referrer deeper than {_DEPTH_LIMIT}")


def _referrers(
    subject: Reference, target: Home, registry: ReferrerReader, level: int
) -> tuple[Referrer, ...]:
    """The referrers of ``subject``; the target is asked only if the source has some."""
    here = registry.referrers(subject)
    there = registry.referrers(Reference(target, None, subject.digest)) if here else ()
    listed = {entry.digest for entry in there}
    return tuple(
        Referrer(subject.at(entry.digest), entry.media_type, subject, level, entry.digest in listed)
        for entry in here
    )


def _tag_names(
    subjects: Sequence[Reference], registry: TagReader
) -> Mapping[str, tuple[str, ...]] | None:
    """The digest tags in the home of ``subjects``, by digest; None if it does not list its tags.

    A home without any tag counts as such: a registry without that endpoint answers 404.
    """
    try:
        tags = registry.tags(subjects[0].home) if subjects else ()
    except _UNLISTABLE:
        return None
    return digest_tags(tags) if tags else None


def _digest_tags(
    subjects: Sequence[Reference],
    names: Mapping[str, tuple[str, ...]] | None,
    reader: ManifestReader,
    fan_out: FanOut,
) -> tuple[DigestTag, ...]:
    places = [
        subject.tagged(name)
        for subject in subjects
        if subject.digest is not None
        for name in (
            cosign_tags(subject.digest) if names is None else names.get(str(subject.digest), ())
        )
    ]
    found = fan_out(partial(_read_tag, reader=reader), places)
    return tuple(tag for tag in found if tag is not None)


def _read_tag(place: Reference, reader: ManifestReader) -> DigestTag | None:
    try:
        return DigestTag(place, reader.get_manifest(place))
    except ManifestUnknownError:
        return None
