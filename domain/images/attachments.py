"""Attachments: manifests that say something of another one, such as signatures and SBOMs.

There are four forms. A *referrer* names its subject and is listed by the registry, or, on older
ones, under the *referrers tag* (distribution-spec, "Listing Referrers"). A *digest tag* names its
subject in the tag itself, as cosign does (``domain.lists.referrers``). An *entry* of the subject's
own list is BuildKit's attestation (``domain.lists.attestations``).
"""

from collections.abc import Sequence
from enum import Enum

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import UnknownPurposeError
from manyfest.domain.images.kinds import (
    ATTESTATION,
    kind_of,
    kind_of_digest_tag,
    kind_of_entry,
    predicate_of,
    predicates_of,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


class Form(Enum):
    """The form in which an attachment is kept.

    A referrer is one whether the registry lists it or a referrers tag does: the store keeps
    manifests by digest, and does not know which it was.
    """

    REFERRER = "referrer"
    DIGEST_TAG = "digest tag"
    ENTRY = "entry"


class Purpose(Enum):
    """The purpose of an attachment, whatever its format."""

    SIGNATURE = "signature"
    SBOM = "SBOM"
    PROVENANCE = "provenance"
    ATTESTATION = "attestation"
    OTHER = "other"


# The purposes that can be required to be attached.
_REQUIRABLE = (Purpose.SIGNATURE, Purpose.SBOM, Purpose.PROVENANCE)

# The purposes of kinds and predicates, by words in them; the first that fits counts.
_PURPOSES = {
    "sbom": Purpose.SBOM,
    "provenance": Purpose.PROVENANCE,
    "signature": Purpose.SIGNATURE,
    "cosign/sign": Purpose.SIGNATURE,
    "attestation": Purpose.ATTESTATION,
    "vulnerability": Purpose.ATTESTATION,
    "vex": Purpose.ATTESTATION,
    "bundle": Purpose.ATTESTATION,
    "://": Purpose.ATTESTATION,  # the predicate of an attestation, which has no word here
}


@frozen
class Attachment:
    """A manifest at ``place`` that says something of ``subject``, a digest in the same home.

    ``place`` is a digest, or the tag of a digest tag. ``listed`` is the descriptor that lists it; a
    digest tag has none. ``manifest`` is None if it was not read. ``platform`` is the subject's, as
    a list states it. ``level`` counts from the subjects asked about: a signature of an SBOM of an
    image is on level 1. Sizes and annotations of ``listed`` are claims.
    """

    subject: Reference
    form: Form
    place: Reference
    listed: Descriptor | None = None
    manifest: Manifest | None = None
    platform: Platform | None = None
    level: int = 0

    @property
    def digest(self) -> Digest | None:
        """The digest; None of a digest tag that was not read."""
        return self.manifest.digest if self.manifest else self.place.digest

    @property
    def size(self) -> int | None:
        """The bytes of the manifest; None of a digest tag that was not read."""
        if self.manifest is not None:
            return self.manifest.size
        return self.listed.size if self.listed else None

    @property
    def tag(self) -> str:
        """The digest tag; empty in other forms."""
        return self.place.tag or ""

    @property
    def kind(self) -> str:
        """The kind in a person's words."""
        if self.form is Form.ENTRY:
            return ATTESTATION
        if self.form is Form.DIGEST_TAG:
            return kind_of_digest_tag(self.tag)
        if self.listed is not None and self.listed.others.get("artifactType"):
            return kind_of_entry(self.listed)
        if self.manifest is not None:
            return kind_of(self.manifest)
        return kind_of_entry(self.listed) if self.listed else ""

    @property
    def predicates(self) -> tuple[str, ...]:
        """The predicates of its statements in a person's words, each once; as far as was read."""
        stated = predicate_of(self.listed.annotations) if self.listed else ""
        named = (
            *([stated] if stated else ()),
            *(predicates_of(self.manifest) if self.manifest else ()),
        )
        return tuple(dict.fromkeys(named))

    @property
    def about(self) -> str:
        """The predicates as one text."""
        return ", ".join(self.predicates)

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """The purposes, each once: BuildKit's attestation may have provenance and an SBOM."""
        return tuple(dict.fromkeys(map(_purpose, self.predicates or (self.kind,))))


def required_purposes(words: Sequence[str]) -> tuple[Purpose, ...]:
    """Return the purposes that ``words`` require, each once. Raises UnknownPurposeError."""
    known = {each.value.lower(): each for each in _REQUIRABLE}
    if unknown := [word for word in words if word.lower() not in known]:
        raise UnknownPurposeError(unknown[0], tuple(known))
    return tuple(dict.fromkeys(known[word.lower()] for word in words))


def _purpose(words: str) -> Purpose:
    lower = words.lower()
    return next((each for word, each in _PURPOSES.items() if word in lower), Purpose.OTHER)
