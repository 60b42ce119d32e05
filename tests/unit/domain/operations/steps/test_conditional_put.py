"""Tags: several at once, none without need, and only from where they were expected to be."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.errors import InvalidDigestError, ManifestUnknownError, TagMovedError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.publication.plan_push import Tagging
from manyfest.domain.references import Reference
from tests.unit.domain.operations.conftest import World, ref

NAME = "r.example/l:1"


class Watched(MemoryRegistry):
    """A registry that tells what was put."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[str] = []

    def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
        self.puts.append(str(reference))
        super().put_manifest(reference, manifest, expected)


@pytest.fixture
def world() -> World:
    made = World(registry=Watched())
    made.plant("r.example/l:a", docker_image("linux/amd64"))
    made.create(NAME, "r.example/l:a")
    made.registry.puts.clear()
    return made


def test_what_is_published_already_is_not_written_again(world: World) -> None:
    world.push(NAME)
    world.registry.puts.clear()
    plan = world.push(NAME)
    assert plan.is_empty
    assert world.registry.puts == []
    assert world.draft(NAME).pushed == plan.manifest.digest


def test_several_tags_are_put_and_those_that_stand_left_alone(world: World) -> None:
    first = world.plan(NAME, "r.example/l:2", "r.example/l:3")
    assert [str(tagging.target) for tagging in first.tags] == [
        *(NAME, "r.example/l:2", "r.example/l:3"),
    ]
    world.execute(first)
    second = world.plan(NAME, "r.example/l:2", "r.example/l:4")
    assert [str(tagging.target) for tagging in second.tags] == ["r.example/l:4"]


def test_a_plan_tells_what_a_tag_points_to_before_and_after(world: World) -> None:
    old = world.plant("r.example/l:2", docker_list(docker_image(text="old")))
    plan = world.plan(NAME, "r.example/l:2")
    assert plan.tags == (
        Tagging(ref(NAME), plan.manifest.digest, None),
        Tagging(ref("r.example/l:2"), plan.manifest.digest, old.digest),
    )


def test_a_tag_elsewhere_gets_the_children_too(world: World) -> None:
    plan = world.plan(NAME, "other.example/x:1")
    world.execute(plan)
    assert world.served("other.example/x:1") == plan.manifest
    child = plan.manifest.entries[0].digest
    assert world.served(f"other.example/x@{child}")
    assert plan.foreign_entries == ()  # for the draft's own name nothing came from elsewhere


def test_tags_are_put_last(world: World) -> None:
    world.execute(world.plan(NAME, "other.example/x:1"))
    assert world.registry.puts[-2:] == [NAME, "other.example/x:1"]


@pytest.mark.parametrize("standing", [None, docker_list(docker_image(text="old"))])
def test_a_tag_that_is_where_it_was_expected_is_moved(world: World, standing) -> None:
    expected = "absent"
    if standing is not None:
        world.plant(NAME, standing)
        expected = str(standing.digest)
    plan = world.plan(NAME, expected=expected)
    world.execute(plan)
    assert world.served(NAME) == plan.manifest
    assert world.pauses == []


@pytest.mark.parametrize("expected", ["absent", f"sha256:{'0' * 64}"])
def test_a_tag_that_is_elsewhere_stops_it_before_anything_is_written(
    world: World, expected: str
) -> None:
    old = world.plant(NAME, docker_list(docker_image(text="old")))
    world.registry.puts.clear()
    with pytest.raises(
        TagMovedError, match=rf"{NAME} (points to |already exists \(){old.digest}"
    ) as caught:
        world.plan(NAME, expected=expected)
    assert caught.value.actual == str(old.digest)
    assert world.registry.puts == []


def test_a_tag_that_moves_after_the_plan_was_made_is_seen_right_before_it_is_put(
    world: World,
) -> None:
    plan = world.plan(NAME, expected="absent")
    other = world.plant(NAME, docker_list(docker_image(text="other")))
    with pytest.raises(TagMovedError, match=rf"{NAME} already exists \({other.digest}"):
        world.execute(plan)
    assert world.served(NAME) == other.manifest
    assert world.draft(NAME).pushed is None


class Unconditional(Watched):
    """A registry that cannot look and put in one step."""

    def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
        del expected
        super().put_manifest(reference, manifest)


def test_where_a_registry_cannot_check_the_tag_is_looked_at_right_before() -> None:
    world = World(registry=Unconditional())
    world.plant("r.example/l:a", docker_image())
    world.create(NAME, "r.example/l:a")
    plan = world.plan(NAME, expected="absent")
    other = world.plant(NAME, docker_list(docker_image(text="other")))
    with pytest.raises(TagMovedError, match=rf"already exists \({other.digest}"):
        world.execute(plan)
    assert world.served(NAME) == other.manifest


class Overtaken(MemoryRegistry):
    """Another writer is quicker, each time that the tag is put."""

    other: Manifest | None = None

    def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
        if self.other is not None and str(reference) == NAME:
            super().put_manifest(reference, self.other)
        super().put_manifest(reference, manifest, expected)


def test_where_a_registry_can_check_it_looks_once_more_as_it_puts() -> None:
    world = World(registry=Overtaken())
    world.plant("r.example/l:a", docker_image())
    world.create(NAME, "r.example/l:a")
    plan = world.plan(NAME, expected="absent")
    world.registry.other = world.plant("r.example/l:b", docker_list(docker_image())).manifest
    moved = world.registry.other.digest
    with pytest.raises(TagMovedError, match=rf"{NAME} already exists \({moved}"):
        world.execute(plan)
    assert world.served(NAME) == world.registry.other


class Lagging(MemoryRegistry):
    """Shows a tag's new place only at the ``lag``-th look after it was put."""

    def __init__(self, lag: int) -> None:
        super().__init__()
        self.lag = lag
        self._looks_left: dict[str, int] = {}

    def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
        super().put_manifest(reference, manifest, expected)
        self._looks_left[str(reference)] = self.lag

    def head_manifest(self, reference: Reference):
        left = self._looks_left.get(str(reference), 0)
        if left:
            self._looks_left[str(reference)] = left - 1
            raise ManifestUnknownError(str(reference))
        return super().head_manifest(reference)


@pytest.mark.parametrize(("lag", "looks"), [(0, 0), (2, 2), (5, 5)])
def test_a_registry_that_lags_is_waited_for(lag: int, looks: int) -> None:
    world = World(registry=Lagging(lag))
    world.plant("r.example/l:a", docker_image())
    world.create(NAME, "r.example/l:a")
    world.execute(world.plan(NAME, expected="absent"))
    assert len(world.pauses) == looks


def test_patience_ends() -> None:
    world = World(registry=Lagging(100))
    world.plant("r.example/l:a", docker_image())
    world.create(NAME, "r.example/l:a")
    with pytest.raises(TagMovedError, match=f"{NAME} points to nothing"):
        world.execute(world.plan(NAME, expected="absent"))
    assert sum(world.pauses) < 10


def test_an_expectation_is_a_digest_or_absent() -> None:
    digest = docker_image().digest
    assert Expectation.parse(str(digest)) == Expectation(digest)
    assert Expectation.parse("absent") == Expectation(None)
    with pytest.raises(InvalidDigestError):
        Expectation.parse("latest")


def test_nothing_but_the_name_is_guarded(world: World) -> None:
    world.plant("r.example/l:2", docker_list(docker_image(text="old")))
    world.execute(world.plan(NAME, "r.example/l:2", expected="absent"))
    assert world.served("r.example/l:2") == world.served(NAME)
