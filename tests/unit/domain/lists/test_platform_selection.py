import pytest

from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import NoSuchPlatformError
from manyfest.domain.lists.attestations import attested_digest, without_attestations
from manyfest.domain.lists.platform_selection import (
    matches_platform,
    require_platform,
    restricted_to,
    select_entries,
)
from manyfest.domain.platforms import Platform


def image(platform: str) -> Descriptor:
    digest = Digest.of(platform.encode())
    return Descriptor(media_types.OCI_MANIFEST, digest, 10, Platform.parse(platform))


def attestation(of: Descriptor) -> Descriptor:
    annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": str(of.digest),
    }
    return Descriptor(
        media_types.OCI_MANIFEST,
        Digest.of(str(of.digest).encode()),
        20,
        Platform("unknown", "unknown"),
        {"annotations": annotations},
    )


AMD, ARM, V6, WIN = map(
    image, ["linux/amd64", "linux/arm/v7", "linux/arm/v6", "windows(10.0.1)/amd64"]
)
ENTRIES = (AMD, ARM, attestation(AMD), V6, attestation(V6), WIN)


@pytest.mark.parametrize(
    ("have", "wanted", "answer"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/amd64", "linux/x86_64", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64/v9", "linux/arm64/v8", False),
        ("linux/arm/v6", "linux/arm", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/amd64", "windows/amd64", False),
        ("linux/amd64", "linux/arm64", False),
        ("windows(10.0.1)/amd64", "windows/amd64", True),
        ("windows(10.0.1)/amd64", "windows(10.0.1)/amd64", True),
        ("windows(10.0.1)/amd64", "windows(10.0.2)/amd64", False),
    ],
)
def test_what_was_not_said_is_not_asked_for(have: str, wanted: str, answer: bool) -> None:  # noqa: FBT001
    assert matches_platform(Platform.parse(have), Platform.parse(wanted)) is answer


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ([], ENTRIES),
        (["linux/amd64"], (AMD, ENTRIES[2])),
        (["linux/arm/v6", "linux/amd64"], (AMD, ENTRIES[2], V6, ENTRIES[4])),
        (["linux/arm"], (ARM, V6, ENTRIES[4])),
        (["windows/amd64"], (WIN,)),
    ],
)
def test_attestations_follow_their_image_in_the_lists_order(wanted, kept) -> None:
    assert select_entries(ENTRIES, [Platform.parse(text) for text in wanted], "l") == kept


def test_a_platform_that_is_not_there_is_named_with_those_that_are() -> None:
    wanted = [Platform.parse("linux/amd64"), Platform.parse("linux/s390x")]
    with pytest.raises(NoSuchPlatformError) as caught:
        select_entries(ENTRIES, wanted, "r.example/l:1")
    assert str(caught.value) == (
        "r.example/l:1 has nothing for linux/s390x, only for "
        "linux/amd64, linux/arm/v7, linux/arm/v6, windows(10.0.1)/amd64"
    )


def test_what_says_no_platform_is_not_chosen_by_one_and_not_named_among_them() -> None:
    bare = Descriptor(media_types.OCI_MANIFEST, Digest.of(b"bare"), 4)
    assert select_entries((bare, AMD), [Platform("linux", "amd64")], "l") == (AMD,)
    with pytest.raises(NoSuchPlatformError, match="s390x, only for linux/amd64$"):
        select_entries((bare, AMD), [Platform("linux", "s390x")], "l")


@pytest.mark.parametrize(
    ("have", "there"),
    [(Platform("linux", "arm64"), "linux/arm64"), (Platform(), "no platform")],
    ids=["another", "none"],
)
def test_an_image_that_is_for_another_platform_is_refused_with_the_one_it_is_for(have, there):
    require_platform([have], have, "r.example/i:1")
    with pytest.raises(NoSuchPlatformError) as caught:
        require_platform([Platform("linux", "s390x")], have, "r.example/i:1")
    assert str(caught.value) == f"r.example/i:1 has nothing for linux/s390x, only for {there}"


def test_a_list_that_lacks_a_platform_is_named() -> None:
    with pytest.raises(NoSuchPlatformError, match="r.example/l:1 has nothing for linux/s390x"):
        restricted_to(
            oci_index(oci_image()).manifest, [Platform("linux", "s390x")], "r.example/l:1"
        )


def test_attestations_are_told_by_their_annotations() -> None:
    assert attested_digest(ENTRIES[2]) == str(AMD.digest)
    assert attested_digest(AMD) is None
    assert without_attestations(ENTRIES) == (AMD, ARM, V6, WIN)
