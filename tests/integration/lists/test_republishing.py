"""Errors in what others published are neither taken over in silence nor written into new lists."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import Image, oci_image, oci_index, push_image, with_config
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference
from tests.support.programs.docker_client import CommandLine

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64")
NUMBER = oci_index(AMD, ARM, annotations={"k": 1})

Plant = Callable[[str, Image], str]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    def put(tag: str, image: Image) -> str:
        push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "from")), tag), image)
        return f"oci:{tmp_path}/from:{tag}"

    return put


@pytest.fixture
def target(tmp_path: Path) -> str:
    return f"oci:{tmp_path}/to:list"


def with_entry(**members: Json) -> Image:
    index = oci_index(AMD, ARM)
    document = json.loads(index.manifest.data)
    document["manifests"][0] |= members
    data = json.dumps(document).encode()
    return evolve(index, manifest=Manifest(index.manifest.media_type, data))


def attested_elsewhere() -> Image:
    annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": "sha256:" + "0" * 64,
    }
    return with_entry(annotations=annotations)


WARNED: dict[str, tuple[Image, str]] = {
    "data": (with_entry(data="YQ=="), "wrong-data"),
    "artifact type": (with_entry(artifactType="invalid"), "invalid-artifact-type"),
    "attestation": (attested_elsewhere(), "dangling-attestation"),
}


@pytest.mark.parametrize(("image", "rule"), WARNED.values(), ids=WARNED)
def test_an_error_in_a_list_is_told_by_each_command_that_publishes_it(
    plant: Plant, target: str, manyfest: CommandLine, image: Image, rule: str
) -> None:
    source = plant("1", image)
    for words in (
        ["create", target, source],
        ["push", target],
        ["copy", source, f"{target}-copied"],
        ["create", "--push", f"{target}-pushed", source],
    ):
        result = manyfest(*words)
        assert result.code == 0
        (line,) = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
        assert line.endswith(f"[{rule}]")


def test_a_list_that_go_cannot_read_is_not_authored_until_it_is_mended(
    plant: Plant, target: str, manyfest: CommandLine
) -> None:
    source = plant("1", NUMBER)
    created = manyfest("create", target, source)
    assert created.code == 0
    assert "annotations.k: not a string [invalid-annotations]" in created.stderr
    refused = manyfest("push", target)
    assert refused.code == 1
    remedy = f"manyfest annotate --index --unset annotation:k {target}"
    assert remedy in refused.stderr
    assert manyfest("inspect", "--remote", target).code == 3
    assert manyfest("create", "--push", f"{target}-2", source).code == 1
    assert manyfest(*remedy.split()[1:]).code == 0
    assert manyfest("push", target).code == 0
    assert manyfest("verify", target).code == 0


def test_a_copy_is_verbatim_and_warns_but_authors_no_such_list(
    plant: Plant, target: str, manyfest: CommandLine
) -> None:
    source = plant("1", NUMBER)
    copied = manyfest("copy", source, target)
    assert copied.code == 0
    assert copied.stdout.decode().strip() == str(NUMBER.digest)
    assert "[invalid-annotations]" in copied.stderr
    some = manyfest("copy", "--platform", "linux/amd64", source, f"{target}-some")
    assert some.code == 1
    assert "annotations.k: not a string; it can only be copied whole" in some.stderr


def test_a_tag_that_go_cannot_read_is_not_merged_into(
    plant: Plant, target: str, manyfest: CommandLine
) -> None:
    assert manyfest("copy", plant("1", NUMBER), target).code == 0
    assert manyfest("create", target, plant("2", oci_image("linux/s390x"))).code == 0
    merged = manyfest("push", "--merge", target)
    assert merged.code == 1
    assert "annotations.k of the list is not a string" in merged.stderr
    assert str(NUMBER.digest) in manyfest("copy", target, f"{target}-2").stdout.decode()


def test_an_image_whose_config_docker_cannot_load_is_told(
    plant: Plant, target: str, manyfest: CommandLine
) -> None:
    config = b'{"os":"linux","architecture":"amd64","config":{"User":1234}}'
    source = plant("1", with_config(config))
    result = manyfest("create", target, source)
    assert result.code == 0
    expected = f"warning: {source}: config: config.User is not a string [invalid-config-member]"
    assert result.stderr.splitlines() == [expected]
    assert manyfest("verify", source).code == 8


def test_a_nested_list_is_looked_at_too(plant: Plant, target: str, manyfest: CommandLine) -> None:
    source = plant("1", NUMBER)
    result = manyfest("create", "--nest", target, source)
    assert result.code == 0
    assert (
        result.stderr == f"warning: {source}: annotations.k: not a string [invalid-annotations]\n"
    )
    assert manyfest("push", target).code == 0  # the list that is authored is sound


def test_of_many_errors_in_one_document_the_first_are_told(
    plant: Plant, target: str, manyfest: CommandLine
) -> None:
    image = oci_image()
    document = json.loads(image.manifest.data)
    document["layers"] = [document["layers"][0] | {"artifactType": f"x{n}"} for n in range(9)]
    wrong = evolve(
        image, manifest=Manifest(image.manifest.media_type, json.dumps(document).encode())
    )
    lines = manyfest("create", target, plant("1", wrong)).stderr.splitlines()
    assert len(lines) == 6
    assert lines[-1].endswith("and 4 more errors")


@pytest.mark.parametrize(
    "text", ["invalid", "application/", "a/b; c=d", "application/" + "x" * 200]
)
def test_an_artifact_type_that_is_no_media_type_is_refused(
    plant: Plant, target: str, manyfest: CommandLine, text: str
) -> None:
    assert manyfest("create", target, plant("1", AMD)).code == 0
    for name in (target, f"{target}-missing"):
        refused = manyfest("annotate", "--index", "--artifact-type", text, name)
        assert refused.code == 2
        assert "expected type/subtype (RFC 6838)" in refused.stderr
    assert "artifactType" not in manyfest("inspect", target).stdout.decode()
