"""Taking over another program's draft: its entries as they stand, and nobody's own draft lost."""

import pytest

from manyfest.contracts.images import docker_image
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.errors import ConflictError, InvalidReferenceError
from manyfest.domain.operations.drafts.import_drafts import ForeignEntry, import_draft
from manyfest.domain.platforms import Platform
from tests.unit.domain.operations.conftest import LATER, NOW, World, ref

NAME = ref("r.example/l:1")
IMAGE = docker_image("linux/arm64")
SAID = Platform("windows", "arm", "v7", "10.0", ("f",))


def foreign(platform: Platform | None = SAID) -> ForeignEntry:
    found = IMAGE.manifest.descriptor()
    listed = type(found)(found.media_type, found.digest, found.size, platform)
    return ForeignEntry(ref("r.example/l:a"), listed, IMAGE.manifest)


def imported(world: World, entry: ForeignEntry, name=NAME, **options: bool) -> Draft:
    return import_draft(name, [entry], ports=world.ports(now=LATER), **options)


def test_the_draft_and_the_manifests_are_kept(world: World) -> None:
    made = imported(world, foreign())
    assert world.draft(str(NAME)) == made
    assert world.store.contents.manifest(IMAGE.digest) == IMAGE.manifest
    (entry,) = made.entries
    assert (entry.source, entry.found) == (ref("r.example/l:a"), foreign().descriptor)
    assert (made.created_at, made.changed_at) == (LATER, LATER)


@pytest.mark.parametrize("platform", [SAID, None])
def test_the_platform_counts_as_annotated(world: World, platform: Platform | None) -> None:
    (entry,) = imported(world, foreign(platform)).entries
    annotated = Overrides("windows", "arm", "v7", "10.0", ("f",))
    assert entry.overrides == (annotated if platform else Overrides())
    assert entry.descriptor.platform == platform


def test_a_list_is_not_named_by_a_digest(world: World) -> None:
    words = f"^a list is named by a tag, not by a digest: '{NAME.home}@sha256:"
    with pytest.raises(InvalidReferenceError, match=words):
        imported(world, foreign(), NAME.at(IMAGE.digest))


def test_a_draft_of_ones_own_stays_unless_it_was_pushed_or_is_to_go(world: World) -> None:
    world.plant("r.example/l:b", docker_image())
    mine = world.create(str(NAME), "r.example/l:b", now=NOW)
    with pytest.raises(ConflictError, match=f"{NAME} is already a draft"):
        imported(world, foreign())
    assert world.draft(str(NAME)) == mine
    assert world.store.contents.manifest(IMAGE.digest) is None
    assert imported(world, foreign(), force=True) == world.draft(str(NAME))
    with world.store.transaction():
        world.store.drafts.save(mine.marked_pushed(IMAGE.digest))
    assert imported(world, foreign()) == world.draft(str(NAME))
