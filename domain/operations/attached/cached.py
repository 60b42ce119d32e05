"""Attachments that the store holds, found by its index and by names, without any request.

The store knows content by digest, so that a referrer counts for its subject in whichever home this
is. Digest tags belong to one home.
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
from manyfest.domain.references import Reference


def cached_attachments(
    subjects: Sequence[Reference], contents: ContentStore
) -> tuple[tuple[Attachment, ...], ...]:
    """Return what is attached to each of ``subjects``, digests, as far as it is cached.

    Raises StoreError.
    """
    return tuple(tuple(_attached_to(subject, contents)) for subject in subjects)


def cached_referrers(subject: Digest, contents: ContentStore) -> tuple[Descriptor, ...]:
    """Return the cached referrers of ``subject``, as a registry lists them. Raises StoreError."""
    return tuple(listed for listed, _ in _referrers(subject, contents))


def _referrers(subject: Digest, contents: ContentStore) -> Iterator[tuple[Descriptor, Manifest]]:
    """Yield them with their manifests; none that is damaged, or has another subject after all."""
    for number, one in enumerate(contents.predecessors(subject, Role.SUBJECT)):
        if number == COUNT_LIMIT:
            return
        with suppress(DamagedStoreError, DocumentError):
            manifest = contents.manifest(one.manifest)
            if manifest and manifest.subject and manifest.subject.digest == subject:
                yield referrer_descriptor(manifest), manifest


def _attached_to(subject: Reference, contents: ContentStore) -> Iterator[Attachment]:
    digest = subject.digest
    if digest is None or not digest.is_verifiable:
        return
    for listed, manifest in _referrers(digest, contents):
        yield Attachment(subject, Form.REFERRER, subject.at(listed.digest), listed, manifest)
    for tag in cosign_tags(digest):
        place = subject.tagged(tag)
        with suppress(DamagedStoreError, DocumentError):
            seen = contents.last_observation(place)
            tagged = contents.manifest(seen.digest) if seen else None
            if tagged is not None:
                yield Attachment(subject, Form.DIGEST_TAG, place, None, tagged)
