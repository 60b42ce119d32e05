"""``imagetools inspect``: what buildx prints, by its options."""

import json

import pytest
from attrs import frozen

from manyfest.contracts.images import oci_image
from tests.integration.conftest import Seed
from tests.support.content.attested import attested, attested_index
from tests.support.content.statements import (
    attestation,
    slsa_02,
    slsa_1,
    spdx,
    statement,
)
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64", text="arm")
INDEX = attested_index(AMD)
SPDX, SLSA_02, SLSA_1 = (
    "https://spdx.dev/Document",
    "https://slsa.dev/provenance/v0.2",
    "https://slsa.dev/provenance/v1",
)
STATED = attestation(
    (SPDX, statement(SPDX, spdx(("curl", "8")), AMD.digest)),
    (SPDX, statement(SPDX, spdx(("musl", "1")), AMD.digest)),
    (SLSA_02, statement(SLSA_02, slsa_02(), AMD.digest)),
)
ARM_STATED = attestation((SLSA_1, statement(SLSA_1, slsa_1(), ARM.digest)))


@frozen
class Shelf:
    """A repository with images; a call inspects one."""

    home: str
    manyfest: CommandLine

    def __call__(self, *words: str) -> Result:
        return self.manyfest("imagetools", "inspect", *words)

    def shown(self, name: str, template: str) -> object:
        """The JSON that a template prints."""
        found = self(name, "--format", template)
        assert found.code == 0, found.stderr
        document: object = json.loads(found.stdout)
        return document


@pytest.fixture
def shelf(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> Shelf:
    home = f"{docker_registry.host}/{repository}"
    for tag, image in {
        "amd64": INDEX,
        "both": attested_index(AMD, ARM),
        "stated": attested([AMD], {0: STATED}),
        "both-stated": attested([AMD, ARM], {0: STATED, 1: ARM_STATED}),
    }.items():
        seed(f"{home}:{tag}", image)
    return Shelf(home, manyfest)


def test_an_image_is_shown_as_buildx_shows_it(shelf: Shelf) -> None:
    name, index = f"{shelf.home}:amd64", INDEX
    image, attestation = index.manifest.entries
    padding = " " * 15
    assert shelf(name).stdout.decode() == (
        f"Name:      {name}\n"
        f"MediaType: {index.manifest.media_type}\n"
        f"Digest:    {index.digest}\n"
        "           \n"
        "Manifests: \n"
        f"  Name:        {name}@{image.digest}\n"
        f"  MediaType:   {image.media_type}\n"
        "  Platform:    linux/amd64\n"
        f"{padding}\n"
        f"  Name:        {name}@{attestation.digest}\n"
        f"  MediaType:   {attestation.media_type}\n"
        "  Platform:    unknown/unknown\n"
        "  Annotations: \n"
        f"    vnd.docker.reference.digest: {image.digest}\n"
        "    vnd.docker.reference.type:   attestation-manifest\n"
    )
    shown = shelf(f"{shelf.home}@{image.digest}")
    assert shown.stdout.decode() == (
        f"Name:      {shelf.home}@{image.digest}\n"
        f"MediaType: {image.media_type}\n"
        f"Digest:    {image.digest}\n"
    )
    assert shelf("--raw", name).stdout == index.manifest.data


def test_fields_are_printed_by_a_template(shelf: Shelf) -> None:
    name, index = f"{shelf.home}:amd64", INDEX
    for template, text in {
        "{{.Manifest.Digest}}": str(index.digest),
        "{{ .Name }}@{{.Manifest.Digest}}": f"{name}@{index.digest}",
        "{{json .Manifest.MediaType}}": json.dumps(index.manifest.media_type),
        "{{.Image.Architecture}}": "amd64",
        "{{.Manifest.Size}}": str(index.manifest.size),
    }.items():
        shown = shelf(name, "--format", template)
        assert (shown.code, shown.stdout.decode()) == (0, f"{text}\n"), shown.stderr
    assert shelf(name, "--format", " {{.Manifest}} ") == shelf(name)


def test_json_has_the_members_of_buildx(shelf: Shelf) -> None:
    image = f"{shelf.home}@{AMD.digest}"
    described = {
        "mediaType": AMD.manifest.media_type,
        "digest": str(AMD.digest),
        "size": AMD.manifest.size,
    }
    config = json.loads(AMD.blobs[0])
    assert shelf.shown(image, "{{json .Manifest}}") == described
    assert shelf.shown(image, "{{json .}}") == {
        "name": image,
        "manifest": described,
        "image": config,
    }
    both = f"{shelf.home}:both"
    configs = {"linux/amd64": config, "linux/arm64": json.loads(ARM.blobs[0])}
    assert shelf.shown(both, "{{json .Image}}") == configs
    assert shelf.shown(both, '{{json (index .Image "linux/arm64")}}') == configs["linux/arm64"]
    listed = json.loads(shelf("--raw", both).stdout)
    manifest = shelf.shown(both, "{{json .Manifest}}")
    assert isinstance(manifest, dict)
    assert list(manifest) == ["schemaVersion", "mediaType", "digest", "size", "manifests"]
    assert manifest["manifests"] == listed["manifests"]


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{range .Manifest.Manifests}}{{end}}", "manyfest show --json"),
        ("{{.Manifests}}", "not a form that is known here"),
        ("{{.Name", "not a form that is known here"),
        ("{{json .Manifest.Entries}}", "no member Entries, only schemaVersion, mediaType"),
        ("{{.Manifest.Manifests}}", "write {{json .Manifest.Manifests}}"),
        ('{{json (index .Image "linux/s390x")}}', "no member linux/s390x"),
    ],
)
def test_other_templates_are_refused(shelf: Shelf, template: str, words: str) -> None:
    refused = shelf(f"{shelf.home}:amd64", "--format", template)
    assert (refused.code, refused.stdout) == (2, b"")
    assert words in refused.stderr


def test_format_and_raw_exclude_each_other(shelf: Shelf) -> None:
    refused = shelf("--raw", "--format", "{{.Name}}", f"{shelf.home}:amd64")
    assert (refused.code, "cannot be used together" in refused.stderr) == (2, True)


def test_provenance_and_sboms_are_those_of_the_images(shelf: Shelf) -> None:
    one, both = f"{shelf.home}:stated", f"{shelf.home}:both-stated"
    provenance = {"SLSA": slsa_02()}
    sbom = {"SPDX": spdx(("curl", "8")), "AdditionalSPDXs": [spdx(("musl", "1"))]}
    assert shelf.shown(one, "{{json .Provenance}}") == provenance
    assert shelf.shown(one, "{{ json .Provenance.SLSA }}") == provenance["SLSA"]
    assert shelf.shown(one, "{{json .SBOM}}") == sbom
    assert shelf.shown(both, "{{json .SBOM}}") == {"linux/amd64": sbom}
    assert shelf.shown(both, "{{json .Provenance}}") == {
        "linux/amd64": provenance,
        "linux/arm64": {"SLSA": slsa_1()},
    }
    indexed = '{{json (index .SBOM "linux/amd64").SPDX}}'
    assert shelf.shown(both, indexed) == sbom["SPDX"]


def test_nothing_attached_is_an_empty_object(shelf: Shelf) -> None:
    image = f"{shelf.home}@{AMD.digest}"
    assert shelf.shown(image, "{{json .SBOM}}") == {}
    assert shelf.shown(f"{shelf.home}:both", "{{json .Provenance}}") == {}
