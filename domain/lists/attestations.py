"""Attestation manifests: BuildKit's provenance and SBOMs, which stand in a list beside their image.

Such an entry is for platform ``unknown/unknown`` and names its image in annotations (BuildKit,
``docs/attestations/attestation-storage.md``). It follows its image: kept, dropped and copied so.
"""

from collections.abc import Sequence

from manyfest.domain.descriptors import Descriptor

_TYPE = "vnd.docker.reference.type"
_ATTESTATION = "attestation-manifest"
_SUBJECT = "vnd.docker.reference.digest"


def attested_digest(descriptor: Descriptor) -> str | None:
    """The digest, as it is spelled, of the image that ``descriptor`` attests; None for others."""
    if descriptor.annotations.get(_TYPE) != _ATTESTATION:
        return None
    return descriptor.annotations.get(_SUBJECT, "")


def without_attestations(entries: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    """The entries that attest nothing."""
    return tuple(entry for entry in entries if attested_digest(entry) is None)


def with_attestations(
    entries: Sequence[Descriptor], chosen: Sequence[Descriptor]
) -> tuple[Descriptor, ...]:
    """Of ``entries``, in their order, those ``chosen`` and those that attest one of them."""
    named, digests = set(chosen), {str(entry.digest) for entry in chosen}
    return tuple(entry for entry in entries if entry in named or attested_digest(entry) in digests)
