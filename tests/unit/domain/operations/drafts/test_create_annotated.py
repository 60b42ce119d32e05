"""Drafts whose entries are annotated when they are made or added."""

import pytest

from manyfest.contracts.images import artifact, docker_image, oci_image
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.errors import InputError, InvalidMediaTypeError, UnsupportedPlatformError
from manyfest.domain.platforms import Platform
from manyfest.domain.specs.annotation_levels import parse_entry_annotation
from tests.support.content.attested import attested_index
from tests.unit.domain.operations.conftest import World

LIST = "r.example/app:1"
AMD, ARM = docker_image("linux/amd64"), oci_image("linux/arm64", text="arm")
RISCV = Overrides(os="linux", architecture="riscv64")


@pytest.fixture
def stocked(world: World) -> World:
    images = {"amd": AMD, "arm": ARM, "chart": artifact(), "list": attested_index(AMD, ARM)}
    for tag, image in images.items():
        world.plant(f"r.example/app:{tag}", image)
    return world


def annotations(*texts: str):
    return tuple(each for text in texts for each in parse_entry_annotation(text))


def test_annotations_are_for_all_entries_or_for_those_of_a_platform(stocked: World) -> None:
    given = annotations("k=v", "linux/arm64:only=arm")
    names = (f"r.example/app:{tag}" for tag in ("amd", "arm", "chart"))
    draft = stocked.create(LIST, *names, annotations=given)
    found = [dict(entry.descriptor.annotations) for entry in draft.entries]
    assert found == [{"k": "v"}, {"k": "v", "only": "arm"}, {"k": "v"}]


def test_attestations_are_not_annotated_and_entries_before_neither(stocked: World) -> None:
    stocked.create(LIST, "r.example/app:chart")
    draft = stocked.create(LIST, "r.example/app:list", amend=True, annotations=annotations("k=v"))
    assert [entry.descriptor.annotations.get("k") for entry in draft.entries] == [
        *(None, "v", "v", None, None)
    ]


def test_an_annotation_for_a_platform_that_no_image_has_is_refused(stocked: World) -> None:
    given = annotations("linux/s390x:k=v")
    with pytest.raises(InputError, match="'k' is for linux/s390x, and no image here"):
        stocked.create(LIST, "r.example/app:amd", annotations=given)
    assert stocked.draft(LIST) is None


def test_the_platform_of_the_one_image_is_set(stocked: World) -> None:
    draft = stocked.create(LIST, "r.example/app:amd", overrides=RISCV)
    assert draft.entries[0].descriptor.platform == Platform("linux", "riscv64")
    assert draft.entries[0].found.platform == Platform("linux", "amd64")
    again = stocked.create(LIST, "r.example/app:amd", amend=True, overrides=Overrides(variant="v1"))
    assert again.entries[0].descriptor.platform == Platform("linux", "riscv64", "v1")


@pytest.mark.parametrize("sources", [("amd", "arm"), ("list",), ()])
def test_a_platform_for_any_other_number_of_images_is_refused(
    stocked: World, sources: tuple[str, ...]
) -> None:
    with pytest.raises(InputError, match="a platform is for one image"):
        stocked.create(LIST, *(f"r.example/app:{tag}" for tag in sources), overrides=RISCV)


def test_impossible_platforms_and_types_are_refused(stocked: World) -> None:
    with pytest.raises(UnsupportedPlatformError):
        stocked.create(LIST, "r.example/app:amd", overrides=Overrides(architecture="none"))
    with pytest.raises(InvalidMediaTypeError):
        stocked.create(LIST, "r.example/app:amd", index=IndexOverrides(artifact_type="none"))


def test_an_empty_draft_is_filled_later(stocked: World) -> None:
    stocked.create(LIST, index=IndexOverrides(annotations=(("a", "b"),)))
    draft = stocked.create(LIST, "r.example/app:amd", amend=True)
    assert len(draft.entries) == 1
    assert draft.index_members == {"annotations": {"a": "b"}}


@pytest.mark.parametrize(
    ("text", "key", "platform", "level"),
    [
        ("k=v", "k", None, "entries"),
        ("index:k=v", "k", None, "list"),
        ("manifest-descriptor:k=v", "k", None, "entries"),
        ("manifest-descriptor[linux/arm64]:k=v", "k", "linux/arm64", "entries"),
        ("linux/arm64:k=v", "k", "linux/arm64", "entries"),
        ("linux/arm/v7:k=v", "k", "linux/arm/v7", "entries"),
        ("windows(10.0.17763)/amd64:k=v", "k", "windows(10.0.17763)/amd64", "entries"),
        ("a/b:k=v", "a/b:k", None, "entries"),
        ("k=linux/arm64:v", "k", None, "entries"),
        ("a.b/c=v=w", "a.b/c", None, "entries"),
    ],
)
def test_an_annotation_names_its_level_or_its_platform(
    text: str, key: str, platform: str | None, level: str
) -> None:
    (parsed,) = parse_entry_annotation(text)
    assert (parsed.key, parsed.is_of_entries) == (key, level == "entries")
    assert (str(parsed.platform) if parsed.platform else None) == platform


@pytest.mark.parametrize("text", ["k", "=v", "linux/arm64:=v", "manifest:k=v"])
def test_what_is_no_annotation_is_refused_as_it_was_written(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_entry_annotation(text)
    assert "manifest-descriptor[" not in str(refused.value)
