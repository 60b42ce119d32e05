"""Annotations with levels, in the words of buildx and docker/metadata-action."""

import pytest

from manyfest.domain.errors import InputError, InvalidPlatformError
from manyfest.domain.platforms import Platform
from manyfest.domain.specs.annotation_levels import (
    LeveledAnnotation,
    parse_annotation,
    parse_generated,
)

ARM = Platform("linux", "arm64")

READ = {
    "k=v": LeveledAnnotation("k", "v"),
    "k=a=b": LeveledAnnotation("k", "a=b"),
    "k=": LeveledAnnotation("k", ""),
    "k=a\nb": LeveledAnnotation("k", "a\nb"),
    "org.x:y=v": LeveledAnnotation("org.x:y", "v"),
    "index:k=v": LeveledAnnotation("k", "v"),
    "index:k=a\nb": LeveledAnnotation("k", "a\nb"),
    "manifest-descriptor:k=v": LeveledAnnotation("k", "v", is_of_entries=True),
    "manifest-descriptor[linux/arm64]:k=v": LeveledAnnotation(
        "k", "v", is_of_entries=True, platform=ARM
    ),
}


@pytest.mark.parametrize(("text", "parsed"), READ.items(), ids=READ)
def test_levels_are_read(text: str, parsed: LeveledAnnotation) -> None:
    assert parse_annotation(text) == (parsed,) == parse_generated(text)


def test_several_levels_give_an_annotation_each() -> None:
    assert parse_annotation("index,manifest-descriptor[linux/arm64]:k=a,b:c") == (
        LeveledAnnotation("k", "a,b:c"),
        LeveledAnnotation("k", "a,b:c", is_of_entries=True, platform=ARM),
    )
    assert parse_generated("manifest,index-descriptor:k=v") == (LeveledAnnotation("k", "v"),)


@pytest.mark.parametrize(
    "level", ["manifest", "manifest[linux/amd64]", "index-descriptor", "index,manifest"]
)
def test_documents_that_are_not_written_are_refused(level: str) -> None:
    with pytest.raises(InputError, match="use index: or manifest-descriptor:"):
        parse_annotation(f"{level}:k=v")


@pytest.mark.parametrize("level", ["bogus", "manifest_descriptor", "idx[linux/amd64]", "index,x"])
def test_a_level_that_is_not_known_is_an_error(level: str) -> None:
    with pytest.raises(InputError, match="is not a level of annotations"):
        parse_annotation(f"{level}:k=v")


def test_a_generated_manifest_level_is_the_lists() -> None:
    assert parse_generated("manifest:k=v") == (LeveledAnnotation("k", "v"),)
    assert parse_generated("index-descriptor:k=v") == ()


@pytest.mark.parametrize("text", ["", "k", "=v", "index:k", "index:=v"])
def test_no_key_and_value_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="KEY=VALUE"):
        parse_annotation(text)


def test_a_platform_that_is_none_is_an_error() -> None:
    with pytest.raises(InvalidPlatformError):
        parse_annotation("manifest-descriptor[arm64]:k=v")
