"""When an image or a list was made, by what it says of itself, with as few reads as tell it."""

import json
from datetime import UTC, datetime

import pytest
from attrs import evolve

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    Image,
    artifact,
    docker_list,
    oci_image,
    oci_index,
    push_image,
    with_config,
)
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.steps.creation_date import CreationDate, creation_date
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
CREATED = "org.opencontainers.image.created"
APP = Reference.parse("r.example/app:1")
BEFORE, AFTER = "2026-10-31T23:59:59Z", "2026-11-02T01:00:00+01:00"


def made(created: object, architecture: str = "amd64") -> Image:
    config = {"os": "linux", "architecture": architecture, "created": created}
    image = with_config(json.dumps(config).encode())
    return evolve(image, platform=Platform("linux", architecture))


def annotated(created: str) -> dict[str, object]:
    return {"annotations": {CREATED: created}}


def date_of(image: Image, *, without: tuple[Image, ...] = ()) -> CreationDate:
    registry = MemoryRegistry()
    push_image(registry, APP, image)
    for gone in without:
        registry.forget_manifest(APP.at(gone.digest))
    return creation_date(resolve(APP, registry), SINCE, registry)


OLD, NEW, NEVER = made(BEFORE), made(AFTER, "arm64"), made(None, "s390x")
DATES: dict[str, tuple[Image, str | None]] = {
    "its config": (OLD, BEFORE),
    "its annotation, without a config's": (oci_image(**annotated(AFTER)), AFTER),
    "an artifact's annotation": (artifact(**annotated(BEFORE)), BEFORE),
    "nothing": (NEVER, None),
    "no time": (made("yesterday"), None),
    "a number": (made(7), None),
    "the epoch is made up": (made("1970-01-01T00:00:00Z"), None),
    "Go's zero time": (made("0001-01-01T00:00:00Z"), None),
    "a list's annotation": (oci_index(OLD, **annotated(AFTER)), AFTER),
    "an annotation that is made up": (oci_index(OLD, **annotated("1980-01-01T00:00:00Z")), BEFORE),
    "the newest image": (docker_list(OLD, NEW), AFTER),
    "the image that has one": (docker_list(NEVER, OLD), BEFORE),
    "lists within lists": (oci_index(docker_list(OLD, NEW)), AFTER),
    "an empty list": (oci_index(), None),
}


@pytest.mark.parametrize(("image", "expected"), DATES.values(), ids=DATES)
def test_the_date_is_told_by(image: Image, expected: str | None) -> None:
    created = date_of(image).created
    assert created == (None if expected is None else datetime.fromisoformat(expected))


def test_reading_stops_at_the_first_image_that_is_new_enough() -> None:
    read = date_of(docker_list(NEW, OLD, NEVER)).read
    assert [each.manifest.digest for each in read][1:] == [NEW.digest]
    assert read[1].config is not None


def test_entries_that_state_a_date_are_not_read() -> None:
    index = docker_list(OLD, NEW)
    document = dict(index.manifest.document)
    entries = [dict(entry, **annotated(AFTER)) for entry in document["manifests"]]
    data = json.dumps(document | {"manifests": entries}).encode()
    listed = evolve(index, manifest=evolve(index.manifest, data=data))
    dated = date_of(listed)
    assert dated.created == datetime.fromisoformat(AFTER)
    assert [each.manifest.digest for each in dated.read] == [listed.digest]


def test_an_image_that_is_missing_tells_nothing() -> None:
    assert date_of(docker_list(OLD, NEW), without=(NEW,)).created == datetime.fromisoformat(BEFORE)
    assert date_of(docker_list(NEW), without=(NEW,)).created is None
