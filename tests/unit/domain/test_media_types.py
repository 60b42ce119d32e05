"""Media types: what stands before the parameters, and which type belongs to which family."""

import pytest

from manyfest.domain import media_types
from manyfest.domain.media_types import without_parameters

CONTENT_TYPES = {
    "bare": ("application/json", "application/json"),
    "nothing": ("", ""),
    "charset": ("application/json; charset=utf-8", "application/json"),
    "charset without a blank": ("application/json;charset=utf-8", "application/json"),
    "two parameters": ("text/html; a=b; c=d", "text/html"),
    "blanks around": ("  application/json  ; a=b", "application/json"),
    "upper case": ("Application/JSON", "application/json"),
    "parameters alone": ("; charset=utf-8", ""),
}


@pytest.mark.parametrize(("sent", "bare"), CONTENT_TYPES.values(), ids=CONTENT_TYPES.keys())
def test_parameters_and_letter_case_do_not_count(sent: str, bare: str) -> None:
    assert without_parameters(sent) == bare


def test_every_type_we_ask_for_is_an_image_or_a_list_and_none_is_both() -> None:
    assert sorted(media_types.ACCEPTED) == sorted(media_types.IMAGES | media_types.LISTS)
    assert not media_types.IMAGES & media_types.LISTS


def test_no_type_we_ask_for_is_schema_1() -> None:
    assert not media_types.SCHEMA_1 & set(media_types.ACCEPTED)


def test_the_families_share_no_type() -> None:
    docker = {media_types.DOCKER_MANIFEST, media_types.DOCKER_LIST}
    assert media_types.OCI_FAMILY | docker == set(media_types.ACCEPTED)
    assert not media_types.OCI_FAMILY & docker


CALLED = {
    media_types.DOCKER_CONFIG: "application/vnd.docker.container.image.v1+json",
    media_types.DOCKER_LAYER: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    media_types.OCI_CONFIG: "application/vnd.oci.image.config.v1+json",
    media_types.OCI_LAYER: "application/vnd.oci.image.layer.v1.tar+gzip",
}


def test_configs_and_layers_are_called_as_docker_and_the_image_spec_call_them() -> None:
    assert list(CALLED) == list(CALLED.values())
    assert {media_types.DOCKER_CONFIG, media_types.OCI_CONFIG} == media_types.IMAGE_CONFIGS


@pytest.mark.parametrize(
    "text", ["a/b", "application/vnd.example.sbom+json", "X/Y-1", "a/" + "b" * 127, "1/a!#$&^_"]
)
def test_a_media_type_of_the_rfc_is_one(text: str) -> None:
    assert media_types.is_media_type(text)


@pytest.mark.parametrize(
    "text",
    ["", "invalid", "application/", "/b", "a/b/c", "a/b; c=d", "a/+b", "a/b\n", "a/" + "b" * 128],
)
def test_what_the_rfc_does_not_allow_is_none(text: str) -> None:
    assert not media_types.is_media_type(text)
