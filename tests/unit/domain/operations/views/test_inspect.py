import pytest

from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.errors import AmbiguousEntryError, DraftUnknownError
from manyfest.domain.operations.drafts.annotate import annotate
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.views import details as inspect
from tests.unit.domain.operations.conftest import LATER, World, ref


def test_an_images_details_have_the_platform_of_its_config(world: World) -> None:
    image = world.plant("r.example/a:1", docker_image("linux/arm/v7"))
    found = resolve(ref("r.example/a:1"), world.registry)
    (detail,) = inspect.details(found, ports=world.ports()).present
    assert detail.reference == ref("r.example/a:1")
    assert str(detail.descriptor.platform) == "linux/arm/v7"
    assert detail.found.manifest == image.manifest
    assert detail.found.config == image.blobs[0]


def test_a_lists_details_are_its_entries_as_it_describes_them(world: World) -> None:
    children = docker_image("linux/amd64"), docker_image("linux/arm64")
    made = world.plant("r.example/l:1", docker_list(*children))
    found = resolve(ref("r.example/l:1"), world.registry)
    details = inspect.details(found, ports=world.ports()).present
    assert tuple(d.descriptor for d in details) == made.manifest.entries
    assert [str(d.reference) for d in details] == [
        f"r.example/l:1@{child.digest}" for child in children
    ]
    assert [d.found.manifest for d in details] == [child.manifest for child in children]
    assert {d.found.config for d in details} == {None}


def test_a_drafts_details_are_in_the_order_of_the_list_with_annotations(world: World) -> None:
    for name in ("b", "a"):
        world.plant(f"r.example/l:{name}", docker_image("linux/arm", text=name))
    world.create("r.example/l:1", "r.example/l:b", "r.example/l:a")
    draft = _annotate(world, "r.example/l:b", Overrides(variant="v6"))
    details = inspect.draft_details(draft, ports=world.ports()).present
    assert [str(d.reference) for d in details] == ["r.example/l:a", "r.example/l:b"]
    assert str(details[1].descriptor.platform) == "linux/arm/v6"


def test_an_entry_of_a_list_that_was_taken_apart_is_found_by_its_digest(world: World) -> None:
    children = oci_image("linux/amd64"), oci_image("linux/arm64")
    world.plant("r.example/i:1", oci_index(*children))
    world.create("r.example/l:1", "r.example/i:1")
    wanted = f"r.example/i@{children[1].digest}"
    entry = inspect.draft_entry(ref("r.example/l:1"), wanted, world.store.drafts)
    detail = inspect.entry_details(entry, world.registry)
    assert detail.found.manifest == children[1].manifest
    assert str(detail.reference) == f"r.example/i:1@{children[1].digest}"
    assert detail.descriptor == entry.descriptor


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("r.example/none:1", "r.example/l:a"),
        ("r.example/l:1", "r.example/l:none"),
    ],
)
def test_an_entry_that_is_not_there_is_named(world: World, name: str, wanted: str) -> None:
    world.plant("r.example/l:a", docker_image())
    world.plant("r.example/i:1", docker_list(docker_image(), docker_image(text="other")))
    world.create("r.example/l:1", "r.example/l:a", "r.example/i:1")
    with pytest.raises(DraftUnknownError, match=f"No such manifest: {wanted}"):
        inspect.draft_entry(ref(name), wanted, world.store.drafts)


def test_a_list_that_was_taken_apart_names_several_entries(world: World) -> None:
    world.plant("r.example/i:1", docker_list(docker_image(), docker_image(text="other")))
    world.create("r.example/l:1", "r.example/i:1")
    with pytest.raises(AmbiguousEntryError, match="names 2 entries"):
        inspect.draft_entry(ref("r.example/l:1"), "r.example/i:1", world.store.drafts)


def test_a_draft_hides_the_registry_until_it_is_pushed_and_when_touched_again(
    world: World,
) -> None:
    world.plant("r.example/l:a", docker_image("linux/arm"))
    name, drafts = ref("r.example/l:1"), world.store.drafts
    assert drafts.find(name) is None
    draft = world.create("r.example/l:1", "r.example/l:a")
    assert (drafts.find(name), draft.shadows_remote) == (draft, True)
    world.push("r.example/l:1")
    assert not drafts.find(name).shadows_remote
    changed = _annotate(world, "r.example/l:a", Overrides(variant="v7"))
    assert (drafts.find(name), changed.shadows_remote) == (changed, True)


def test_a_missing_child_is_named_and_the_others_are_there(world: World) -> None:
    there, gone = docker_image("linux/amd64"), docker_image("linux/arm64")
    listed = resolve_planted(world, docker_list(there, gone))
    sparse = World()
    sparse.plant("r.example/l:a", there)
    details = inspect.details(listed, ports=sparse.ports())
    assert [detail.found.manifest for detail in details.present] == [there.manifest]
    assert [str(reference) for reference in details.missing] == [f"r.example/l:1@{gone.digest}"]


def resolve_planted(world: World, image):
    world.plant("r.example/l:1", image)
    return resolve(ref("r.example/l:1"), world.registry)


def _annotate(world: World, source: str, overrides: Overrides):
    ports = world.ports(now=LATER)
    return annotate(ref("r.example/l:1"), source, overrides, ports=ports).draft
