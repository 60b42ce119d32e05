"""A list that describes a child wrongly is not believed: distribution takes such lists."""

import json

import pytest
from attrs import evolve

from manyfest.contracts.images import Image, docker_image, docker_list
from manyfest.domain import media_types
from manyfest.domain.errors import DocumentError, SizeMismatchError
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.views import details as inspect
from tests.unit.domain.operations.conftest import World, ref

CHILD = docker_image("linux/amd64")
WRONG = {
    "size": ({"size": CHILD.manifest.size + 7}, SizeMismatchError, "bytes long"),
    "type": ({"mediaType": media_types.OCI_MANIFEST}, DocumentError, "but it is application/vnd"),
}


def describing(**members: object) -> Image:
    made = docker_list(CHILD)
    document = json.loads(made.manifest.data)
    document["manifests"][0] |= members
    return evolve(made, manifest=evolve(made.manifest, data=json.dumps(document).encode()))


@pytest.mark.parametrize(("members", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_its_details_are_not_shown(world: World, members, error, words) -> None:
    world.plant("r.example/l:1", describing(**members))
    found = resolve(ref("r.example/l:1"), world.registry)
    with pytest.raises(error, match=words):
        inspect.details(found, ports=world.ports())


@pytest.mark.parametrize("nested", [False, True], ids=["its entries", "a list of it"])
@pytest.mark.parametrize(("members", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_it_is_not_published_elsewhere(world: World, nested, members, error, words) -> None:
    wrong = describing(**members)
    world.plant("r.example/i:1", docker_list(evolve(wrong, platform=None)) if nested else wrong)
    world.create("other.example/l:1", "r.example/i:1")
    with pytest.raises(error, match=words):
        world.plan("other.example/l:1")
