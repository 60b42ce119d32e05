"""The entries of a list of several sources."""

import pytest
from attrs import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.deduplication import united
from manyfest.domain.drafts.draft import Entry
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.errors import NoSuchPlatformError
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.specs.annotation_levels import parse_annotation
from manyfest.domain.specs.release_entries import (
    amended,
    annotated,
    for_platforms,
    unmatched,
    with_usual_platform,
)

LIST = Digest.of(b"a list")


def image(platform: str, text: str = "", **members: object) -> Entry:
    """An image that is its own source."""
    digest = Digest.of((platform + text).encode())
    found = Descriptor(OCI_MANIFEST, digest, 7, Platform.parse(platform), members)
    return Entry(Reference.parse(f"r.example/app@{digest}"), found)


def listed(entry: Entry) -> Entry:
    return evolve(entry, source=Reference.parse("r.example/app:list"), list_digest=LIST)


def attestation_of(entry: Entry) -> Entry:
    annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": str(entry.found.digest),
    }
    return image("unknown/unknown", str(entry.found.digest), annotations=annotations)


AMD, ARM, ARM6, ARM64 = map(image, ("linux/amd64", "linux/arm/v7", "linux/arm/v6", "linux/arm64"))
CHANGED = Overrides(os_version="9", annotations=(("k", "v"),))


def test_an_amendment_changes_the_entry_of_its_image_where_it_is() -> None:
    change = evolve(ARM, overrides=CHANGED)
    entries = (listed(AMD), listed(ARM), listed(ARM64), change)
    changed = evolve(listed(ARM), overrides=CHANGED)
    assert amended(entries, [change]) == (listed(AMD), changed, listed(ARM64))
    assert amended((change, listed(AMD), listed(ARM)), [change]) == (changed, listed(AMD))


def test_an_amendment_of_no_other_entry_is_an_entry() -> None:
    change = evolve(ARM, overrides=CHANGED)
    assert amended((AMD, change), [change]) == (AMD, change)


def test_nothing_is_merged_without_amendments() -> None:
    twice = (listed(AMD), listed(AMD))
    assert amended(twice, []) == twice


def test_an_image_that_is_named_twice_is_listed_once() -> None:
    again = evolve(AMD, source=Reference.parse("r.example/app:amd64"))
    other = image("linux/amd64", "other")
    assert united((AMD, ARM, again, other)) == (AMD, ARM, other)
    assert united((listed(AMD), listed(ARM), again)) == (listed(AMD), listed(ARM))
    assert united((listed(AMD), listed(AMD))) == (listed(AMD), listed(AMD))


def test_of_the_same_image_the_descriptor_with_more_members_stays() -> None:
    noted = evolve(AMD, found=evolve(AMD.found, others={"annotations": {"k": "v"}}))
    assert united((listed(AMD), ARM, noted)) == (noted, ARM)
    assert united((listed(noted), ARM, AMD)) == (listed(noted), ARM)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ([], (AMD, ARM, ARM6, ARM64)),
        (["linux/amd64"], (AMD,)),
        (["linux/arm64/v8", "linux/amd64"], (AMD, ARM64)),
        (["linux/arm"], (ARM,)),
        (["linux/arm/v6,linux/arm64"], (ARM6, ARM64)),
        (["linux"], (AMD, ARM, ARM6, ARM64)),
    ],
)
def test_platforms_are_selected_with_their_default_variant(
    wanted: list[str], chosen: tuple[Entry, ...]
) -> None:
    found = for_platforms((AMD, ARM, ARM6, ARM64), parse_filters(wanted), "r.example/app:1")
    assert found == chosen


def test_attestations_stay_with_their_image_and_artifacts_stay() -> None:
    chart = evolve(AMD, found=evolve(AMD.found, digest=Digest.of(b"chart"), platform=None))
    entries = (AMD, ARM, attestation_of(AMD), attestation_of(ARM), chart)
    found = for_platforms(entries, parse_filters(["linux/arm/v7"]), "r.example/app:1")
    assert found == (ARM, attestation_of(ARM), chart)


def test_a_platform_without_an_entry_is_an_error() -> None:
    with pytest.raises(NoSuchPlatformError, match="nothing for linux/s390x, only for linux/amd64"):
        for_platforms((AMD,), parse_filters(["linux/amd64,linux/s390x"]), "r.example/app:1")


def test_annotations_are_of_images_alone() -> None:
    annotations = parse_annotation("manifest-descriptor:k=v")
    found, attestation = annotated((AMD, attestation_of(AMD)), annotations)
    assert found.descriptor.annotations == {"k": "v"}
    assert "k" not in attestation.descriptor.annotations


def test_annotations_for_a_platform_that_is_not_listed_are_told() -> None:
    (used,) = parse_annotation("manifest-descriptor[linux/amd64]:k=v")
    (unused,) = parse_annotation("manifest-descriptor[linux/arm64]:k=v")
    assert unmatched((AMD, attestation_of(AMD)), [used, unused]) == (unused,)
    assert unmatched((), parse_annotation("manifest-descriptor:k=v")) == ()


def test_the_usual_platform_is_that_of_the_config_but_not_of_a_list() -> None:
    v8 = image("linux/arm64/v8")
    assert with_usual_platform(v8).found.platform == Platform("linux", "arm64")
    assert with_usual_platform(listed(v8)) == listed(v8)
    windows = image("windows(10.0.17763.1)/amd64")
    assert with_usual_platform(windows) == windows
