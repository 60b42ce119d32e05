"""``inspect`` of what stands in the registry: alike, but for what docker drops from lists."""

import json
from collections.abc import Callable, Mapping

import pytest

from manyfest.contracts.images import Image, docker_image, docker_list, oci_image, oci_index
from manyfest.domain import media_types
from manyfest.domain.encoding.strict_json import Json
from tests.differential.conftest import Both
from tests.differential.shelf import IMAGES, by_both, by_digest

Plant = Callable[[str, Image], None]

# Docker keeps these members of a list, in this order, and no others (distribution's
# manifestlist.ManifestList); a platform that is missing becomes an empty one, and the type is the
# one that the first entry would give a draft.
_LIST = ("schemaVersion", "mediaType", "manifests")
_DESCRIPTOR = ("mediaType", "size", "digest", "platform")
_PLATFORM = ("architecture", "os", "os.version", "os.features", "variant")
_NO_PLATFORM = {"architecture": "", "os": ""}


def as_docker_reads(document: Mapping[str, Json]) -> dict[str, Json]:
    """The members of a list that docker preserves."""
    entries = [
        _kept(_DESCRIPTOR, entry)
        | {"platform": _kept(_PLATFORM, entry.get("platform") or _NO_PLATFORM)}
        for entry in document["manifests"]
    ]
    of_oci = entries and entries[0].get("mediaType") == media_types.OCI_MANIFEST
    shown_type = media_types.OCI_INDEX if of_oci else media_types.DOCKER_LIST
    return _kept(_LIST, document) | {"mediaType": shown_type, "manifests": entries}


def _kept(members: tuple[str, ...], value: Mapping[str, Json]) -> dict[str, Json]:
    return {member: value[member] for member in members if member in value}


SPELLINGS = {"tag": str, "digest": by_digest, "tag and digest": by_both}


@pytest.mark.parametrize("flags", [[], ["-v"]], ids=["plain", "verbose"])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("name", IMAGES)
def test_an_image(both: Both, name: str, spelling: Callable[[str], str], flags: list[str]) -> None:
    both.alike("inspect", *flags, f"PLACE/{spelling(name)}")


def test_an_empty_name_before_another_is_none(both: Both) -> None:
    """As scripts write it that may have a list or not."""
    both.alike("inspect", "", "PLACE/app:amd64")


AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm/v7")
OCI_AMD, OCI_ARM = oci_image("linux/amd64"), oci_image("linux/arm64")
WINDOWS = docker_image("windows(10.0.17763.1+win32k)/amd64")


def listed(make: Callable[..., Image], image: Image, **members: Json) -> Image:
    """A list of one image, whose descriptor has these members too."""
    document = dict(make(image).manifest.document)
    platform = document["manifests"][0]["platform"] | members.pop("platform", {})
    entry = document["manifests"][0] | {"platform": platform} | members
    made = make(image, manifests=[entry]) if make is oci_index else None
    return made or docker_list_of(image, entry)


def docker_list_of(image: Image, entry: Json) -> Image:
    """Docker's list of one entry, as it is given."""
    made = docker_list(image)
    document = dict(made.manifest.document) | {"manifests": [entry]}
    data = json.dumps(document, indent=3).encode()
    return Image(type(made.manifest)(media_types.DOCKER_LIST, data), children=(image,))


# Lists in docker's own form are alike to the byte.
IN_DOCKERS_FORM = {
    "one": docker_list(AMD),
    "two": docker_list(AMD, ARM),
    "windows": docker_list(WINDOWS, AMD),
}
# The others are the same document once what docker drops is dropped from ours.
OTHERS = {
    "an index": oci_index(OCI_AMD, OCI_ARM),
    "an index of docker images": oci_index(AMD),
    "docker's list of oci images": docker_list(OCI_AMD),
    "annotations": oci_index(OCI_AMD, annotations={"a": "<&>\u2028"}),
    "artifact type": oci_index(OCI_AMD, artifactType="x/y"),
    "subject": oci_index(OCI_AMD, subject=OCI_AMD.manifest.descriptor().to_json()),
    "an entry's annotations": listed(oci_index, OCI_AMD, annotations={"a": "b"}),
    "an entry's artifact type": listed(oci_index, OCI_AMD, artifactType="x/y"),
    "an entry's data": listed(oci_index, OCI_AMD, data="e30="),
    "an entry's urls": listed(docker_list, AMD, urls=["https://h.example/x"]),
    "platform features": listed(docker_list, AMD, platform={"features": ["sse4"]}),
    "a member of the platform nobody knows": listed(oci_index, OCI_AMD, platform={"x.y": 1}),
    "members nobody knows": oci_index(OCI_AMD, **{"x-unknown": [1.5, None]}),
    "no platform": oci_index(OCI_AMD, manifests=[OCI_AMD.manifest.descriptor().to_json()]),
}


@pytest.mark.parametrize("image", IN_DOCKERS_FORM.values(), ids=IN_DOCKERS_FORM.keys())
def test_a_list_in_dockers_form(both: Both, plant: Plant, image: Image) -> None:
    plant("made:1", image)
    both.alike("inspect", "PLACE/made:1")
    both.alike("inspect", f"PLACE/made@{image.digest}")
    if image.children:
        both.alike("inspect", "-v", "PLACE/made:1")


@pytest.mark.parametrize("image", OTHERS.values(), ids=OTHERS.keys())
def test_another_list_is_the_same_but_for_what_docker_drops(
    both: Both, plant: Plant, image: Image
) -> None:
    plant("made:1", image)
    docker, ours = both("inspect", "PLACE/made:1")
    assert ours.code == docker.code == 0
    assert json.loads(ours.stdout) == image.manifest.document
    assert as_docker_reads(json.loads(ours.stdout)) == json.loads(docker.stdout)


@pytest.mark.parametrize("image", OTHERS.values(), ids=OTHERS.keys())
def test_another_list_verbosely_is_the_same_but_for_what_docker_drops(
    both: Both, plant: Plant, image: Image
) -> None:
    plant("made:1", image)
    docker, ours = both("inspect", "-v", "PLACE/made:1")
    assert ours.code == docker.code == 0
    assert [
        detail | {"Descriptor": as_docker_reads({"manifests": [detail["Descriptor"]]})}
        for detail in json.loads(ours.stdout)
    ] == [
        detail | {"Descriptor": as_docker_reads({"manifests": [detail["Descriptor"]]})}
        for detail in json.loads(docker.stdout)
    ]


@pytest.mark.parametrize("make", [docker_list, oci_index], ids=["docker list", "oci index"])
@pytest.mark.parametrize("flag", ["-v", "--verbose", "--verbose=true", "-v=t"])
def test_a_list_verbosely(both: Both, plant: Plant, make: Callable[..., Image], flag: str) -> None:
    family = docker_image if make is docker_list else oci_image
    plant("made:1", make(family("linux/amd64"), family("linux/arm/v7")))
    both.alike("inspect", flag, "PLACE/made:1")
    both.alike("inspect", "PLACE/made:1", flag)
