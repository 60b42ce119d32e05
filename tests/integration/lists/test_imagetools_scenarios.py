"""The scenarios that buildx publishes for ``imagetools``: sources and options, and the list made.

They are those of docker/buildx (``tests/imagetools.go``, ``util/imagetools/create_test.go``) by
behaviour.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.contracts.images import Image
from manyfest.domain.media_types import DOCKER_LIST, OCI_INDEX
from tests.support.content.attested import attested_index
from tests.support.http.three_registries import (
    AMD,
    ARM,
    ARM64,
    ATTESTED,
    BOTH,
    IMAGES,
    OCI_AMD,
    OCI_ARM64,
    PPC,
    RISCV,
    Registries,
    row,
    rows,
    three_registries,
)


@pytest.fixture
def registries(tmp_path: Path, short_pauses: None) -> Iterator[Registries]:
    with three_registries(tmp_path) as registries:
        yield registries


def attestations(*images: Image) -> list[tuple[str, str, dict[str, str]]]:
    """The entries of an attested index behind its images."""
    index = attested_index(*images)
    return rows(index.manifest)[len(images) :]


DESCRIBED = json.dumps(
    {
        "mediaType": AMD.manifest.media_type,
        "digest": str(AMD.digest),
        "size": AMD.manifest.size,
        "platform": {"os": "linux", "architecture": "amd64", "os.version": "10.1"},
        "annotations": {"k": "v"},
    }
)
UNDESCRIBED = json.dumps({"mediaType": AMD.manifest.media_type, "digest": str(AMD.digest)})

# The words of ``imagetools create`` behind ``-t B:new``; the type, the entries and the annotations
# of the list.
MADE = {
    "a single image gets a list": (
        ["A:amd64"],
        (DOCKER_LIST, [row(AMD, "linux/amd64")], {}),
    ),
    "an image of a list, by its digest": (
        [f"A@{ARM64.digest}"],
        (DOCKER_LIST, [row(ARM64, "linux/arm64")], {}),
    ),
    "a platform and its attestation": (
        ["--platform=linux/arm64", "A:attested"],
        (
            OCI_INDEX,
            [row(OCI_ARM64, "linux/arm64"), attestations(OCI_AMD, OCI_ARM64)[1]],
            {},
        ),
    ),
    "a platform of several lists": (
        ["-p", "linux/riscv64,linux/amd64", "A:list", "B:attested"],
        (
            OCI_INDEX,
            [
                row(AMD, "linux/amd64"),
                row(RISCV, "linux/riscv64"),
                attestations(RISCV, PPC)[0],
            ],
            {},
        ),
    ),
    "images of three registries": (
        ["A:amd64", "B:arm", "C:arm64"],
        (
            DOCKER_LIST,
            [row(AMD, "linux/amd64"), row(ARM, "linux/arm/v7"), row(ARM64, "linux/arm64")],
            {},
        ),
    ),
    "lists of several registries with attestations": (
        ["A:attested", "B:attested", "B:arm"],
        (
            OCI_INDEX,
            [
                row(OCI_AMD, "linux/amd64"),
                row(OCI_ARM64, "linux/arm64"),
                *attestations(OCI_AMD, OCI_ARM64),
                row(RISCV, "linux/riscv64"),
                row(PPC, "linux/ppc64le"),
                *attestations(RISCV, PPC),
                row(ARM, "linux/arm/v7"),
            ],
            {},
        ),
    ),
    "annotations of a list": (
        [
            *("--annotation", "index:foo=bar", "--annotation", "index:bar=baz"),
            *("--annotation", "manifest-descriptor:foo=bar"),
            *("--annotation", "manifest-descriptor[linux/amd64]:bar=baz"),
            *("A:oci-amd64", "A:oci-arm64"),
        ],
        (
            OCI_INDEX,
            [
                row(OCI_AMD, "linux/amd64", foo="bar", bar="baz"),
                row(OCI_ARM64, "linux/arm64", foo="bar"),
            ],
            {"foo": "bar", "bar": "baz"},
        ),
    ),
    "an annotation of several levels": (
        ["--annotation", "index,manifest-descriptor:foo=bar", "A:oci-amd64"],
        (OCI_INDEX, [row(OCI_AMD, "linux/amd64", foo="bar")], {"foo": "bar"}),
    ),
    "an annotation without a level": (
        ["--annotation", "foo=bar", "--annotation", "", "A:oci-amd64"],
        (OCI_INDEX, [row(OCI_AMD, "linux/amd64")], {"foo": "bar"}),
    ),
    "an image that is named twice": (
        ["A:amd64", f"A@{AMD.digest}"],
        (DOCKER_LIST, [row(AMD, "linux/amd64")], {}),
    ),
    "the same words twice": (
        ["A:amd64", "A:amd64"],
        (DOCKER_LIST, [row(AMD, "linux/amd64")], {}),
    ),
}


@pytest.mark.parametrize(("words", "made"), MADE.values(), ids=MADE)
def test_the_list_is_made(registries: Registries, words: list[str], made: object) -> None:
    created = registries.create("-t", "B:new", *words)
    assert created.code == 0, created.stderr
    listed = registries.manifest("B:new")
    assert made == (
        listed.media_type,
        rows(listed),
        listed.document.get("annotations", {}),
    )
    for each in listed.entries:
        assert registries.manifest(f"B@{each.digest}").digest == each.digest
    shown = registries.create("--dry-run", *words)
    assert shown.stdout == listed.data + b"\n"


@pytest.mark.parametrize("preference", ["--prefer-index=false", "--prefer-index=true"])
@pytest.mark.parametrize("name", ["A:list", "A:attested"])
def test_a_list_alone_keeps_its_bytes(registries: Registries, preference: str, name: str) -> None:
    assert registries.create(preference, "-t", "B:new", "-t", "C:1", "-t", "A:1", name).code == 0
    for target in ("A:1", "B:new", "C:1"):
        assert registries.manifest(target).data == IMAGES[name].manifest.data
    shown = registries.create("--dry-run", name)
    assert shown.stdout == IMAGES[name].manifest.data + b"\n"


def test_an_image_alone_keeps_its_bytes_without_preference(registries: Registries) -> None:
    words = ["--prefer-index=false", "-t", "B:new", "A:amd64"]
    assert registries.create(*words).code == 0
    assert registries.manifest("B:new").data == AMD.manifest.data
    assert registries.create("-p", "linux/amd64", *words).code == 0
    refused = registries.create("-p", "linux/arm64", *words)
    assert (refused.code, "nothing for linux/arm64" in refused.stderr) == (3, True)
    assert registries.create("--annotation", "k=v", *words).code == 0
    assert registries.manifest("B:new").is_list


def test_sources_are_appended_to_the_first_tag(registries: Registries) -> None:
    append = ["--append", "-t", "A:amd64", "-t", "C:both", "B:arm"]
    for _ in range(2):
        assert registries.create(*append).code == 0
        listed = registries.manifest("A:amd64")
        assert [e.digest for e in listed.entries] == [AMD.digest, ARM.digest]
        assert registries.manifest("C:both").digest == listed.digest


def test_a_layout_is_a_source_and_a_target(registries: Registries) -> None:
    assert registries.create("-t", "LAYOUT:v1", "A:list").code == 0
    assert registries.manifest("LAYOUT:v1").digest == BOTH.digest
    assert registries.manifest(f"LAYOUT@{BOTH.digest}").digest == BOTH.digest
    assert registries.create("-t", "C:list", "LAYOUT:v1").code == 0
    assert registries.manifest("C:list").data == BOTH.manifest.data
    assert registries.create("-t", "C:more", "LAYOUT:v1", "B:arm").code == 0
    platforms = [str(e.platform) for e in registries.manifest("C:more").entries]
    assert platforms == ["linux/amd64", "linux/arm64/v8", "linux/arm/v7"]


def test_a_target_may_be_named_by_the_digest_of_the_list(registries: Registries) -> None:
    words = ["--prefer-index=false", "A:amd64"]
    assert registries.create("-t", f"LAYOUT@{AMD.digest}", *words).code == 0
    assert registries.manifest(f"LAYOUT@{AMD.digest}").digest == AMD.digest
    wrong = f"sha256:{'1' * 64}"
    for place in ("LAYOUT", "B"):
        refused = registries.create("-t", f"{place}@{wrong}", *words)
        assert (refused.code, "another digest than that of the list" in refused.stderr) == (1, True)


CHANGED = row(AMD, "linux(10.1)/amd64", k="v")


@pytest.mark.parametrize("text", [DESCRIBED, f"{DESCRIBED}\n"])
def test_a_descriptor_in_a_file_is_merged_with_its_image(
    registries: Registries, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "descriptor.json"
    file.write_text(text)
    for words in (["-f", str(file)], [DESCRIBED], ["--append", "--file", str(file)]):
        assert registries.create("-t", "A:amd64", *words).code == 0
        assert rows(registries.manifest("A:amd64")) == [CHANGED]


def test_a_descriptor_changes_an_entry_of_a_list(registries: Registries, tmp_path: Path) -> None:
    file = tmp_path / "descriptor.json"
    file.write_text(DESCRIBED)
    assert registries.create("--append", "-t", "A:list", "-f", str(file)).code == 0
    assert rows(registries.manifest("A:list")) == [CHANGED, row(ARM64, "linux/arm64/v8")]


def test_a_tag_of_referrers_is_made_of_a_descriptor(registries: Registries) -> None:
    attestation = ATTESTED.manifest.entries[2]
    kind = "application/vnd.docker.attestation.manifest.v1+json"
    described = json.dumps({**attestation.to_json(), "artifactType": kind})
    tag = f"A:sha256-{OCI_AMD.digest.hex}"
    copied = registries.create("--prefer-index=false", "-t", "B:1", f"A@{attestation.digest}")
    assert copied.code == 0, copied.stderr
    assert registries.manifest("B:1").digest == attestation.digest
    assert registries.create("-t", tag, described).code == 0
    (entry,) = registries.manifest(tag).entries
    assert (entry.digest, entry.others["artifactType"]) == (attestation.digest, kind)
    assert entry.annotations == attestation.annotations


@pytest.mark.parametrize("text", ["A:amd64\n", f"{AMD.digest}\n", UNDESCRIBED])
def test_a_file_has_a_source_in_any_form(registries: Registries, tmp_path: Path, text: str) -> None:
    file = tmp_path / "source"
    file.write_text(registries.placed(text))
    assert registries.create("-t", "A:new", "-f", str(file), "B:arm").code == 0
    digests = [e.digest for e in registries.manifest("A:new").entries]
    assert digests == [AMD.digest, ARM.digest]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "source has no source"), ("A:amd64\nA:arm64\n", "source has several lines")],
)
def test_a_file_has_one_source(
    registries: Registries, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "source"
    file.write_text(registries.placed(text))
    refused = registries.create("-t", "A:new", "-f", str(file))
    assert (refused.code, words in refused.stderr) == (2, True)


REFUSED = {
    "no source": (["-t", "A:new"], 2, "no sources specified"),
    "no tag": (["A:amd64"], 2, "can't push with no tags specified"),
    "no repository": (["--dry-run", str(AMD.digest)], 2, "no repositories specified"),
    "a manifest in place of a descriptor": (
        ["-t", "A:new", BOTH.manifest.data.decode()],
        1,
        "a manifest without a digest",
    ),
    "another size": (
        ["-t", "A:new", json.dumps({"digest": str(AMD.digest), "size": 1})],
        7,
        "1 were announced",
    ),
    "another media type": (
        ["-t", "A:new", json.dumps({"digest": str(AMD.digest), "mediaType": OCI_INDEX})],
        1,
        f"listed as {OCI_INDEX}",
    ),
    "an annotation of a manifest": (
        ["-t", "A:new", "--annotation", "manifest:k=v", "A:amd64"],
        2,
        "use index: or manifest-descriptor:",
    ),
    "no platform that is wanted": (
        ["-t", "A:new", "-p", "linux/s390x", "A:attested"],
        3,
        "nothing for linux/s390x",
    ),
    "a folder without digests": (["-t", "A:new", "A@sha256:*"], 2, "are there no digests?"),
    "a target that is not there": (["--append", "-t", "A:new", "A:amd64"], 3, "no such manifest"),
    "a tag and a digest": (["-t", f"A:new@{AMD.digest}", "A:amd64"], 2, "has a tag and a digest"),
    "a level that is none": (
        ["-t", "A:new", "--annotation", "bogus:k=v", "A:amd64"],
        2,
        "bogus: is not a level of annotations",
    ),
    "a form of progress": (["-t", "A:new", "--progress=fancy", "A:amd64"], 2, "wants one of auto"),
}


@pytest.mark.parametrize(("words", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_and_nothing_is_published(
    registries: Registries, words: list[str], code: int, message: str
) -> None:
    refused = registries.create(*words)
    assert message in refused.stderr, refused.stderr
    assert (refused.code, refused.stdout) == (code, b"")
    assert not registries.is_there("A:new")
