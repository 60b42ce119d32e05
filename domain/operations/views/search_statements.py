"""Search for statements about one image, in the forms in which they are stored.

Theory of operation. Each form costs requests. They are asked in this order:

1. BuildKit's attestation manifests, which the image's own list names: no request to find them
2. referrers of the image: one request
3. cosign's digest tags of the image: one request each

A builder's statement is not signed, and a signed one may follow in another form. ``all`` asks every
form, and puts signed statements first. ``first`` ends at the first form that answers, as buildx,
which knows no other, needs.

Manifests are read, and those of their blobs that may be a statement of the wanted kind: their
annotations or types say so. A statement answers only if its subjects include the digest of the
image. One that is about something else, or cannot be read, is refused: an answer for another
platform would be worse than none.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain

from attr import field

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DocumentError,
    IntegrityError,
    ManifestUnknownError,
    ManyfestError,
    NeverSeenError,
    NotFoundError,
    StatementMismatchError,
    UnreachableError,
)
from manyfest.domain.images.kinds import predicate_type
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.referrers import cosign_tags
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.ports.registry import BlobReader, Registry
from manyfest.domain.references import Reference
from manyfest.domain.statements.envelopes import SIZE_LIMIT, Statement, read_statement
from manyfest.domain.values import frozen

# Manifests and blobs that one search reads; an image has a handful.
_MANIFESTS = 100
_DOCUMENTS = 30

# Beginnings of the types of blobs and artifacts that are no statement.
_OTHERS = (
    "application/vnd.dev.cosign.simplesigning",
    "application/vnd.dev.cosign.artifact.sig",
    "application/vnd.cncf.notary",
    "application/jose",
    "application/cose",
    "application/sarif",
    "application/vnd.oci.image.layer",
    "application/vnd.docker.image",
    media_types.OCI_EMPTY,
)

# Reasons to go on with the next candidate.
_REFUSALS = (DocumentError, IntegrityError, NotFoundError)


@frozen
class Wanted:
    """A kind of statement: its ``name``, and the test that its statements pass.

    ``matches`` is told a type of predicate. ``suffixes`` are those of cosign's tags for it.
    """

    name: str
    matches: Callable[[str], bool]
    suffixes: tuple[str, ...]


SBOM = Wanted(
    "SBOM", lambda kind: "spdx" in kind.lower() or "cyclonedx" in kind.lower(), (".att", ".sbom")
)
PROVENANCE = Wanted(
    "provenance", lambda kind: kind.startswith("https://slsa.dev/provenance/"), (".att",)
)


@frozen
class Carried:
    """A statement about ``image``, its bytes, and the manifest and blob that carry it."""

    image: Reference
    statement: Statement
    manifest: Reference
    blob: Descriptor
    data: bytes = field(repr=False)


class StatementSearch:
    """One search; ``read`` and ``refused`` are what it met.

    ``failures`` ended the search in a form after something had been found.
    """

    def __init__(
        self, found: Resolved, image: Reference, wanted: Wanted, registry: Registry
    ) -> None:
        self.image = image
        self.read: list[Resolved] = []
        self.refused: list[ManyfestError] = []
        self.failures: list[ManyfestError] = []
        self._found = found
        self.wanted = wanted
        self._registry = registry
        self._reader = MeteredReader(registry, str(image))
        self._documents = 0

    def first(self) -> tuple[Carried, ...]:
        """Return the statements of the first form that has some."""
        return next(filter(None, self._forms()), ())

    def all(self) -> tuple[Carried, ...]:
        """Return the statements of all forms, each once, signed ones first."""
        found: dict[Digest, Carried] = {}
        try:
            for carried in chain.from_iterable(self._forms()):
                found.setdefault(carried.blob.digest, carried)
        except ManyfestError as error:
            if not found:
                raise
            self.failures.append(error)
        return tuple(sorted(found.values(), key=lambda one: not one.statement.signatures))

    def _forms(self) -> Iterator[tuple[Carried, ...]]:
        for form in (self._attestations, self._referrers, self._tags):
            yield tuple(self._statements(form()))

    def _attestations(self) -> Sequence[Reference]:
        digest = str(self.image.digest)
        entries = self._found.manifest.entries
        return [self._at(entry) for entry in entries if attested_digest(entry) == digest]

    def _referrers(self) -> Sequence[Reference]:
        with suppress(UnreachableError):  # offline: the store does not know
            return [
                self._at(entry)
                for entry in self._registry.referrers(self.image)
                if self._may_be(entry)
            ]
        return []

    def _tags(self) -> Sequence[Reference]:
        digest = self.image.digest
        names = cosign_tags(digest) if digest else ()
        return [self.image.tagged(name) for name in names if name.endswith(self.wanted.suffixes)]

    def _at(self, entry: Descriptor) -> Reference:
        return self.image.at(entry.digest)

    def _statements(self, places: Sequence[Reference]) -> Iterator[Carried]:
        for place in places[:_MANIFESTS]:
            manifest = self._manifest(place)
            for blob in self._blobs(manifest) if manifest else ():
                if self._documents < _DOCUMENTS and (carried := self._carried(place, blob)):
                    yield carried

    def _manifest(self, place: Reference) -> Manifest | None:
        try:
            found = resolve(place, self._reader)
        except ManifestUnknownError:
            return None
        except _REFUSALS as error:
            if place.digest or not isinstance(error, NeverSeenError):  # else a guess of a tag
                self.refused.append(error)
            return None
        self.read.append(found)
        return found.manifest

    def _blobs(self, manifest: Manifest) -> tuple[Descriptor, ...]:
        """Return the blobs that may be a statement of the wanted kind."""
        try:
            stated = manifest.document.get("annotations")
            of_all = predicate_type(stated if isinstance(stated, dict) else {})
            return tuple(blob for blob in manifest.layers if self._may_be(blob, of_all))
        except DocumentError as error:
            self.refused.append(error)
            return ()

    def _may_be(self, entry: Descriptor, otherwise: str = "") -> bool:
        if predicate := predicate_type(entry.annotations) or otherwise:
            return self.wanted.matches(predicate)
        artifact_type = entry.others.get("artifactType")
        named = artifact_type if isinstance(artifact_type, str) else entry.media_type
        return not named.startswith(_OTHERS)

    def _carried(self, place: Reference, blob: Descriptor) -> Carried | None:
        self._documents += 1
        source = place.at(blob.digest)
        try:
            data = _read(source, blob, self._registry)
            statement = read_statement(data, str(source))
            if not self.wanted.matches(statement.predicate_type):
                return None
            self._require_subject(statement, source)
        except DocumentError as error:
            if predicate_type(blob.annotations) or self.wanted.matches(blob.media_type):
                self.refused.append(error)  # else it never said that it is one
            return None
        except _REFUSALS as error:
            self.refused.append(error)
            return None
        return Carried(self.image, statement, place, blob, data)

    def _require_subject(self, statement: Statement, source: Reference) -> None:
        """Raise StatementMismatchError if it is about something else than the image."""
        if not statement.is_bare and str(self.image.digest) not in statement.subjects:
            about = ", ".join(statement.subjects[:3])
            raise StatementMismatchError(str(source), str(self.image.digest), about)


def _read(source: Reference, blob: Descriptor, blobs: BlobReader) -> bytes:
    """Read a blob whole; the registry checks its size and digest."""
    if blob.size > SIZE_LIMIT:
        raise DocumentError(str(source), f"larger than {SIZE_LIMIT} bytes")
    if not blob.digest.is_verifiable:
        raise DocumentError(str(source), "its digest cannot be verified")
    with blobs.open_blob(source, blob.size) as chunks:
        return b"".join(chunks)
