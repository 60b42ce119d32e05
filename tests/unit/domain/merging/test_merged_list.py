"""The merged list of a tag, and the tags under which writers publish their intents."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import ListError
from manyfest.domain.merging.intent import PREFIX, Intent, intent_prefix, parse_intent
from manyfest.domain.merging.merged_list import merged_list
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

TAG = Reference.parse("r.example/l:1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def image(text: str, platform: Platform | None) -> Descriptor:
    return Descriptor(media_types.DOCKER_MANIFEST, Digest.of(text.encode()), 9, platform)


AMD, ARM = (image(name, Platform("linux", name)) for name in ("amd64", "arm64"))
BARE = image("bare", None)
NOWHERE = image("nowhere", Platform("", "amd64"))


def intent(*entries: Descriptor, seconds: int = 0, **annotations: str) -> Intent:
    return Intent("1", entries, NOW + timedelta(seconds=seconds), annotations)


def merged(*held: Descriptor, wanting: tuple[Intent, ...]) -> tuple[Descriptor, ...]:
    return merged_list(TAG, None, held, wanting).entries


def test_what_says_no_platform_stands_last_and_takes_no_place() -> None:
    assert merged(NOWHERE, AMD, wanting=(intent(BARE, ARM),)) == (
        *(AMD, ARM),
        *sorted((NOWHERE, BARE), key=lambda entry: str(entry.digest)),
    )


def test_the_same_entry_again_is_there_once() -> None:
    assert merged(BARE, AMD, wanting=(intent(BARE), intent(AMD))) == (AMD, BARE)


def test_of_two_annotations_the_later_wins_and_others_stay() -> None:
    standing = oci_index(oci_image("linux/s390x"), annotations={"a": "0", "b": "0"}).manifest
    wanting = intent(AMD, seconds=2, a="2"), intent(ARM, seconds=1, a="1", c="1")
    made = merged_list(TAG, standing, standing.entries, wanting)
    assert made.document["annotations"] == {"a": "2", "b": "0", "c": "1"}


def test_a_list_that_holds_all_but_says_less_is_made_anew() -> None:
    standing = oci_index(oci_image("linux/amd64")).manifest
    (entry,) = standing.entries
    assert merged_list(TAG, standing, standing.entries, [intent(entry)]) is standing
    made = merged_list(TAG, standing, standing.entries, [intent(entry, a="b")])
    assert made.document["annotations"] == {"a": "b"}


def test_an_image_under_the_tag_says_nothing_of_a_list() -> None:
    standing = docker_image("linux/amd64").manifest
    held = evolve(standing.descriptor(), platform=Platform("linux", "amd64"))
    made = merged_list(TAG, standing, [held], [intent(ARM)])
    assert set(made.document) == {"schemaVersion", "mediaType", "manifests"}
    assert made.entries == (held, ARM)


@pytest.mark.parametrize(
    ("standing", "wished", "media_type"),
    [
        (oci_index(), ListType.AUTO, media_types.OCI_INDEX),
        (oci_index(), ListType.DOCKER, media_types.DOCKER_LIST),
        (docker_list(), ListType.AUTO, media_types.DOCKER_LIST),
        (docker_list(), ListType.OCI, media_types.OCI_INDEX),
    ],
)
def test_the_type_is_as_wished_and_else_an_index_stays_one(standing, wished, media_type) -> None:
    made = merged_list(TAG, standing.manifest, (), [intent(AMD)], wished)
    assert made.media_type == media_type


def test_an_intent_is_read_as_it_was_written() -> None:
    written = intent(AMD, BARE, k="v")
    assert parse_intent(written.manifest, "1") == written
    assert written.manifest.document["mediaType"] == media_types.OCI_INDEX
    assert parse_intent(written.manifest, "2") is None


@pytest.mark.parametrize(
    "made_at", ["", "yesterday", "2026-01-01T00:00:00", "9999-12-31T23:59:59-12:00", 5, None]
)
def test_what_has_no_time_or_one_without_zone_is_no_intent(made_at: Json) -> None:
    annotations = {"dev.manyfest.merge.tag": "1", "dev.manyfest.merge.at": made_at}
    document = oci_index(annotations=annotations).manifest
    assert parse_intent(document, "1") is None


@pytest.mark.parametrize("annotations", [None, "a", ["dev.manyfest.merge.tag"], [[1, 2]], 5])
def test_annotations_that_are_no_object_make_no_intent(annotations: Json) -> None:
    assert parse_intent(oci_index(annotations=annotations).manifest, "1") is None


def test_annotations_that_are_null_stay() -> None:
    standing = oci_index(oci_image("linux/s390x"), annotations=None).manifest
    kept = merged_list(TAG, standing, standing.entries, [intent(AMD)])
    assert kept.document["annotations"] is None


@pytest.mark.parametrize("annotations", ["a", [1]])
def test_annotations_that_are_no_object_are_not_written_again(annotations: Json) -> None:
    standing = oci_index(oci_image("linux/s390x"), annotations=annotations).manifest
    with pytest.raises(ListError, match="annotations of the list is not an object of strings"):
        merged_list(TAG, standing, standing.entries, [intent(AMD)])
    made = merged_list(TAG, standing, standing.entries, [intent(AMD, a="b")])
    assert made.document["annotations"] == {"a": "b"}


def test_an_intent_stands_where_the_last_one_for_its_platforms_stood() -> None:
    place = intent(AMD, ARM).reference(TAG)
    assert place == intent(ARM, evolve(AMD, digest=BARE.digest), a="b").reference(TAG)
    tags = [one.reference(TAG).tag or "" for one in (intent(AMD), intent(BARE), intent(NOWHERE))]
    assert len({*tags, place.tag}) == 4
    assert all(tag.startswith(intent_prefix("1")) for tag in tags)
    assert intent_prefix("1").startswith(PREFIX)
    assert intent_prefix("1").endswith("-")
    assert not tags[0].startswith(intent_prefix("11"))


def test_entries_of_no_platform_have_intents_of_their_own() -> None:
    another = image("another", None)
    places = {intent(entry).reference(TAG) for entry in (BARE, another, NOWHERE, AMD, ARM)}
    assert len(places) == 5
    newer = intent(image("newer", AMD.platform))
    assert newer.reference(TAG) == intent(AMD).reference(TAG)


def test_what_attests_an_image_that_is_not_listed_stands_last() -> None:
    said = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": str(Digest.of(b"gone")),
    }
    dangling = evolve(image("sbom", Platform("unknown", "unknown")), others={"annotations": said})
    assert merged(dangling, ARM, wanting=(intent(AMD),)) == (AMD, ARM, dangling)
