"""An entry is found by reference, digest, beginning of a digest, or platform, in this order."""

import pytest
from attrs import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.entry_lookup import find_entry
from manyfest.domain.errors import AmbiguousEntryError, EntryUnknownError, InvalidReferenceError
from tests.golden.generate import LIST_DIGEST, draft, entry

IMAGE = entry("r.example/a:1", "linux/amd64")
PINNED = entry(f"r.example/p@sha256:{'0' * 64}", "linux/s390x")
LISTED = [
    entry("r.example/i:1", platform, list_digest=LIST_DIGEST)
    for platform in ("linux/arm/v7", "linux/arm/v6", "linux/arm64")
]
NAMED_AS_PLATFORM = entry("linux/riscv64", "linux/ppc64le")
DRAFT = draft("r.example/l:1", IMAGE, PINNED, *LISTED, NAMED_AS_PLATFORM)

FOUND = {
    "reference": ("r.example/a:1", IMAGE),
    "short reference": ("linux/riscv64", NAMED_AS_PLATFORM),
    "reference with digest": (f"r.example/p@sha256:{'0' * 64}", PINNED),
    "content": (f"r.example/i@{LISTED[0].found.digest}", LISTED[0]),
    "digest": (str(LISTED[1].found.digest), LISTED[1]),
    "beginning of a digest": (str(LISTED[1].found.digest)[:15], LISTED[1]),
    "beginning of the hexadecimals": (LISTED[1].found.digest.hex[:8], LISTED[1]),
    "platform": ("linux/arm/v6", LISTED[1]),
    "platform by another name": ("linux/aarch64", LISTED[2]),
    "platform without variant": ("linux/amd64", IMAGE),
}


@pytest.mark.parametrize(("text", "wanted"), FOUND.values(), ids=FOUND.keys())
def test_an_entry_is_found(text: str, wanted) -> None:
    assert find_entry(DRAFT, text) == wanted


def test_an_entry_of_an_unregistered_digest_algorithm_is_found_by_its_whole_digest() -> None:
    digest = Digest.parse_any("blake3:" + "0" * 64)
    future = evolve(IMAGE, found=evolve(IMAGE.found, digest=digest))
    assert find_entry(draft("r.example/l:1", future, PINNED), str(digest)) == future


@pytest.mark.parametrize(
    "text",
    [
        "r.example/a:2",
        "r.example/other@" + str(IMAGE.found.digest),
        "sha256:" + "f" * 64,
        "linux/mips",
        "windows(10.0)/amd64",  # no reference, but a platform
        "f" * 64,  # likewise, but a digest's beginning
        IMAGE.found.digest.hex[:3],  # too short to be meant
    ],
)
def test_what_is_not_there_is_not_found(text: str) -> None:
    with pytest.raises(EntryUnknownError) as caught:
        find_entry(DRAFT, text)
    assert (caught.value.entry, caught.value.name) == (text, "r.example/l:1")


@pytest.mark.parametrize("text", ["SHA256:" + IMAGE.found.digest.hex, "", "r.example/a:b:c"])
def test_what_is_no_name_of_any_kind_is_refused_in_dockers_words(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="invalid reference format"):
        find_entry(DRAFT, text)


@pytest.mark.parametrize(
    ("text", "number"), [("r.example/i:1", 3), ("linux/arm", 2)], ids=["a list", "a platform"]
)
def test_what_names_several_is_refused_and_they_are_told_apart(text: str, number: int) -> None:
    with pytest.raises(AmbiguousEntryError, match=f"names {number} entries") as caught:
        find_entry(DRAFT, text)
    assert (caught.value.entry, caught.value.name) == (text, "r.example/l:1")
    assert str(LISTED[1].found.digest) in str(caught.value)
    assert caught.value.found[0].startswith("linux/arm/v7 sha256:")


def test_entries_without_a_platform_are_told_apart_by_their_digests() -> None:
    bare = [entry(source, None, list_digest=LIST_DIGEST) for source in ("r.example/n:1",) * 2]
    with pytest.raises(AmbiguousEntryError) as caught:
        find_entry(draft("r.example/l:1", *bare), "r.example/n:1")
    assert caught.value.found == (f"no platform {bare[0].found.digest}",) * 2


def test_a_source_goes_before_a_content() -> None:
    by_tag = entry("r.example/p:1", "linux/s390x")
    pinned = entry(f"r.example/p@{by_tag.found.digest}", "linux/arm64")
    assert find_entry(draft("r.example/l:1", by_tag, pinned), str(pinned.source)) == pinned


# Platforms of a list, a text, and the position of the entry that it names.
TOLD_APART = {
    "features": ("linux/amd64 linux(+gpu)/amd64", "linux(+gpu)/amd64", 1),
    "no features": ("linux(+gpu)/amd64 linux/amd64", "linux/amd64", 1),
    "some features": ("linux(+a)/amd64 linux(+a+b)/amd64", "linux(+a)/amd64", 0),
    "features in another order": ("linux(+a+b)/amd64 linux(+a)/amd64", "linux(+b+a)/amd64", 0),
    "an empty feature": ("linux/amd64 linux(+)/amd64", "linux(+)/amd64", 1),
    "no feature beside an empty one": ("linux(+)/amd64 linux/amd64", "linux/amd64", 1),
    "the usual variant": ("linux/arm64/v9 linux/arm64/v8", "linux/arm64", 1),
    "one spelling of two": ("linux/arm64/v8 linux/arm64", "linux/arm64", 1),
    "an alias": ("linux/arm/v6 linux/arm/v7", "linux/armhf", 1),
    "a build": ("windows(10.0.1.2)/amd64 windows(10.0.1.10)/amd64", "windows(10.0.1)/amd64", 1),
    "a revision": (
        "windows(10.0.1.2)/amd64 windows(10.0.1.10)/amd64",
        "windows(10.0.1.2)/amd64",
        0,
    ),
    "no version": ("windows(10.0.1)/amd64 windows/amd64", "windows/amd64", 1),
}


@pytest.mark.parametrize(("platforms", "text", "position"), TOLD_APART.values(), ids=TOLD_APART)
def test_a_platform_names_the_entry_that_says_no_more(
    platforms: str, text: str, position: int
) -> None:
    entries = [
        entry("r.example/i:1", platform, list_digest=LIST_DIGEST) for platform in platforms.split()
    ]
    assert find_entry(draft("r.example/l:1", *entries), text) == entries[position]


@pytest.mark.parametrize(
    ("platforms", "text"),
    [
        ("linux/arm/v6 linux/arm/v7", "linux/arm"),
        ("linux(+a)/amd64 linux(+b)/amd64", "linux/amd64"),
        ("windows(10.0.1)/amd64 windows(10.0.2)/amd64", "windows/amd64"),
    ],
)
def test_what_several_say_more_than_names_none_of_them(platforms: str, text: str) -> None:
    entries = [
        entry("r.example/i:1", platform, list_digest=LIST_DIGEST) for platform in platforms.split()
    ]
    with pytest.raises(AmbiguousEntryError):
        find_entry(draft("r.example/l:1", *entries), text)
