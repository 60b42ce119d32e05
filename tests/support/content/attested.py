"""Indexes as BuildKit pushes them: images, and attestation manifests beside them."""

import json
from collections.abc import Mapping, Sequence

from attrs import evolve

from manyfest.contracts.images import Image, oci_image, oci_index
from manyfest.domain.platforms import Platform


def attested_index(*images: Image) -> Image:
    """``images``, and after them an attestation of each."""
    return attested(images, dict(enumerate(map(_attestation, images))))


def attested(images: Sequence[Image], attestations: Mapping[int, Image]) -> Image:
    """An index of ``images``, and after them the attestations of those at these places."""
    index = oci_index(*images, *attestations.values())
    document = json.loads(index.manifest.data)
    for entry, place in zip(document["manifests"][len(images) :], attestations, strict=True):
        entry["annotations"] = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": str(images[place].digest),
        }
    return evolve(index, manifest=evolve(index.manifest, data=json.dumps(document).encode()))


def _attestation(image: Image) -> Image:
    made = oci_image("unknown/unknown", text=f"provenance of {image.digest}")
    return evolve(made, platform=Platform("unknown", "unknown"))
