"""Images whose manifests are too large to be held together are read when they are copied."""

from contextlib import nullcontext

import pytest

from manyfest.contracts.images import oci_image, oci_index, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.errors import PartMissingError, TooManyBytesError
from manyfest.domain.events import BlobCopied, BlobFound, Event, ManifestPut
from manyfest.domain.media_types import OCI_LAYER
from manyfest.domain.operations.content.copy import CopyRules, copy, plan_copy
from manyfest.domain.operations.steps import metered_reader
from tests.unit.domain.operations.conftest import World, ref

SOURCE, TARGET = "r.example/app:1", "s.example/app:1"
PADDING = "x" * (4 * 1024 * 1024 - 2048)
LARGE = [
    oci_image("linux/arm/v7", text=str(number), annotations={"padding": f"{number}{PADDING}"})
    for number in range(9)
]
SMALL = oci_image("linux/amd64", text="small")
LIST = oci_index(SMALL, *LARGE)


@pytest.fixture
def world(world: World) -> World:
    push_image(world.registry, ref(SOURCE), LIST)
    return world


def test_large_images_are_read_one_after_the_other_and_the_tag_comes_last(world: World) -> None:
    plan = plan_copy(ref(SOURCE), ref(TARGET), CopyRules(), ports=world.ports())
    assert {late.digest for late in plan.late} == {image.digest for image in LARGE}
    assert [each.digest for each in plan.below] == [SMALL.digest]
    events: list[Event] = []
    copy(plan, ports=world.ports(), on_event=events.append)
    assert events[-1] == ManifestPut(ref(TARGET))
    for image in (LIST, *LIST.children):
        assert world.registry.get_manifest(ref(TARGET).at(image.digest)) == image.manifest
        for data in image.blobs:
            assert world.registry.probe_blob(ref(TARGET).at(Digest.of(data))) == len(data)
    assert plan_copy(ref(SOURCE), ref(TARGET), CopyRules(), ports=world.ports()).writes_nothing


def test_a_large_image_that_is_lost_meanwhile_ends_the_copy_before_the_tag(world: World) -> None:
    plan = plan_copy(ref(SOURCE), ref(TARGET), CopyRules(), ports=world.ports())
    world.registry.forget_manifest(ref(SOURCE).at(LARGE[3].digest))
    with pytest.raises(PartMissingError):
        copy(plan, ports=world.ports())
    assert world.registry.probe_manifest(ref(TARGET)) is None


def test_all_of_them_together_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metered_reader, "_PASSING_LIMIT", 30 * 1024 * 1024)
    with pytest.raises(TooManyBytesError):
        plan_copy(ref(SOURCE), ref(TARGET), CopyRules(), ports=world.ports())


def test_a_blob_of_several_large_images_is_looked_for_once(world: World) -> None:
    shared = Digest.of(b"shared")
    layer = {"mediaType": OCI_LAYER, "digest": str(shared), "size": len(b"shared")}
    images = [
        oci_image("linux/arm64", layers=[layer], annotations={"padding": f"{number}{PADDING}"})
        for number in range(9)
    ]
    source = ref(SOURCE).at(shared)
    world.registry.write_blob(source, layer["size"], lambda: nullcontext(iter([b"shared"])))
    push_image(world.registry, ref(SOURCE), oci_index(*images))
    plan = plan_copy(ref(SOURCE), ref(TARGET), CopyRules(), ports=world.ports())
    assert len(plan.late) == len(images)
    events: list[Event] = []
    copy(plan, ports=world.ports(), on_event=events.append)
    looked_for = [each for each in events if isinstance(each, BlobCopied | BlobFound)]
    assert [each.blob.digest for each in looked_for].count(shared) == 1
