"""Forgetting drafts: that one, and only if it is there."""

import pytest

from manyfest.contracts.images import docker_image
from manyfest.domain.errors import DraftUnknownError
from manyfest.domain.operations.drafts.drop import remove
from tests.unit.domain.operations.conftest import World, ref


def test_a_draft_is_forgotten_and_no_other(world: World) -> None:
    world.plant("r.example/l:a", docker_image())
    for name in ("r.example/l:1", "r.example/l:2"):
        world.create(name, "r.example/l:a")
    remove(ref("r.example/l:1"), world.store.drafts)
    assert [str(draft.name) for draft in world.store.drafts.drafts()] == ["r.example/l:2"]


def test_there_must_be_a_draft(world: World) -> None:
    with pytest.raises(DraftUnknownError, match="r.example/l:1"):
        remove(ref("r.example/l:1"), world.store.drafts)
