import pytest
from attrs import evolve

from manyfest.contracts.images import (
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    windows_image,
    with_config,
)
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.errors import (
    BlobUnknownError,
    DocumentError,
    DraftUnknownError,
    ListError,
    PartMissingError,
)
from manyfest.domain.events import BlobCopied, ManifestPut, TagMoved, TagMoving, TransferPlanned
from manyfest.domain.operations.drafts.annotate import annotate
from manyfest.domain.operations.publication.push import execute, finish, pushed_manifests
from manyfest.domain.references import Reference
from tests.unit.domain.operations.conftest import LATER, NOW, World, ref


def test_children_of_the_same_repository_need_nothing_but_the_list(world: World) -> None:
    world.plant("r.example/l:a", docker_image("linux/amd64"))
    world.create("r.example/l:1", "r.example/l:a")
    plan = world.push("r.example/l:1")
    assert (plan.blobs, plan.children, plan.foreign_entries) == ((), (), ())
    assert world.served("r.example/l:1") == plan.manifest
    assert plan.manifest.media_type == media_types.DOCKER_LIST


@pytest.mark.parametrize("target", ["r.example/l:1", "other.example/l:1", "oci:/l:1"])
def test_children_of_other_homes_are_brought_along(world: World, target: str) -> None:
    images = docker_image("linux/amd64"), oci_image("linux/arm64", text="other")
    for name, image in zip(("a", "b"), images, strict=True):
        world.plant(f"r.example/{name}:1", image)
    world.create(target, "r.example/a:1", "r.example/b:1")
    plan = world.push(target)
    home = ref(target).home
    assert plan.foreign_entries == tuple(Reference(home, None, i.digest) for i in images)
    for image in images:
        assert world.served(f"{home}@{image.digest}") == image.manifest
        for layer in image.manifest.layers:
            assert world.registry.head_blob(Reference(home, None, layer.digest)) == layer.size


def test_a_blob_that_two_children_share_is_moved_once(world: World) -> None:
    world.plant("r.example/a:1", docker_image("linux/amd64", text="same"))
    world.plant("r.example/b:1", docker_image("linux/arm64", text="same"))
    world.create("r.example/l:1", "r.example/a:1", "r.example/b:1")
    targets = [copy.target for copy in world.plan("r.example/l:1").blobs]
    assert len(targets) == len(set(targets)) == 3  # two configs, one layer


def test_layers_that_live_elsewhere_are_left_alone(world: World) -> None:
    image = world.plant("r.example/win:1", windows_image())
    world.create("r.example/l:1", "r.example/win:1")
    world.push("r.example/l:1")
    foreign = image.manifest.layers[0]
    assert foreign.urls
    with pytest.raises(BlobUnknownError):
        world.registry.head_blob(Reference(ref("r.example/l").home, None, foreign.digest))


def test_a_list_within_a_list_comes_with_all_it_lists(world: World) -> None:
    inner = oci_index(oci_image("linux/amd64"), oci_image("linux/arm64"))
    world.plant("r.example/a:1", oci_index(inner))
    world.create("r.example/l:1", "r.example/a:1")
    plan = world.push("r.example/l:1")
    assert [copy.manifest.is_list for copy in plan.children] == [False, False, True]
    assert world.served(f"r.example/l@{inner.digest}") == inner.manifest


def test_lists_nested_without_end_are_refused(world: World) -> None:
    nested = oci_index(oci_image("linux/amd64"))
    for _ in range(12):
        nested = oci_index(nested)
    world.plant("r.example/a:1", nested)
    world.create("r.example/l:1", "r.example/a:1")
    with pytest.raises(DocumentError, match="nested deeper"):
        world.plan("r.example/l:1")


def test_the_draft_is_marked_and_the_list_remembered(world: World) -> None:
    world.plant("r.example/l:a", docker_image())
    before = world.create("r.example/l:1", "r.example/l:a")
    plan = world.push("r.example/l:1")
    assert world.draft("r.example/l:1") == before.marked_pushed(plan.manifest.digest)
    seen = world.store.contents.last_observation(ref("r.example/l:1"))
    assert seen is not None
    assert (seen.digest, seen.seen_at) == (plan.manifest.digest, NOW)
    assert world.store.contents.manifest(seen.digest) == plan.manifest


