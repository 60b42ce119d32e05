import pytest
from attrs import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.drafts.platform_conflicts import (
    conflicts,
    platform_mismatch,
    shadowed_by_later,
)
from manyfest.domain.platforms import Platform
from tests.golden.generate import entry

A, B = entry("r.example/a:1", "linux/arm64"), entry("r.example/b:1", "linux/arm64/v8")
C = entry("r.example/c:1", "linux/amd64")
V6, V7 = entry("r.example/d:6", "linux/arm/v6"), entry("r.example/d:7", "linux/arm")
OLD, NEW = (entry(f"r.example/w:{v}", f"windows(10.0.{v})/amd64") for v in (1, 2))


def test_two_spellings_of_one_platform_are_one() -> None:
    assert conflicts([A, C, B]) == ((A, B),)
    assert shadowed_by_later([A, C, B]) == (A,)


def test_what_narrows_a_platform_tells_apart() -> None:
    assert conflicts([A, C, V6, V7, OLD, NEW]) == ()


def test_three_of_a_kind_are_two_conflicts_with_the_first() -> None:
    third = entry("r.example/e:1", "linux/arm64")
    assert conflicts([A, B, third]) == ((A, B), (A, third))
    assert set(shadowed_by_later([A, B, third])) == {A, B}


def test_what_says_no_platform_and_what_attests_conflicts_with_nothing() -> None:
    attestation = {"vnd.docker.reference.type": "attestation-manifest"}
    unknown = [entry(f"r.example/x:{n}", "unknown/unknown", annotations=attestation) for n in "12"]
    assert conflicts([*unknown, *(entry(f"r.example/n:{n}", None) for n in "12")]) == ()


def test_an_annotation_that_contradicts_the_image_is_told() -> None:
    said = evolve(C, overrides=Overrides(architecture="arm64"))
    assert [str(platform) for platform in platform_mismatch(said) or ()] == [
        "linux/amd64",
        "linux/arm64",
    ]


@pytest.mark.parametrize(
    ("found", "said", "contradicts"),
    [
        ("linux/arm/v6", Overrides(variant="v7"), True),
        ("linux/arm/v6", Overrides(variant="v6"), False),
        ("linux/amd64/v2", Overrides(unset=("variant",)), False),
        ("linux/amd64/v2", Overrides(unset=("variant",), architecture="arm64"), True),
        ("linux/amd64", Overrides(os="windows"), True),
        ("linux/arm64", Overrides(architecture="aarch64"), False),
    ],
)
def test_variants_contradict_only_where_both_are_said(found, said, contradicts) -> None:
    assert (
        platform_mismatch(entry("r.example/v:1", found, overrides=said)) is not None
    ) is contradicts


def test_only_an_operating_system_makes_a_platform_that_is_taken() -> None:
    half = [
        evolve(entry(f"r.example/h:{n}", None), overrides=Overrides(variant="v7")) for n in "12"
    ]
    assert conflicts(half) == ()
    said = evolve(half[0], found=evolve(half[0].found, platform=Platform(variant="v6")))
    assert platform_mismatch(evolve(said, overrides=Overrides(os="linux"))) is None


def test_what_only_narrows_or_was_never_said_is_no_contradiction() -> None:
    assert platform_mismatch(evolve(C, overrides=Overrides(variant="v2"))) is None
    bare = entry("r.example/n:1", None, overrides=Overrides(os="linux", architecture="amd64"))
    assert platform_mismatch(bare) is None
    listed = evolve(C, list_digest=Digest.of(b"l"), overrides=Overrides(architecture="arm64"))
    assert platform_mismatch(listed) is None


def test_an_image_that_a_list_has_in_two_compressions_is_one() -> None:
    marked = {"io.github.containers.compression.zstd": "true"}
    gzip, zstd = (
        evolve(image, source=A.source, list_digest=Digest.of(b"l"))
        for image in (A, entry("r.example/a:zstd", "linux/arm64", annotations=marked))
    )
    assert conflicts([gzip, zstd]) == shadowed_by_later([gzip, zstd]) == ()
    assert set(shadowed_by_later([gzip, zstd, B])) == {gzip, zstd}
    assert shadowed_by_later([B, gzip, zstd]) == (B,)


def test_an_image_that_is_marked_as_zstd_does_not_conflict_with_one_from_elsewhere() -> None:
    mark = Overrides(annotations=(("io.github.containers.compression.zstd", "true"),))
    zstd = evolve(B, overrides=mark)
    assert conflicts([A, zstd]) == ()
    assert conflicts([A, zstd, B]) == ((A, B),)
    assert shadowed_by_later([zstd, A]) == (zstd,)
