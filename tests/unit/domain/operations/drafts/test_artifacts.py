"""Artifacts in lists: without a platform, by their type; images as docker describes them."""

import pytest
from attrs import evolve

from manyfest.contracts.images import (
    Image,
    artifact,
    docker_image,
    oci_image,
    oci_index,
    with_config,
)
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.drafts.source_entries import ListSelection
from manyfest.domain.errors import ListError
from manyfest.domain.operations.drafts.annotate import annotate
from tests.unit.domain.operations.conftest import World, ref

HELM = "application/vnd.cncf.helm.config.v1+json"
EMPTY = media_types.OCI_EMPTY
WASM = "application/vnd.wasm.config.v0+json"


def of_config_type(image: Image, config_type: str) -> Image:
    """The Docker image with another media type of its config."""
    data = image.manifest.data.replace(media_types.DOCKER_CONFIG.encode(), config_type.encode())
    return evolve(image, manifest=evolve(image.manifest, data=data))


BY_TYPE = {  # the artifact, and the type that its entry gets
    "bytes as config": (artifact(), "application/vnd.example.config"),
    "Helm": (artifact(HELM, b'{"name": "app", "os": ["linux"]}'), HELM),
    "JSON that is none": (artifact(HELM, b"{"), HELM),
    "a system without architecture": (artifact(HELM, b'{"os": "linux"}'), HELM),
    "empty config": (
        artifact(EMPTY, b"{}", artifactType="application/x-sbom"),
        "application/x-sbom",
    ),
    "its own type": (artifact(HELM, b"{}", artifactType="a/b"), "a/b"),
    "of Docker's type": (
        of_config_type(with_config(b"{}"), "application/vnd.docker.plugin.v1+json"),
        "application/vnd.docker.plugin.v1+json",
    ),
    "no platform in an image config": (
        artifact(media_types.OCI_CONFIG, b"{}", artifactType="a/b"),
        "a/b",
    ),
}


@pytest.mark.parametrize(("image", "artifact_type"), BY_TYPE.values(), ids=BY_TYPE)
def test_an_artifact_is_listed_by_its_type_and_without_a_platform(
    world: World, image: Image, artifact_type: str
) -> None:
    world.plant("r.example/l:amd64", docker_image())
    world.plant("r.example/l:chart", image)
    world.create("r.example/l:1", "r.example/l:amd64", "r.example/l:chart")
    pushed = world.push("r.example/l:1").manifest
    assert pushed.media_type == media_types.OCI_INDEX
    assert pushed.document["manifests"][1] == {
        "mediaType": image.manifest.media_type,
        "size": image.manifest.size,
        "digest": str(image.digest),
        "artifactType": artifact_type,
    }


def test_an_index_without_a_platform_is_nested_by_its_type(world: World) -> None:
    world.plant("r.example/l:set", oci_index(oci_image(), artifactType="a/b"))
    wanted = ListSelection(nested=True)
    (entry,) = world.create("r.example/l:1", "r.example/l:set", wanted=wanted).entries
    assert dict(entry.found.others) == {"artifactType": "a/b"}


AS_DOCKER = {  # what docker describes, too
    "image": oci_image("linux/arm64"),
    "image of a stated type": oci_image("linux/arm64", artifactType="a/b"),
    "module": artifact(WASM, b'{"os": "wasip1", "architecture": "wasm"}'),
    "image of the first builders": of_config_type(
        docker_image("linux/arm64"), "application/octet-stream"
    ),
}


@pytest.mark.parametrize("image", AS_DOCKER.values(), ids=AS_DOCKER)
def test_what_has_a_platform_is_listed_by_it_alone(world: World, image: Image) -> None:
    world.plant("r.example/l:a", image)
    (entry,) = world.create("r.example/l:1", "r.example/l:a").entries
    assert entry.found.platform is not None
    assert str(entry.found.platform) in ("linux/arm64", "wasip1/wasm")
    assert entry.found.others == {}


def test_an_image_config_without_a_platform_is_refused_in_dockers_words(world: World) -> None:
    world.plant("r.example/l:a", artifact(media_types.OCI_CONFIG, b"{}"))
    world.create("r.example/l:1", "r.example/l:a")
    with pytest.raises(ListError, match="must have an OS and Architecture to be pushed"):
        world.plan("r.example/l:1")


def test_a_docker_list_cannot_carry_an_artifact(world: World) -> None:
    world.plant("r.example/l:a", artifact())
    world.create("r.example/l:1", "r.example/l:a", list_type=ListType.DOCKER)
    with pytest.raises(ListError, match="a Docker manifest list cannot carry artifactType"):
        world.plan("r.example/l:1")


def test_an_artifact_may_be_annotated_and_given_a_platform(world: World) -> None:
    image = world.plant("r.example/l:a", artifact())
    world.create("r.example/l:1", "r.example/l:a")
    annotate(
        ref("r.example/l:1"),
        str(image.digest),
        Overrides(annotations=(("k", "v"),)),
        ports=world.ports(),
    )
    (listed,) = world.plan("r.example/l:1").manifest.entries
    assert (listed.platform, dict(listed.annotations)) == (None, {"k": "v"})
    platform = Overrides(os="linux", architecture="arm64")
    annotate(ref("r.example/l:1"), "r.example/l:a", platform, ports=world.ports())
    (listed,) = world.plan("r.example/l:1").manifest.entries
    assert str(listed.platform) == "linux/arm64"


def test_the_config_of_an_artifact_is_not_asked_for_unless_it_may_have_a_platform(
    world: World,
) -> None:
    for place, image in (("a", artifact()), ("b", artifact(EMPTY, b"{}", artifactType="a/b"))):
        world.plant(f"r.example/l:{place}", image)
        world.registry.forget_blob(ref("r.example/l:1").at(Digest.of(image.blobs[0])))
        world.create(f"r.example/l:of-{place}", f"r.example/l:{place}")
