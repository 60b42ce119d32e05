"""Descriptors: the members a child must have, and those that are carried along."""

import pytest

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.platforms import Platform

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"
PLAIN = {"mediaType": OCI_MANIFEST, "size": 7, "digest": DIGEST}
ABSENT = object()


def changed(**members: object) -> dict[str, object]:
    return {key: value for key, value in (PLAIN | members).items() if value is not ABSENT}


GOOD = {
    "three members": PLAIN,
    "platform": changed(platform={"architecture": "arm", "os": "linux", "variant": "v7"}),
    "empty": changed(size=0),
    "largest": changed(size=2**63 - 1),
    "sha512": changed(digest=f"sha512:{HEX}{HEX}"),
    "an algorithm of the future": changed(digest=f"blake3:{HEX}"),
    "an algorithm in parts": changed(digest=f"sha256+b64u:{HEX[:43]}"),
    "annotations": changed(annotations={"a": "b", "B": ""}),
    "urls": changed(urls=["https://r.example/x"]),
    "an annotation that is null": changed(annotations={"a": None, "b": "c"}),
    "null annotations and urls": changed(annotations=None, urls=None),
    "artifact type and data": changed(artifactType="application/x", data="aGk="),
    "members nobody knows": changed(x={"y": [1, 2.5, None]}, Z="z"),
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD.keys())
def test_a_descriptor_is_read_and_written_alike(document) -> None:
    assert Descriptor.from_json(document, "x").to_json() == document


def test_the_members_of_a_descriptor_are_read() -> None:
    document = changed(
        platform={"os": "linux", "architecture": "arm"},
        annotations={"a": "b"},
        urls=["https://r.example/x"],
    )
    descriptor = Descriptor.from_json(document, "x")
    assert descriptor.media_type == OCI_MANIFEST
    assert descriptor.digest == Digest("sha256", HEX)
    assert descriptor.size == 7
    assert descriptor.platform == Platform("linux", "arm")
    assert descriptor.annotations == {"a": "b"}
    assert descriptor.urls == ("https://r.example/x",)


def test_what_is_not_said_is_empty() -> None:
    descriptor = Descriptor.from_json(changed(platform=None, annotations=None), "x")
    assert descriptor.platform is None
    assert descriptor.annotations == {}
    assert descriptor.urls == ()


def test_an_annotation_that_is_null_is_an_empty_text() -> None:
    descriptor = Descriptor.from_json(changed(annotations={"a": None, "b": "c"}), "x")
    assert descriptor.annotations == {"a": "", "b": "c"}


def test_docker_s_four_members_stand_first_and_the_others_keep_their_order() -> None:
    document = {"z": 1, "digest": DIGEST, "platform": {}, "a": 2, "size": 7, "mediaType": "t"}
    members = Descriptor.from_json(document, "x").to_json()
    assert list(members) == ["mediaType", "size", "digest", "platform", "z", "a"]


def test_equal_descriptors_are_one_in_a_set() -> None:
    twice = [Descriptor.from_json(changed(annotations={"a": "b"}), "x") for _ in range(2)]
    assert len(set(twice)) == 1


