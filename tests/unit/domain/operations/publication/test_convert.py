"""Drafts and copies whose images are converted to the media types of one family."""

import pytest
from attrs import evolve

from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    windows_image,
)
from manyfest.domain import media_types
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import ConversionError, PartMissingError
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.conversion import convert_image
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import Family
from manyfest.domain.operations.content.convert_copy import plan_converted_copy
from manyfest.domain.operations.content.copy import CopyRules, copy
from manyfest.domain.operations.steps.conversion import convert_draft
from manyfest.domain.operations.views.details import draft_details, entry_details
from manyfest.domain.references import Reference
from tests.support.content.attested import attested_index
from tests.unit.domain.operations.conftest import World, ref

AMD, ARM = docker_image("linux/amd64"), oci_image("linux/arm64", text="arm")
LIST = "r.example/app:1"


def oci(image: Image) -> Manifest:
    return convert_image(image.manifest, Family.OCI, "x").after


@pytest.fixture
def mixed(world: World) -> World:
    world.plant("r.example/app:amd", AMD)
    world.plant("r.example/app:arm", ARM)
    world.plant("other.example/app:amd", AMD)
    return world


def converted(world: World, draft: Draft, family: Family = Family.OCI) -> Draft:
    after = convert_draft(draft, family, ports=world.ports()).draft
    save(world, after)
    return after


def save(world: World, draft: Draft) -> None:
    with world.store.drafts.transaction():
        world.store.drafts.save(draft)


@pytest.mark.parametrize("source", ["r.example/app:amd", "other.example/app:amd"])
@pytest.mark.parametrize("target", [LIST, "oci:/layout:1"])
def test_a_push_brings_what_images_become(mixed: World, source: str, target: str) -> None:
    converted(mixed, mixed.create(target, source, "r.example/app:arm"))
    plan = mixed.push(target)
    first, second = plan.manifest.entries
    assert plan.manifest.media_type == media_types.OCI_INDEX
    assert {first.digest, second.digest} == {oci(AMD).digest, ARM.digest}
    home = ref(target).home
    assert mixed.served(f"{home}@{oci(AMD).digest}") == oci(AMD)
    for layer in oci(AMD).layers:
        assert mixed.registry.head_blob(Reference(home, None, layer.digest)) == layer.size


def test_in_the_repository_of_the_image_no_blob_is_moved(mixed: World) -> None:
    converted(mixed, mixed.create(LIST, "r.example/app:amd"))
    plan = mixed.plan(LIST)
    assert plan.blobs == ()
    assert [each.manifest for each in plan.children] == [oci(AMD)]


def test_a_converted_list_that_was_pushed_is_unchanged(mixed: World) -> None:
    converted(mixed, mixed.create(LIST, "r.example/app:amd", "other.example/app:amd"))
    mixed.push(LIST)
    assert mixed.plan(LIST).is_empty


def test_a_converted_image_that_was_deleted_is_made_again(mixed: World) -> None:
    converted(mixed, mixed.create(LIST, "r.example/app:amd"))
    mixed.push(LIST)
    mixed.registry.forget_manifest(ref(f"r.example/app@{oci(AMD).digest}"))
    assert [each.manifest for each in mixed.push(LIST).children] == [oci(AMD)]
    mixed.registry.forget_manifest(ref(f"r.example/app@{oci(AMD).digest}"))
    mixed.registry.forget_manifest(ref(f"r.example/app@{AMD.digest}"))
    with pytest.raises(PartMissingError, match=str(oci(AMD).digest)):
        mixed.plan(LIST)


def test_where_nothing_has_to_change_a_list_keeps_its_bytes(world: World) -> None:
    index = world.plant("r.example/app:list", attested_index(ARM))
    converted(world, world.create(LIST, "r.example/app:list"))
    assert world.push(LIST).manifest == index.manifest


