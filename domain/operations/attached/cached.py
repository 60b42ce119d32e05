"""Attachments that the store holds, found by its index and by names, without any request.

Anybody may attach anything to a shared digest in a repository of their own, so that a referrer
counts in the homes that are known to have it. One of which no home is known, as from a bundle,
counts in all. Digest tags belong to one home.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, DocumentError
from manyfest.domain.images.attachments import Attachment, Form
from manyfest.domain.lists.referrers import cosign_tags, referrer_descriptor
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.attached.questions import COUNT_LIMIT
from manyfest.domain.ports.content_store import ContentStore, Role
from manyfest.domain.references import Home, Reference

_Referrer = tuple[Descriptor, Manifest]


def cached_attachments(
    subjects: Sequence[Reference], contents: ContentStore
) -> tuple[tuple[Attachment, ...], ...]:
    """Return what is attached to each of ``subjects``, digests, as far as it is cached.

    Raises StoreError.
    """
    return tuple(tuple(_attached_to(subject, contents)) for subject in subjects)


def cached_referrers(
    subject: Reference, contents: ContentStore
) -> tuple[tuple[Descriptor, ...], tuple[Home, ...]]:
    """Return the cached referrers of ``subject`` in its home, and other homes that have some.

    The first are as a registry lists them. Raises StoreError.
    """
    here, elsewhere = _by_home(subject, contents)
    return tuple(listed for listed, _ in here), elsewhere


def cached_anywhere(subject: Digest, contents: ContentStore) -> tuple[Descriptor, ...]:
    """Return the cached referrers of ``subject`` in all homes. Raises StoreError."""
    return tuple(listed for listed, _ in _referrers(subject, contents))


def cached_digest_tags(subject: Reference, contents: ContentStore) -> Iterator[Attachment]:
    """Yield the cached digest tags of ``subject`` in its home. Raises StoreError."""
    digest = subject.digest
    for tag in cosign_tags(digest) if digest and digest.is_verifiable else ():
        place = subject.tagged(tag)
        with suppress(DamagedStoreError, DocumentError):
            seen = contents.last_observation(place)
            tagged = contents.manifest(seen.digest) if seen else None
            if tagged is not None:
                yield Attachment(subject, Form.DIGEST_TAG, place, None, tagged)


def _by_home(
    subject: Reference, contents: ContentStore
) -> tuple[tuple[_Referrer, ...], tuple[Home, ...]]:
    """Return the referrers in the home of ``subject``, and the homes of the others."""
    found = tuple(_referrers(subject.digest, contents)) if subject.digest else ()
    homes = contents.homes_with([listed.digest for listed, _ in found]) if found else {}
    elsewhere = {one: known for one, known in homes.items() if known and subject.home not in known}
    others = {home for known in elsewhere.values() for home in known}
    here = tuple(one for one in found if one[0].digest not in elsewhere)
    return here, tuple(sorted(others, key=str))


def _referrers(subject: Digest, contents: ContentStore) -> Iterator[_Referrer]:
    """Yield them with their manifests; none that is damaged, or has another subject after all."""
    for number, one in enumerate(contents.predecessors(subject, Role.SUBJECT)):
        if number == COUNT_LIMIT:
            return
        with suppress(DamagedStoreError, DocumentError):
            manifest = contents.manifest(one.manifest)
            if manifest and manifest.subject and manifest.subject.digest == subject:
                yield referrer_descriptor(manifest), manifest


def _attached_to(subject: Reference, contents: ContentStore) -> Iterator[Attachment]:
    for listed, manifest in _by_home(subject, contents)[0]:
        yield Attachment(subject, Form.REFERRER, subject.at(listed.digest), listed, manifest)
    yield from cached_digest_tags(subject, contents)
