import pytest

from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    AmbiguousEntryError,
    InvalidPlatformError,
    NoSuchPlatformError,
)
from manyfest.domain.lists.attestations import attested_digest, without_attestations
from manyfest.domain.lists.platform_selection import (
    matches_platform,
    parse_filter,
    parse_filters,
    require_platform,
    restricted_to,
    select_entries,
    select_entry,
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


def test_spaces_may_follow_the_commas_between_platforms() -> None:
    assert parse_filters(["linux/amd64, linux/arm64 "]) == parse_filters(
        ["linux/amd64", "linux/arm64"]
    )


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
        ("windows(10.0.17763.1)/amd64", "windows(10.0.17763)/amd64", True),
        ("windows(10.0.17763.1)/amd64", "windows(10.0.17763.2)/amd64", True),
        ("windows(10.0.017763.1)/amd64", "windows(10.0.17763)/amd64", True),
        ("windows(10.0.177630)/amd64", "windows(10.0.17763)/amd64", False),
        ("windows(10.1.17763)/amd64", "windows(10.0.17763)/amd64", False),
        ("windows/amd64", "windows(10.0.17763)/amd64", True),
        ("windows(ltsc)/amd64", "windows(ltsc)/amd64", True),
        ("windows(ltsc)/amd64", "windows(10.0.17763)/amd64", False),
        ("linux(10.0.1.1)/amd64", "linux(10.0.1.2)/amd64", False),
        ("linux/amd64", "linux(10.0.1)/amd64", False),
        ("linux(+gpu)/amd64", "linux/amd64", True),
        ("linux(+gpu)/amd64", "linux(+gpu)/amd64", True),
        ("linux(+sse+gpu)/amd64", "linux(+gpu)/amd64", True),
        ("linux/amd64", "linux(+gpu)/amd64", False),
        ("linux(+sse)/amd64", "linux(+gpu)/amd64", False),
        ("linux/amd64", "linux(+)/amd64", True),
        ("linux/arm/v6", "linux/armhf", False),
        ("linux/arm/v7", "linux/armhf", True),
        ("linux/arm64", "linux/aarch64", True),
        ("linux/arm64/v9", "linux/aarch64", True),
        ("linux/arm64/v8.0", "linux/arm64/v8", True),
        ("linux/arm64/9", "linux/arm64/v9.0", True),
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


WINDOWS = [
    image(text)
    for text in (
        *("windows/amd64", "windows(10.0.17763.9)/amd64", "windows(10.0.17763.10)/amd64"),
        *("windows(10.0.17763.2)/arm64", "windows(10.0.20348.1)/amd64"),
    )
]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ("windows(10.0.17763)/amd64", [2]),
        ("windows(10.0.17763.9)/amd64", [1]),
        ("windows(10.0.17763.99)/amd64", [2]),
        ("windows(10.0.20348)/amd64", [4]),
        ("windows(10.0.26100)/amd64", [0]),
        ("windows(10.0.17763)", [2, 3]),
        ("windows/amd64", [0, 1, 2, 4]),
    ],
)
def test_of_a_build_of_windows_the_highest_revision_is_taken(wanted: str, kept: list[int]) -> None:
    expected = tuple(WINDOWS[position] for position in kept)
    assert select_entries(WINDOWS, [parse_filter(wanted)], "l") == expected


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [("linux", (AMD, ARM, ENTRIES[2], V6, ENTRIES[4])), ("Windows", (WIN,)), ("macos", None)],
)
def test_an_operating_system_alone_selects_all_of_it(wanted: str, kept) -> None:
    if kept is not None:
        assert select_entries(ENTRIES, [parse_filter(wanted)], "l") == kept
        return
    with pytest.raises(NoSuchPlatformError, match="nothing for macos, only for linux/amd64"):
        select_entries(ENTRIES, [parse_filter(wanted)], "l")


@pytest.mark.parametrize("text", ["amd64", "linus", "linux/", "", "linux,windows", "*"])
def test_what_is_neither_a_platform_nor_a_system_selects_nothing(text: str) -> None:
    with pytest.raises(InvalidPlatformError):
        parse_filter(text)


@pytest.mark.parametrize("text", ["arm64", "AMD64", "aarch64", "arm64/v8.0", "armhf", "x86_64/v2"])
def test_a_platform_without_a_system_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(InvalidPlatformError, match=f"no operating system, as in linux/{text}"):
        parse_filter(text)


def test_a_system_alone_matches_an_image_of_it() -> None:
    require_platform([parse_filter("linux")], Platform("linux", "s390x"), "i")
    with pytest.raises(NoSuchPlatformError, match="i has nothing for windows, only for linux/386"):
        require_platform([parse_filter("windows")], Platform("linux", "386"), "i")


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


V8, V9 = image("linux/arm64/v8"), image("linux/arm64/v9")
TWIN = Descriptor(media_types.OCI_MANIFEST, Digest.of(b"twin"), 10, Platform.parse("linux/amd64"))


@pytest.mark.parametrize(
    ("entries", "wanted", "chosen"),
    [
        ((V6, ARM), "linux/arm", ARM),
        ((V6,), "linux/arm", V6),
        ((V9, V8), "linux/arm64", V8),
        ((V9,), "linux/arm64", V9),
        ((AMD, TWIN), "linux/amd64", AMD),
        ((TWIN, attestation(TWIN)), "linux", TWIN),
        ((WIN, AMD), "windows/amd64", WIN),
    ],
)
def test_a_platform_selects_the_entry_that_a_client_gets(
    entries: tuple[Descriptor, ...], wanted: str, chosen: Descriptor
) -> None:
    assert select_entry(entries, parse_filter(wanted), "x") == chosen


def test_several_platforms_are_not_one() -> None:
    with pytest.raises(
        AmbiguousEntryError, match="names 2 entries of x: linux/amd64; linux/arm/v7"
    ):
        select_entry((AMD, ARM), parse_filter("linux"), "x")
    with pytest.raises(NoSuchPlatformError, match="has nothing for linux/s390x, only for linux/am"):
        select_entry((AMD,), parse_filter("linux/s390x"), "x")