def test_attestations_of_entries_follow_and_for_docker_they_are_counted(world: World) -> None:
    world.plant("r.example/app:list", attested_index(AMD, ARM))
    draft = world.create(LIST, "r.example/app:list")
    after = converted(world, draft)
    image, _, attestation, _ = (entry.descriptor for entry in after.entries)
    assert attested_digest(attestation) == str(image.digest) == str(oci(AMD).digest)
    conversion = convert_draft(after, Family.DOCKER, ports=world.ports())
    assert [str(each.entry.descriptor.platform) for each in conversion.entries] == [
        "linux/amd64",
        "linux/arm64",
    ]
    assert conversion.entries[0].entry.descriptor.digest == AMD.digest
    assert conversion.attestations == 2


def test_annotations_that_were_found_are_left_out_for_docker(world: World) -> None:
    world.plant("r.example/app:list", oci_index(ARM, annotations={"k": "v"}))
    conversion = convert_draft(
        world.create(LIST, "r.example/app:list"), Family.DOCKER, ports=world.ports()
    )
    assert conversion.annotations == ("k",)
    assert conversion.draft.index_members == {}


def test_lists_in_lists_are_converted_to_the_last_level(world: World) -> None:
    world.plant("r.example/app:nested", docker_list(docker_list(AMD)))
    converted(world, world.create(LIST, "r.example/app:nested"))
    plan = world.push(LIST)
    types = [each.manifest.media_type for each in plan.children]
    assert types == [media_types.OCI_MANIFEST, media_types.OCI_INDEX]
    (entry,) = world.served(f"r.example/app@{plan.manifest.entries[0].digest}").entries
    assert entry.digest == oci(AMD).digest


def test_an_image_that_moved_is_no_longer_converted(mixed: World) -> None:
    converted(mixed, mixed.create(LIST, "r.example/app:amd"))
    same = mixed.create(LIST, "r.example/app:amd", amend=True)
    assert same.entries[0].descriptor.digest == oci(AMD).digest
    moved = mixed.plant("r.example/app:amd", docker_image("linux/amd64", text="new"))
    draft = mixed.create(LIST, "r.example/app:amd", amend=True)
    assert draft.entries[0].descriptor.digest == moved.digest


def test_the_details_of_a_draft_show_what_images_become(mixed: World) -> None:
    draft = converted(mixed, mixed.create(LIST, "r.example/app:amd"))
    (detail,) = draft_details(draft, ports=mixed.ports()).present
    assert detail == entry_details(draft.entries[0], mixed.registry)
    assert detail.found
    assert detail.found.manifest == oci(AMD)


def test_a_draft_of_another_conversion_is_refused(mixed: World) -> None:
    draft = converted(mixed, mixed.create(LIST, "r.example/app:amd"))
    (entry,) = draft.entries
    other = evolve(entry.overrides, converted=evolve(ARM.manifest.descriptor()))
    save(mixed, evolve(draft, entries=(evolve(entry, overrides=other),)))
    with pytest.raises(ConversionError, match="add the image again"):
        mixed.plan(LIST)


@pytest.mark.parametrize("target", ["r.example/app:copy", "new.example/app:1", "oci:/l:1"])
@pytest.mark.parametrize("image", [AMD, docker_list(AMD), windows_image()])
def test_a_copy_is_converted_with_all_it_lists(world: World, target: str, image: Image) -> None:
    world.plant("r.example/app:1", image)
    made = plan_converted_copy(
        ref("r.example/app:1"), ref(target), Family.OCI, CopyRules(), ports=world.ports()
    )
    assert made
    copy(made.plan, ports=world.ports())
    served = world.served(target)
    assert served == made.top.after
    assert served.media_type in media_types.OCI_FAMILY
    for entry in served.entries:
        assert world.served(str(ref(target).at(entry.digest))).media_type == entry.media_type
    again = plan_converted_copy(
        ref("r.example/app:1"), ref(target), Family.OCI, CopyRules(), ports=world.ports()
    )
    assert again
    assert again.plan.writes_nothing


def test_a_copy_that_changes_nothing_is_none(world: World) -> None:
    world.plant("r.example/app:1", oci_index(ARM))
    target = ref("new.example/app:1")
    assert (
        plan_converted_copy(
            ref("r.example/app:1"), target, Family.OCI, CopyRules(), ports=world.ports()
        )
        is None
    )
