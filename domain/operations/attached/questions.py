"""The questions of a search for attachments, one request each, and their answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    AccessError,
    DeadlineError,
    DocumentError,
    IntegrityError,
    LayoutError,
    ManifestUnknownError,
    ManyfestError,
    NotFoundError,
    ProtocolError,
    RefusedError,
    ServerError,
    TooManyBytesError,
    UnavailableError,
)
from manyfest.domain.images.attachments import Attachment, Form
from manyfest.domain.lists.referrers import (
    cosign_tags,
    digest_tags,
    is_referrers_tag,
    referrers_tag,
)
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

# Attachments, all together. An image that is scanned each night gets hundreds a year.
COUNT_LIMIT = 5000

# Failures of the other side, or of what it serves; but for DeadlineError, which is our own.
FAILURES = (
    AccessError,
    DocumentError,
    IntegrityError,
    LayoutError,
    NotFoundError,
    ProtocolError,
    RefusedError,
    TooManyBytesError,
    UnavailableError,
)

# Failures of registries that do not list tags, or not these, and serve the tags all the same.
_UNLISTABLE = (AccessError, DocumentError, ProtocolError, RefusedError, ServerError)


@frozen
class Subject:
    """A manifest; the attachments of it are on ``level``."""

    place: Reference
    platform: Platform | None = None
    level: int = 0


@frozen
class Answer:
    """The answer to one question: attachments that are ``listed``, ``read`` or ``gone``."""

    listed: tuple[Attachment, ...] = ()
    read: Attachment | None = None
    gone: Attachment | None = None
    failure: ManyfestError | None = None


Question = Callable[[], Answer]


def answered(question: Question) -> Answer:
    """Ask ``question``; a failure is an answer. Raises DeadlineError."""
    try:
        return question()
    except DeadlineError:
        raise
    except FAILURES as error:
        return Answer(failure=error)


def too_many(subject: Reference) -> DocumentError:
    """Return the error about a manifest that has more attached than ``COUNT_LIMIT``."""
    return DocumentError(str(subject), f"has more than {COUNT_LIMIT:,} manifests attached")


class Questions:
    """The questions to ``registry``; ``reader`` reads attachments.

    Keeps the lists of tags, which later questions need, and the subjects about which a registry
    cannot tell, because it has no listing of referrers. Where that is known beforehand, it is asked
    about one subject, in case it has one by now; about the others if it has.
    """

    def __init__(self, registry: Registry, reader: ManifestReader) -> None:
        self._registry = registry
        self._reader = reader
        self._tags: dict[Home, Mapping[str, tuple[str, ...]] | None] = {}
        self._probed: set[Home] = set()
        self._waiting: list[Subject] = []  # for the answer about another subject of their home
        self._untold: list[Subject] = []

    def list_tags(self, home: Home) -> Answer:
        """Keep the names of digest tags and referrers tags; none if ``home`` does not tell them.

        A home without any tag counts as such: a registry without that endpoint answers 404.
        """
        self._tags[home] = {}
        try:
            tags = self._registry.tags(home)
        except _UNLISTABLE:
            tags = ()
        names = {tag: (tag,) for tag in tags if is_referrers_tag(tag)}
        self._tags[home] = {**digest_tags(tags), **names} if tags else None
        return Answer()

    def about(self, unread: Sequence[Attachment], subjects: Sequence[Subject]) -> list[Question]:
        """Return the questions that read attachments and list the referrers of ``subjects``."""
        listings = [each for subject in subjects for each in self._listing(subject)]
        return [*listings, *(partial(self._read, one) for one in unread)]

    def about_tags(self, subjects: Sequence[Subject]) -> Iterator[Question]:
        """Yield the questions that read the digest tags of ``subjects``, and ``about_listings``."""
        for subject in subjects:
            yield from (partial(self._read, one) for one in self.digest_tags(subject))
        yield from self.about_listings(subjects)

    def about_listings(self, subjects: Sequence[Subject]) -> Iterator[Question]:
        """Yield the questions that read the referrers tags of ``subjects``; after the names.

        And those about subjects that waited, and whose referrers only such a tag may tell.
        """
        for subject in subjects:
            names = self._tags[subject.place.home]
            if names is not None and referrers_tag(subject.place).tag in names:
                yield partial(self._list_by_tag, subject)
        waiting, self._waiting = self._waiting, []
        for subject in waiting:
            yield from self._listing(subject)
        untold, self._untold = self._untold, []
        for subject in untold:
            yield from self._guess(subject)

    def digest_tags(self, subject: Subject) -> Iterator[Attachment]:
        """Yield the digest tags of ``subject``, or those that it may have; after the names."""
        place, names = subject.place, self._tags[subject.place.home]
        for tag in _digest_tags(place.digest, names):
            one = Attachment(place, Form.DIGEST_TAG, place.tagged(tag))
            yield evolve(one, platform=subject.platform, level=subject.level)

    def lists_tags(self, home: Home) -> bool:
        """Return whether ``home`` told its tags."""
        return self._tags[home] is not None

    def _listing(self, subject: Subject) -> Iterator[Question]:
        """Yield the question for its referrers; once for a home that has no listing of them."""
        home = subject.place.home
        if home not in self._probed or not self._registry.lacks_referrers(home):
            self._probed.add(home)
            yield partial(self._list, subject)
        elif home in self._tags:
            yield from self._guess(subject)
        else:
            self._waiting.append(subject)

    def _guess(self, subject: Subject) -> Iterator[Question]:
        """Yield the question for a referrers tag, unless the names of all tags are known."""
        if not self.lists_tags(subject.place.home):
            yield partial(self._list_by_tag, subject)

    def _list(self, subject: Subject) -> Answer:
        entries = self._registry.listed_referrers(subject.place)
        if entries is None:
            self._untold.append(subject)
            return Answer()
        return Answer(_referrers(subject, entries))

    def _list_by_tag(self, subject: Subject) -> Answer:
        try:
            listed = self._registry.get_manifest(referrers_tag(subject.place))
        except ManifestUnknownError:
            return Answer()
        return Answer(_referrers(subject, listed.entries))

    def _read(self, one: Attachment) -> Answer:
        try:
            return Answer(read=evolve(one, manifest=self._reader.get_manifest(one.place)))
        except ManifestUnknownError:
            return Answer() if one.listed is None else Answer(gone=one)


def _referrers(subject: Subject, entries: Sequence[Descriptor]) -> tuple[Attachment, ...]:
    place, platform, level = subject.place, subject.platform, subject.level
    if len(entries) > COUNT_LIMIT:
        raise too_many(place)
    return tuple(
        Attachment(place, Form.REFERRER, place.at(entry.digest), entry, None, platform, level)
        for entry in entries
        if entry.digest.is_verifiable
    )


def _digest_tags(
    digest: Digest | None, names: Mapping[str, tuple[str, ...]] | None
) -> tuple[str, ...]:
    if digest is None or names is None:
        return cosign_tags(digest) if digest else ()
    return names.get(str(digest), ())