def test_nobody_who_does_not_ask_for_it_loses_the_draft(world: World) -> None:
    world.plant("r.example/l:a", docker_image())
    world.create("r.example/l:1", "r.example/l:a")
    plan = world.plan("r.example/l:1")
    finish(plan, pushed_manifests(plan), ports=world.ports())
    assert world.draft("r.example/l:1").pushed == plan.manifest.digest


def test_purge_forgets_the_draft(world: World) -> None:
    world.plant("r.example/l:a", docker_image())
    world.create("r.example/l:1", "r.example/l:a")
    world.push("r.example/l:1", purge=True)
    assert world.draft("r.example/l:1") is None


@pytest.mark.parametrize("flags", [{}, {"purge": True}], ids=["kept", "purged"])
def test_a_draft_changed_during_the_push_is_left_as_it_is(
    world: World, flags: dict[str, bool]
) -> None:
    world.plant("r.example/l:a", docker_image("linux/arm"))
    world.create("r.example/l:1", "r.example/l:a")
    plan = world.plan("r.example/l:1")
    variant = Overrides(variant="v7")
    changed = annotate(
        ref("r.example/l:1"), "r.example/l:a", variant, ports=world.ports(now=LATER)
    ).draft
    world.execute(plan, **flags)
    assert world.draft("r.example/l:1") == changed
    assert changed.pushed is None


def test_a_pushed_draft_may_be_pushed_again(world: World) -> None:
    world.plant("r.example/l:a", docker_image())
    world.create("r.example/l:1", "r.example/l:a")
    assert world.push("r.example/l:1").manifest == world.push("r.example/l:1").manifest


def test_a_failed_push_moves_no_tag_and_keeps_the_draft(world: World) -> None:
    old = world.plant("r.example/l:1", docker_list(docker_image()))
    world.plant("r.example/a:1", docker_image("linux/arm64"))
    draft = world.create("r.example/l:1", "r.example/a:1")
    plan = world.plan("r.example/l:1")
    gone = Reference(ref("r.example/nowhere").home, None, plan.blobs[0].source.digest)
    broken = evolve(plan, blobs=(evolve(plan.blobs[0], source=gone), *plan.blobs[1:]))
    with pytest.raises(BlobUnknownError):
        world.execute(broken)
    assert world.served("r.example/l:1") == old.manifest
    assert world.draft("r.example/l:1") == draft


def test_a_child_that_has_gone_is_named(world: World) -> None:
    world.plant("r.example/a:1", docker_list(docker_image()))
    draft = world.create("r.example/l:1", "r.example/a:1")
    fresh = World(store=world.store)  # the same drafts, a registry that holds nothing
    gone = f"r.example/l:1 is incomplete: r.example/a@{draft.entries[0].found.digest}"
    with pytest.raises(PartMissingError, match=gone):
        fresh.plan("r.example/l:1")


def test_no_draft_is_an_error_in_dockers_words(world: World) -> None:
    with pytest.raises(DraftUnknownError, match="No such manifest: r.example/l:1"):
        world.plan("r.example/l:1")


def test_an_image_without_platform_stops_before_anything_is_written(world: World) -> None:
    world.plant("r.example/a:1", with_config(b'{"rootfs":{}}'))
    world.create("r.example/l:1", "r.example/a:1")
    with pytest.raises(ListError, match="must have an OS and Architecture"):
        world.plan("r.example/l:1")


def test_all_that_is_brought_along_is_told(world: World) -> None:
    image = world.plant("other.example/a:1", docker_image())
    world.create("r.example/l:1", "other.example/a:1")
    plan, events = world.plan("r.example/l:1"), []
    execute([plan], ports=world.ports(), on_event=events.append)
    blobs = {Digest.of(blob): len(blob) for blob in image.blobs}
    assert events[0] == TransferPlanned(2, sum(blobs.values()), 1)
    copied = [event for event in events if isinstance(event, BlobCopied)]
    assert {(event.blob.digest, event.size) for event in copied} == set(blobs.items())
    assert events[-3:] == [
        ManifestPut(ref("r.example/l:1").at(image.digest)),
        TagMoving(ref("r.example/l:1")),
        TagMoved(ref("r.example/l:1")),
    ]
