"""Conversion of manifests between the media types of Docker and OCI."""

import json

import pytest
from attrs import evolve

from manyfest.cli.advice.remedies import told
from manyfest.contracts.images import (
    Image,
    artifact,
    docker_image,
    docker_list,
    index_of_anything,
    oci_image,
    oci_index,
    referrer,
    windows_image,
)
from manyfest.domain import media_types
from manyfest.domain.errors import ConversionError
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.conversion import Converted, convert_image, convert_list
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import Family
from tests.support.content.attested import attested_index

DOCKER, OCI = Family.DOCKER, Family.OCI
_DOCKER, _OCI = "application/vnd.docker.image.rootfs", "application/vnd.oci.image.layer"

# Each layer's type in a Docker manifest, and in an OCI manifest.
LAYERS = (
    (f"{_DOCKER}.diff.tar", f"{_OCI}.v1.tar"),
    (f"{_DOCKER}.diff.tar.gzip", f"{_OCI}.v1.tar+gzip"),
    (f"{_DOCKER}.foreign.diff.tar", f"{_OCI}.nondistributable.v1.tar"),
    (f"{_DOCKER}.foreign.diff.tar.gzip", f"{_OCI}.nondistributable.v1.tar+gzip"),
)


def converted(image: Image, family: Family) -> Converted:
    manifest = image.manifest
    if not manifest.is_list:
        return convert_image(manifest, family, "x")
    below = {child.digest: converted(child, family) for child in image.children}
    return convert_list(manifest, family, below, "x")


def edited(image: Image, **members: object) -> Image:
    document = dict(image.manifest.document) | members
    manifest = Manifest(image.manifest.media_type, json.dumps(document).encode())
    return evolve(image, manifest=manifest)


def with_layer(image: Image, media_type: str) -> Image:
    (layer,) = image.manifest.document["layers"]
    return edited(image, layers=[layer | {"mediaType": media_type}])


@pytest.mark.parametrize(("docker", "oci"), LAYERS)
def test_layers_keep_their_bytes_and_change_their_types(docker: str, oci: str) -> None:
    for image, family, media_type in (
        (with_layer(docker_image(), docker), OCI, oci),
        (with_layer(oci_image(), oci), DOCKER, docker),
    ):
        (before,), (after,) = image.manifest.layers, converted(image, family).after.layers
        assert after == evolve(before, media_type=media_type)


@pytest.mark.parametrize(
    ("image", "family", "types"),
    [
        (docker_image(), OCI, (media_types.OCI_MANIFEST, media_types.OCI_CONFIG)),
        (oci_image(), DOCKER, (media_types.DOCKER_MANIFEST, media_types.DOCKER_CONFIG)),
        (
            edited(
                docker_image(),
                config=docker_image().manifest.document["config"]
                | {"mediaType": media_types.LEGACY_CONFIG},
            ),
            OCI,
            (media_types.OCI_MANIFEST, media_types.OCI_CONFIG),
        ),
    ],
)
def test_the_config_keeps_its_digest(image: Image, family: Family, types: tuple[str, str]) -> None:
    after = converted(image, family).after
    assert after.config
    assert image.manifest.config
    assert (after.media_type, after.config.media_type) == types
    assert after.document["mediaType"] == types[0]
    assert after.config.digest == image.manifest.config.digest


def test_a_manifest_is_written_as_the_go_programs_write_it() -> None:
    config, layer = (docker_image().manifest.document[key] for key in ("config", "layers"))
    assert (
        converted(docker_image(), OCI).after.data
        == (
            '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",'
            '"config":{"mediaType":"application/vnd.oci.image.config.v1+json",'
            f'"digest":"{config["digest"]}","size":{config["size"]}}},'
            '"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",'
            f'"digest":"{layer[0]["digest"]}","size":{layer[0]["size"]}}}]}}'
        ).encode()
    )


@pytest.mark.parametrize(
    ("image", "family"),
    [
        (docker_image(), DOCKER),
        (oci_image(annotations={"k": "v"}), OCI),
        (windows_image(), DOCKER),
        (artifact(), OCI),
        (docker_list(docker_image()), DOCKER),
        (oci_index(oci_image(), artifact(), annotations={"k": "v"}), OCI),
        (attested_index(oci_image()), OCI),
        (index_of_anything(), OCI),
    ],
)
def test_where_nothing_has_to_change_the_bytes_stay(image: Image, family: Family) -> None:
    result = converted(image, family)
    assert result.after is image.manifest
    assert (result.is_changed, result.dropped) == (False, ())


