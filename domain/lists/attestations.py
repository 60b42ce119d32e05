"""Attestations: BuildKit's provenance and SBOMs, listed beside their image.

Such an entry has the platform ``unknown/unknown`` and names its image in annotations (BuildKit,
``docs/attestations/attestation-storage.md``). It is kept, dropped and copied with its image.
"""

from collections.abc import Sequence

from attr import evolve

from manyfest.domain.descriptors import Descriptor

_TYPE = "vnd.docker.reference.type"
_ATTESTATION = "attestation-manifest"
SUBJECT = "vnd.docker.reference.digest"


def attested_digest(descriptor: Descriptor) -> str | None:
    """Return the digest text of the attested image; None for other entries."""
    if descriptor.annotations.get(_TYPE) != _ATTESTATION:
        return None
    return descriptor.annotations.get(SUBJECT, "")


def attesting(descriptor: Descriptor, digest: str) -> Descriptor:
    """Return an attestation's ``descriptor`` as one of the image of this ``digest``."""
    annotations = {**descriptor.annotations, SUBJECT: digest}
    return evolve(descriptor, others={**descriptor.others, "annotations": annotations})


def without_attestations(entries: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    """Return the entries that are not attestations."""
    return tuple(entry for entry in entries if attested_digest(entry) is None)


def with_attestations(
    entries: Sequence[Descriptor], chosen: Sequence[Descriptor]
) -> tuple[Descriptor, ...]:
    """Return the ``chosen`` entries and their attestations, in list order."""
    named, digests = set(chosen), {str(entry.digest) for entry in chosen}
    return tuple(entry for entry in entries if entry in named or attested_digest(entry) in digests)
