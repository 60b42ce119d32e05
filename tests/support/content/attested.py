"""An index as BuildKit pushes it: each image with an attestation manifest beside it."""

import json

from attrs import evolve

from manyfest.contracts.images import Image, oci_image, oci_index
from manyfest.domain.platforms import Platform


def attested_index(*images: Image) -> Image:
    """``images``, and after them an attestation of each."""
    attestations = [_attestation(image) for image in images]
    index = oci_index(*images, *attestations)
    document = json.loads(index.manifest.data)
    for entry, image in zip(document["manifests"][len(images) :], images, strict=True):
        entry["annotations"] = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": str(image.digest),
        }
    return evolve(index, manifest=evolve(index.manifest, data=json.dumps(document).encode()))


def _attestation(image: Image) -> Image:
    made = oci_image("unknown/unknown", text=f"provenance of {image.digest}")
    return evolve(made, platform=Platform("unknown", "unknown"))