def test_twice_is_as_once_and_there_and_back_gives_the_same_bytes() -> None:
    there = converted(oci_image(), DOCKER).after
    back = convert_image(there, OCI, "x").after
    assert convert_image(there, DOCKER, "x").after is there
    assert convert_image(convert_image(back, DOCKER, "x").after, OCI, "x").after == back
    assert json.loads(back.data) == json.loads(oci_image().manifest.data)


def test_an_oci_manifest_with_layers_of_docker_becomes_all_oci() -> None:
    mixed = with_layer(oci_image(annotations={"k": "v"}), LAYERS[1][0])
    after = converted(mixed, OCI).after
    assert [layer.media_type for layer in after.layers] == [LAYERS[1][1]]
    assert after.document["annotations"] == {"k": "v"}


def test_urls_of_foreign_layers_stay() -> None:
    after = converted(windows_image(), OCI).after
    assert [layer.urls for layer in after.layers] == [
        layer.urls for layer in windows_image().manifest.layers
    ]


def test_docker_gets_no_annotations_and_it_is_said_which_members_are_lost() -> None:
    layer = oci_image().manifest.document["layers"][0] | {"annotations": {"a": "b"}}
    image = edited(oci_image(annotations={"k": "v"}), layers=[layer, layer], more=1)
    result = converted(image, DOCKER)
    assert result.dropped == ("layers.annotations", "annotations", "more")
    assert set(result.after.document) == {"schemaVersion", "mediaType", "config", "layers"}


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (with_layer(oci_image(), f"{_OCI}.v1.tar+zstd"), "v1.tar+zstd); build it with gzip layers"),
        (with_layer(oci_image(), f"{_OCI}.v1.tar+gzip+encrypted"), "encrypted"),
        (artifact(), "it is an artifact (application/vnd.example.config)"),
        (oci_image(artifactType="a/b"), "it is an artifact (a/b)"),
        (edited(oci_image(), subject=oci_image().manifest.descriptor().to_json()), "a subject"),
        (referrer(oci_image()), "it is an artifact"),
        (index_of_anything().children[1], "it is an artifact (application/x-sbom)"),
        (oci_index(oci_image(), artifactType="a/b"), "cannot carry artifactType"),
    ],
)
def test_what_docker_has_no_type_for_is_refused(image: Image, words: str) -> None:
    with pytest.raises(ConversionError) as refused:
        converted(image, DOCKER)
    assert words in str(refused.value)
    assert told(refused.value).endswith("use --convert oci")


def test_layers_in_zstd_of_docker_have_a_type_of_oci() -> None:
    after = converted(with_layer(docker_image(), f"{_DOCKER}.diff.tar.zstd"), OCI).after
    assert after.layers[0].media_type == f"{_OCI}.v1.tar+zstd"


def test_a_list_names_what_its_images_became() -> None:
    image, other = docker_image(), oci_image("linux/arm64")
    result = converted(oci_index(image, other, annotations={"k": "v"}), OCI)
    first, second = result.after.entries
    assert first.digest == converted(image, OCI).after.digest
    assert (second.digest, str(first.platform)) == (other.digest, "linux/amd64")
    assert result.after.document["annotations"] == {"k": "v"}


def test_attestations_follow_their_image_and_docker_has_none() -> None:
    index = attested_index(docker_image(), oci_image("linux/arm64"))
    after = converted(index, OCI).after
    image, other, attestation, unchanged = after.entries
    assert attested_digest(attestation) == str(image.digest) != str(docker_image().digest)
    assert attested_digest(unchanged) == str(other.digest)
    result = converted(index, DOCKER)
    assert [str(entry.platform) for entry in result.after.entries] == ["linux/amd64", "linux/arm64"]
    assert result.dropped == ("attestations",)


def test_copies_and_addresses_of_the_bytes_before_are_left_out() -> None:
    listed = docker_image().manifest.descriptor().to_json() | {"data": "eA==", "urls": ["http://x"]}
    document = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": [listed]}
    index = Manifest(media_types.OCI_INDEX, json.dumps(document).encode())
    below = {docker_image().digest: converted(docker_image(), OCI)}
    (entry,) = convert_list(index, OCI, below, "x").after.entries
    assert entry.others == {}
