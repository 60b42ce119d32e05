"""Find all that is attached to manifests, in every form, and what is attached to that in turn.

Theory of operation. The search goes in rounds of one round trip each:

1. The referrers of all subjects are listed, one request each, and the tags of their homes, one
   request each. The calls in ``meanwhile`` are made in the same round. Where nothing is attached,
   the search ends here. A registry that is known to have no listing of referrers is asked for
   those of one subject; if it still has none, the names of the referrers tags tell the others.
2. The attachments are read. At the same time they are the subjects of the next listing, because
   an SBOM may be signed. Digest tags are read once the list of tags names them, and so are
   referrers tags, which may list what a registry with the referrers API does not.

A home that does not list its tags, or not in one answer, is asked for each of cosign's digest tags
instead. That costs three requests a subject and finds no other suffix.

A failure costs only what it concerns and is returned, because the caller decides whether it goes on
without. Everything is bounded: anybody may attach anything to a public image.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attr import evolve

from manyfest.domain import media_types
from manyfest.domain.errors import DocumentError, ManyfestError
from manyfest.domain.images.attachments import Attachment
from manyfest.domain.lists.referrers import COSIGN_SUFFIXES
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.attached.questions import (
    COUNT_LIMIT,
    Answer,
    Question,
    Questions,
    Subject,
    answered,
    too_many,
)
from manyfest.domain.operations.steps.tree import Node
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# A signature of an SBOM of an image is on the second level; deeper nesting is a trap.
DEPTH_LIMIT = 8

# Tags that a subject may have where names are not listed: cosign's, and the referrers tag.
_GUESSES = len(COSIGN_SUFFIXES) + 1


@frozen
class Found:
    """The attachments: each once, read, those of subjects before those of attachments.

    ``gone`` are listed and no longer there. With ``failures``, more may be attached.
    """

    attachments: tuple[Attachment, ...] = ()
    gone: tuple[Attachment, ...] = ()
    failures: tuple[ManyfestError, ...] = ()


def may_be_subject(node: Node) -> bool:
    """Return whether something may be attached to ``node``; not to a blob."""
    is_blob = node.listed is not None and media_types.is_blob(node.listed.media_type)
    return node.is_verifiable and not is_blob


def find_attached(
    subjects: Sequence[Node],
    *,
    registry: Registry,
    reader: ManifestReader,
    fan_out: FanOut,
    entries: Sequence[Attachment] = (),
    meanwhile: Sequence[Callable[[], object]] = (),
) -> Found:
    """Find what is attached to ``subjects``, and to that in turn; ``reader`` reads it.

    ``entries`` are attachments that are known already, to be read, too. The calls in ``meanwhile``
    are made in parallel with the first questions. Raises what they raise, and DeadlineError; other
    failures are returned.
    """
    return _Search(registry, reader, fan_out).run(subjects, entries, meanwhile)


def list_attached(
    subjects: Sequence[Node],
    *,
    registry: Registry,
    fan_out: FanOut,
    meanwhile: Sequence[Callable[[], object]] = (),
) -> Found:
    """List what is attached to ``subjects``, not read, and nothing on further levels.

    A home that does not list its tags has no digest tags. Otherwise as ``find_attached``.
    """
    questions = Questions(registry, registry)
    asked = tuple(map(_subject, subjects))
    others = [*_tag_lists(asked, questions), *meanwhile]
    answers = [*_ask(questions.about((), asked), others, fan_out)]
    if more := tuple(questions.about_listings(asked)):
        answers += _ask(more, (), fan_out)
    told = (subject for subject in asked if questions.lists_tags(subject.place.home))
    tags = [one for subject in told for one in questions.digest_tags(subject)]
    listed = [one for answer in answers for one in answer.listed]
    return Found(
        tuple({one.place: one for one in (*listed, *tags)}.values()),
        failures=tuple(answer.failure for answer in answers if answer.failure is not None),
    )


def platform_of(node: Node) -> Platform | None:
    """Return the platform of ``node``, as its list states it."""
    return node.listed.platform if node.listed else None


class _Search:
    """One search, and its state between the rounds."""

    def __init__(self, registry: Registry, reader: ManifestReader, fan_out: FanOut) -> None:
        self._questions = Questions(registry, reader)
        self._fan_out = fan_out
        self._known: set[Reference] = set()  # by digest: they are, or were, subjects
        self._listed: dict[Reference, Attachment] = {}
        self._manifests: dict[Reference, Manifest] = {}
        self._gone: list[Attachment] = []
        self._failures: list[ManyfestError] = []

    def run(
        self,
        nodes: Sequence[Node],
        unread: Sequence[Attachment],
        meanwhile: Sequence[Callable[[], object]],
    ) -> Found:
        subjects = tuple(map(_subject, nodes))
        self._known.update(subject.place for subject in subjects)
        self._listed.update((one.place, one) for one in unread)
        others = [*_tag_lists(subjects, self._questions), *meanwhile]
        questions = self._questions.about(unread, subjects)
        while questions or others:
            unread, newest = self._take(_ask(questions, others, self._fan_out))
            tagged = (*subjects, *newest)  # the names of tags are known from now on
            tags = tuple(self._questions.about_tags(tagged))
            if len(self._listed) + len(tags) > COUNT_LIMIT + _GUESSES * len(tagged):
                return Found(failures=(too_many(nodes[0].source),))
            questions = [*self._questions.about(unread, newest), *tags]
            subjects, others = (), []
        return self._result()

    def _take(
        self, answers: Iterator[Answer]
    ) -> tuple[tuple[Attachment, ...], tuple[Subject, ...]]:
        """Keep what was answered; return what is to be read, and new subjects."""
        unread: list[Attachment] = []
        newest: list[Subject] = []
        for answer in answers:
            if answer.failure is not None:
                self._failures.append(answer.failure)
            if answer.gone is not None:
                self._gone.append(answer.gone)
            for one in answer.listed:
                if self._is_new(one):
                    unread.append(one)
                    newest += self._as_subject(one.place, one)
            if (read := answer.read) is not None and read.manifest is not None:
                self._listed.setdefault(read.place, read)
                self._manifests[read.place] = read.manifest
                newest += self._as_subject(read.place.at(read.manifest.digest), read)
        return tuple(unread), tuple(newest)

    def _is_new(self, one: Attachment) -> bool:
        """Return whether an attachment by digest is seen first."""
        if one.place in self._known:
            return False
        self._listed[one.place] = one
        return True

    def _as_subject(self, place: Reference, one: Attachment) -> Iterator[Subject]:
        if place in self._known:
            return
        self._known.add(place)
        if one.level < DEPTH_LIMIT:
            yield Subject(place, one.platform, one.level + 1)
        else:
            reason = f"refers to a referrer deeper than {DEPTH_LIMIT}"
            self._failures.append(DocumentError(str(place), reason))

    def _result(self) -> Found:
        read = (
            evolve(one, manifest=self._manifests[place])
            for place, one in self._listed.items()
            if place in self._manifests
        )
        ordered = sorted(read, key=lambda one: one.level)
        return Found(tuple(ordered), tuple(self._gone), tuple(self._failures))


def _subject(node: Node) -> Subject:
    return Subject(node.source, platform_of(node))


def _tag_lists(subjects: Sequence[Subject], questions: Questions) -> Iterator[Callable[[], object]]:
    homes = dict.fromkeys(subject.place.home for subject in subjects)
    return (partial(answered, partial(questions.list_tags, home)) for home in homes)


def _ask(
    questions: Sequence[Question], others: Sequence[Callable[[], object]], fan_out: FanOut
) -> Iterator[Answer]:
    """Ask all in one round, and yield the answers to ``questions``."""
    calls: list[Callable[[], object]] = [*(partial(answered, q) for q in questions), *others]
    return (answer for answer in fan_out(_call, calls) if isinstance(answer, Answer))


def _call(call: Callable[[], object]) -> object:
    return call()
