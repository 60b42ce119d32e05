import json

import pytest
from attrs import evolve

from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    with_config,
)
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import (
    DocumentError,
    DraftExistsError,
    InvalidReferenceError,
    ManifestUnknownError,
    UnreachableError,
)
from manyfest.domain.operations.drafts.annotate import annotate
from manyfest.domain.operations.drafts.create import rollback
from tests.unit.domain.operations.conftest import LATER, NOW, World, ref


def test_an_image_gives_an_entry_with_the_platform_of_its_config(world: World) -> None:
    image = world.plant("r.example/a:1", docker_image("windows(10.0.1)/amd64"))
    (entry,) = world.create("r.example/l:1", "r.example/a:1").entries
    assert entry.source == ref("r.example/a:1")
    assert (entry.found.digest, entry.found.size) == (image.digest, image.manifest.size)
    assert str(entry.found.platform) == "windows(10.0.1)/amd64"
    assert entry.list_digest is None


def test_the_draft_is_saved_with_what_was_read(world: World) -> None:
    image = world.plant("r.example/a:1", oci_image("linux/arm64"))
    draft = world.create("r.example/l:1", "r.example/a:1")
    assert world.draft("r.example/l:1") == draft
    contents = world.store.contents
    assert contents.manifest(image.digest) == image.manifest
    assert contents.blob(image.manifest.config.digest) == image.blobs[0]
    seen = contents.last_observation(ref("r.example/a:1"))
    assert seen is not None
    assert (seen.digest, seen.seen_at) == (image.digest, NOW)


def test_a_list_gives_its_entries_with_all_they_say(world: World) -> None:
    images = oci_image("linux/amd64"), oci_image("linux/arm64", artifactType="a/b")
    members: dict[str, Json] = {"annotations": {"k": "v"}, "x-unknown": [1]}
    index = world.plant("r.example/i:1", _with_members(oci_index(*images), members))
    draft = world.create("r.example/l:1", "r.example/i:1")
    assert tuple(entry.found for entry in draft.entries) == index.manifest.entries
    assert draft.entries[0].found.others == members
    assert {entry.list_digest for entry in draft.entries} == {index.digest}
    assert {entry.source for entry in draft.entries} == {ref("r.example/i:1")}


def _with_members(index: Image, members: dict[str, Json]) -> Image:
    document = json.loads(index.manifest.data)
    document["manifests"][0] |= members
    return evolve(index, manifest=evolve(index.manifest, data=json.dumps(document).encode()))


def test_nothing_is_saved_when_one_source_is_missing(world: World) -> None:
    image = world.plant("r.example/a:1", docker_image())
    with pytest.raises(ManifestUnknownError, match="no such manifest: r.example/a:2"):
        world.create("r.example/l:1", "r.example/a:1", "r.example/a:2")
    assert world.draft("r.example/l:1") is None
    assert world.store.contents.manifest(image.digest) is None


def test_a_draft_that_exists_is_refused_before_anything_is_read(world: World) -> None:
    world.plant("r.example/a:1", docker_image())
    before = world.create("r.example/l:1", "r.example/a:1")
    with pytest.raises(DraftExistsError, match="refusing to amend an existing manifest list"):
        world.create("r.example/l:1", "r.example/nowhere:1")
    assert world.draft("r.example/l:1") == before


def test_a_draft_that_was_pushed_is_replaced(world: World) -> None:
    world.plant("r.example/l:a", docker_image("linux/amd64"))
    world.plant("r.example/l:b", docker_image("linux/arm64"))
    world.create("r.example/l:1", "r.example/l:a")
    world.push("r.example/l:1")
    draft = world.create("r.example/l:1", "r.example/l:b", now=LATER)
    assert [entry.source for entry in draft.entries] == [ref("r.example/l:b")]
    assert (draft.created_at, draft.pushed) == (LATER, None)


def test_a_pushed_draft_that_was_touched_since_is_in_the_way_again(world: World) -> None:
    world.plant("r.example/l:a", docker_image("linux/amd64"))
    world.create("r.example/l:1", "r.example/l:a")
    world.push("r.example/l:1")
    _annotate(world, "r.example/l:1", "r.example/l:a", Overrides(variant="v2"))
    with pytest.raises(DraftExistsError) as raised:
        world.create("r.example/l:1", "r.example/l:a")
    assert raised.value.name == "r.example/l:1"


def test_amend_adds_and_keeps_the_order_in_which_entries_came(world: World) -> None:
    for name in ("a", "b", "c"):
        world.plant(f"r.example/l:{name}", docker_image(text=name))
    world.create("r.example/l:1", "r.example/l:c", "r.example/l:a")
    draft = world.create("r.example/l:1", "r.example/l:b", amend=True, now=LATER)
    assert [entry.source.tag for entry in draft.entries] == ["c", "a", "b"]
    assert (draft.created_at, draft.changed_at) == (NOW, LATER)


def test_amend_adds_to_a_draft_that_was_pushed(world: World) -> None:
    for name in ("a", "b"):
        world.plant(f"r.example/l:{name}", docker_image(text=name))
    world.create("r.example/l:1", "r.example/l:a")
    world.push("r.example/l:1")
    draft = world.create("r.example/l:1", "r.example/l:b", amend=True)
    assert [entry.source.tag for entry in draft.entries] == ["a", "b"]