# Name, document, the place that the error names.
BAD = {
    "no object": ([], "x"),
    "null": (None, "x"),
    "text": (DIGEST, "x"),
    "no media type": (changed(mediaType=ABSENT), "x.mediaType"),
    "empty media type": (changed(mediaType=""), "x.mediaType"),
    "media type as a number": (changed(mediaType=1), "x.mediaType"),
    "no size": (changed(size=ABSENT), "x.size"),
    "null as the size": (changed(size=None), "x.size"),
    "negative size": (changed(size=-1), "x.size"),
    "size as a float": (changed(size=7.0), "x.size"),
    "size as a text": (changed(size="7"), "x.size"),
    "size as a truth": (changed(size=True), "x.size"),
    "size of 2^63": (changed(size=2**63), "x.size"),
    "size of 2^70": (changed(size=2**70), "x.size"),
    "no digest": (changed(digest=ABSENT), "x.digest"),
    "digest as a number": (changed(digest=1), "x.digest"),
    "digest as a path": (changed(digest="../../etc/passwd"), "x.digest"),
    "digest with a path": (changed(digest="sha256:../../etc/passwd"), "x.digest"),
    "digest in upper case": (changed(digest=f"sha256:{HEX.upper()}"), "x.digest"),
    "short digest": (changed(digest="sha256:abc"), "x.digest"),
    "algorithm alone": (changed(digest="sha256:"), "x.digest"),
    "NUL in the digest": (changed(digest=f"sha256:{HEX[:-1]}\0"), "x.digest"),
    "digest of 1 MiB": (changed(digest="sha256:" + "a" * 2**20), "x.digest"),
    "platform as a text": (changed(platform="linux/amd64"), "x.platform"),
    "platform as an empty list": (changed(platform=[]), "x.platform"),
    "platform with a number": (changed(platform={"os": 1}), "x.platform"),
    "annotations as a list": (changed(annotations=["a"]), "x.annotations"),
    "annotations with a number": (changed(annotations={"a": 1}), "x.annotations"),
    "urls as a text": (changed(urls="https://r.example"), "x.urls"),
    "urls with a number": (changed(urls=[1]), "x.urls"),
    "artifact type as a list": (changed(artifactType=["a"]), "x.artifactType"),
    "data as a number": (changed(data=1), "x.data"),
    "Size beside size": (changed(Size=8), "x"),
    "MediaType alone": (changed(mediaType=ABSENT, MediaType="t"), "x"),
    "DIGEST beside digest": (changed(DIGEST=DIGEST), "x"),
    "Platform": (changed(Platform={}), "x"),
    "URLs": (changed(URLs=[]), "x"),
    "Variant in the platform": (changed(platform={"Variant": "v7"}), "x.platform"),
}


@pytest.mark.parametrize(("document", "place"), BAD.values(), ids=BAD.keys())
def test_a_bad_member_is_refused_and_its_place_named(document, place: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Descriptor.from_json(document, "x")
    assert caught.value.subject == place
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "member",
    ["mediaType", "size", "digest", "platform", "urls", "annotations", "data", "artifactType"],
)
def test_every_known_member_is_refused_in_another_letter_case(member: str) -> None:
    with pytest.raises(DocumentError, match=f"is {member!r} in another letter case"):
        Descriptor.from_json(changed(**{member.upper(): None}), "x")


@pytest.mark.parametrize(
    ("member", "reason"),
    {
        "mediaType": "missing or not a string",
        "size": "missing or no size in bytes",
        "platform": "not an object",
        "artifactType": "not a string",
        "annotations": "not an object of strings",
        "urls": "not a list of strings",
    }.items(),
)
def test_a_bad_member_is_refused_with_what_it_should_be(member: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Descriptor.from_json(changed(**{member: 0.5}), "x")
    assert str(caught.value) == f"x.{member}: {reason}"


@pytest.mark.parametrize(
    ("member", "values"),
    {
        "platform": ([], "", False),
        "artifactType": ([], {}, 0, False),
        "data": ([], {}, 0, False),
        "annotations": ([], "", 0, False),
        "urls": ({}, "", 0, False),
    }.items(),
)
def test_what_is_empty_is_of_the_member_s_type_too(member: str, values) -> None:
    for value in values:
        with pytest.raises(DocumentError, match=rf"x\.{member}: not an? "):
            Descriptor.from_json(changed(**{member: value}), "x")
    assert Descriptor.from_json(changed(**{member: None}), "x").others.get(member) is None


def test_a_bad_digest_is_refused_with_its_reason() -> None:
    with pytest.raises(DocumentError) as caught:
        Descriptor.from_json(changed(digest="sha256:abc"), "x")
    reason = "invalid digest 'sha256:abc': invalid checksum digest length"
    assert str(caught.value) == f"x.digest: {reason}"
