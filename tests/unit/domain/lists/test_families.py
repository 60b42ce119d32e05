"""Lists that mix Docker's and OCI's media types are described, and no others."""

import pytest

from manyfest.contracts.images import (
    Image,
    artifact,
    docker_image,
    docker_list,
    index_of_anything,
    oci_image,
    oci_index,
)
from manyfest.domain.lists.families import mixed_families
from tests.support.content.attested import attested_index

DOCKER, OCI = docker_image("linux/amd64"), oci_image("linux/arm64")

MIXED = {
    "Docker in an index": (oci_index(DOCKER), "an OCI index of Docker images (linux/amd64)"),
    "OCI in a list": (docker_list(OCI), "a Docker manifest list of OCI images (linux/arm64)"),
    "both in an index": (
        oci_index(OCI, DOCKER),
        "an OCI index of Docker images (linux/amd64) and OCI images (linux/arm64)",
    ),
    "many": (
        docker_list(*[oci_image(f"linux/{name}") for name in ("386", "amd64", "arm64", "s390x")]),
        "a Docker manifest list of OCI images (linux/386, linux/amd64, linux/arm64 and 1 more)",
    ),
}
PURE = {
    "Docker": docker_list(DOCKER),
    "OCI": oci_index(OCI),
    "attested": attested_index(OCI),
    "an artifact": oci_index(artifact()),
    "anything": index_of_anything(),
    "an image": DOCKER,
    "nothing": oci_index(),
}


@pytest.mark.parametrize(("image", "text"), MIXED.values(), ids=MIXED)
def test_families_are_named_with_their_platforms(image: Image, text: str) -> None:
    assert mixed_families(image.manifest) == text


@pytest.mark.parametrize("image", PURE.values(), ids=PURE)
def test_a_list_of_one_family_is_not_described(image: Image) -> None:
    assert mixed_families(image.manifest) == ""