def test_what_a_list_said_of_itself_stays_when_it_is_not_read_again(world: World) -> None:
    world.plant("r.example/i:1", oci_index(oci_image("linux/amd64"), annotations={"a": "b"}))
    world.plant("r.example/l:a", docker_image("linux/arm64"))
    world.create("r.example/l:1", "r.example/i:1")
    draft = world.create("r.example/l:1", "r.example/l:a", amend=True)
    assert draft.index_members == {"annotations": {"a": "b"}}


def test_amend_without_a_draft_just_creates(world: World) -> None:
    world.plant("r.example/a:1", docker_image())
    assert world.create("r.example/l:1", "r.example/a:1", amend=True).entries


def test_amend_reads_a_moved_tag_anew_and_keeps_its_annotations(world: World) -> None:
    world.plant("r.example/a:1", docker_image("linux/arm", text="old"))
    world.create("r.example/l:1", "r.example/a:1")
    _annotate(world, "r.example/l:1", "r.example/a:1", Overrides(variant="v7"))
    new = world.plant("r.example/a:1", docker_image("linux/arm", text="new"))
    (entry,) = world.create("r.example/l:1", "r.example/a:1", amend=True).entries
    assert entry.descriptor.digest == new.digest
    assert str(entry.descriptor.platform) == "linux/arm/v7"


def test_amend_with_a_list_that_grew_keeps_its_place_and_annotations(world: World) -> None:
    amd, arm, late = (docker_image(p) for p in ("linux/amd64", "linux/arm", "linux/s390x"))
    world.plant("r.example/i:1", docker_list(amd, arm))
    world.plant("r.example/z:1", docker_image("linux/riscv64"))
    world.create("r.example/l:1", "r.example/i:1", "r.example/z:1")
    _annotate(world, "r.example/l:1", f"r.example/i@{arm.digest}", Overrides(variant="v6"))
    world.plant("r.example/i:1", docker_list(late, amd, arm))
    draft = world.create("r.example/l:1", "r.example/i:1", amend=True)
    platforms = [str(entry.descriptor.platform) for entry in draft.entries]
    assert platforms == ["linux/s390x", "linux/amd64", "linux/arm/v6", "linux/riscv64"]


def test_the_same_source_twice_is_one_entry_and_read_once(world: World) -> None:
    world.plant("r.example/a:1", docker_image())
    assert len(world.create("r.example/l:1", "r.example/a:1", "r.example/a:1").entries) == 1


def test_the_same_image_by_tag_and_by_digest_is_two_entries_as_in_docker(world: World) -> None:
    image = world.plant("r.example/a:1", docker_image())
    draft = world.create("r.example/l:1", "r.example/a:1", f"r.example/a@{image.digest}")
    assert len(draft.entries) == 2


def test_what_was_created_may_be_taken_back(world: World) -> None:
    world.plant("r.example/l:a", docker_image())
    rollback(world.created("r.example/l:1", "r.example/l:a"), world.store.drafts)
    assert world.draft("r.example/l:1") is None


def test_what_was_amended_is_as_before_when_it_is_taken_back(world: World) -> None:
    for tag in "ab":
        world.plant(f"r.example/l:{tag}", docker_image(text=tag))
    before = world.create("r.example/l:1", "r.example/l:a")
    amended = world.created("r.example/l:1", "r.example/l:b", amend=True)
    assert amended.before == before
    rollback(amended, world.store.drafts)
    assert world.draft("r.example/l:1") == before


def test_what_somebody_else_changed_meanwhile_is_not_taken_back(world: World) -> None:
    world.plant("r.example/l:a", docker_image())
    created = world.created("r.example/l:1", "r.example/l:a")
    _annotate(world, "r.example/l:1", "r.example/l:a", Overrides(variant="v2"))
    changed = world.draft("r.example/l:1")
    rollback(created, world.store.drafts)
    assert world.draft("r.example/l:1") == changed


def test_a_list_is_not_named_by_a_digest(world: World) -> None:
    with pytest.raises(InvalidReferenceError, match="^a list is named by a tag, .*: 'r.example/l@"):
        world.create(f"r.example/l@sha256:{'0' * 64}", "r.example/a:1")


def test_an_empty_list_contributes_nothing_and_is_refused(world: World) -> None:
    world.plant("r.example/i:1", oci_index())
    with pytest.raises(DocumentError, match="r.example/i:1: an empty list"):
        world.create("r.example/l:1", "r.example/i:1")


def test_a_config_that_is_none_is_refused_at_its_image(world: World) -> None:
    world.plant("r.example/a:1", with_config(b"[1]"))
    with pytest.raises(DocumentError, match="r.example/a:1: config: not a JSON object"):
        world.create("r.example/l:1", "r.example/a:1")
    assert world.draft("r.example/l:1") is None


def _annotate(world: World, name: str, source: str, overrides: Overrides) -> None:
    annotate(ref(name), source, overrides, ports=world.ports(now=LATER))


def test_what_is_to_be_asked_meanwhile_is_asked_and_fails_it_too(world: World) -> None:
    world.plant("r.example/a:1", docker_image())
    asked = []
    draft = world.create("r.example/l:1", "r.example/a:1", meanwhile=[lambda: asked.append(1)])
    assert (asked, len(draft.entries)) == ([1], 1)

    def fail() -> None:
        raise UnreachableError("r.example", "away")

    with pytest.raises(UnreachableError):
        world.create("r.example/l:2", "r.example/a:1", meanwhile=[fail])
    assert world.draft("r.example/l:2") is None
