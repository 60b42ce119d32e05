"""Sources in the forms of buildx."""

import json

import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, InvalidDigestError
from manyfest.domain.media_types import OCI_INDEX, OCI_MANIFEST
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.specs.buildx_sources import DescribedSource, parse_source, reference_text
from manyfest.domain.specs.list_spec import EntrySpec

DIGEST = Digest.of(b"an image")
HOME = Reference.parse("r.example/app").home


def described(**members: object) -> str:
    return json.dumps({"digest": str(DIGEST), **members})


READ = {
    str(DIGEST): DescribedSource(DIGEST),
    "r.example/app:1": "r.example/app:1",
    f"r.example/app@{DIGEST}": f"r.example/app@{DIGEST}",
    "alpine": "alpine",
    described(): DescribedSource(DIGEST),
    described(mediaType=OCI_MANIFEST, size=7): DescribedSource(DIGEST, 7, OCI_MANIFEST),
    described(platform={"os": "linux", "architecture": "arm64", "os.version": "9"}): (
        DescribedSource(DIGEST, platform=Platform("linux", "arm64", os_version="9"))
    ),
    described(annotations={"k": "v"}, platform=None): (
        DescribedSource(DIGEST, annotations=(("k", "v"),))
    ),
    described(artifactType="application/x"): (
        DescribedSource(DIGEST, artifact_type="application/x")
    ),
    # What a descriptor says of a list is not said of the images in it.
    described(mediaType=OCI_INDEX, annotations={"k": "v"}): (
        DescribedSource(DIGEST, media_type=OCI_INDEX)
    ),
}


@pytest.mark.parametrize(("text", "source"), READ.items(), ids=range(len(READ)))
def test_a_source_is_a_digest_a_reference_or_a_descriptor(
    text: str, source: DescribedSource | str
) -> None:
    assert parse_source(text, "file") == source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schemaVersion": 2, "manifests": []}', "a manifest without a digest"),
        (json.dumps({"mediaType": OCI_INDEX, "size": 256}), "JSON without a digest"),
        ('{"digest": "sha256:12"}', "file.digest"),
        ('{"digest": 7}', "JSON without a digest"),
        (described(size="7"), "file.size"),
        ("{", "file"),
    ],
)
def test_json_that_is_no_descriptor_is_an_error(text: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        parse_source(text, "file")


def test_a_digest_that_is_none_is_an_error() -> None:
    with pytest.raises(InvalidDigestError):
        parse_source("sha256:12", "sha256:12")


def test_a_digest_alone_changes_nothing_of_its_image() -> None:
    bare = DescribedSource(DIGEST).entry(HOME, "text")
    assert bare == EntrySpec("text", Reference(HOME, None, DIGEST))
    assert DescribedSource(DIGEST, annotations=(("k", "v"),)).entry(HOME, "text").is_amendment


@pytest.mark.parametrize(
    ("buildx", "ours"),
    [
        ("oci-layout://dir", "oci:dir:latest"),
        ("oci-layout:///a/b:v1", "oci:/a/b:v1"),
        (f"oci-layout://dir@{DIGEST}", f"oci:dir@{DIGEST}"),
        (f"oci-layout://dir:v1@{DIGEST}", f"oci:dir:v1@{DIGEST}"),
        ("oci-layout://a@b/c", "oci:a@b/c:latest"),
        ("oci:dir:v1", "oci:dir:v1"),
        ("r.example/app", "r.example/app"),
    ],
)
def test_a_layout_may_be_written_as_in_buildx(buildx: str, ours: str) -> None:
    assert reference_text(buildx) == ours
    Reference.parse(ours)
