import pytest

from manyfest.contracts.images import docker_image
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.errors import (
    DraftUnknownError,
    EntryUnknownError,
    UnsupportedPlatformError,
)
from manyfest.domain.operations.drafts.annotate import annotate, annotate_index
from tests.unit.domain.operations.conftest import LATER, World, ref


def _annotate(world: World, **members):
    return annotate(
        ref("r.example/l:1"),
        "r.example/l:a",
        Overrides(**members),
        ports=world.ports(now=LATER),
    ).draft


@pytest.fixture
def drafted(world: World) -> World:
    world.plant("r.example/l:a", docker_image("linux/arm/v7"))
    world.create("r.example/l:1", "r.example/l:a")
    return world


@pytest.mark.parametrize(
    ("members", "platform"),
    [
        ({"architecture": "amd64"}, "linux/amd64/v7"),
        ({"variant": "v6"}, "linux/arm/v6"),
        ({"os": "freebsd"}, "freebsd/arm/v7"),
        ({"os_version": "1"}, "linux(1)/arm/v7"),
        ({"os_features": ("b", "a", "b")}, "linux(+b+a)/arm/v7"),
        ({"os": "linux", "architecture": "loong64"}, "linux/loong64/v7"),
    ],
)
def test_what_is_given_is_laid_over_and_the_rest_stays(drafted, members, platform) -> None:
    changed = _annotate(drafted, **members)
    (entry,) = changed.entries
    assert str(entry.descriptor.platform) == platform
    assert str(entry.found.platform) == "linux/arm/v7"
    assert drafted.draft("r.example/l:1") == changed
    assert changed.changed_at == LATER


def test_features_add_up(drafted) -> None:
    _annotate(drafted, os_features=("a", "b"))
    (entry,) = _annotate(drafted, os_features=("b", "c")).entries
    assert entry.descriptor.platform.os_features == ("a", "b", "c")


@pytest.mark.parametrize(
    ("members", "pair"),
    [({"os": "bogus"}, "bogus/arm"), ({"architecture": "sparc"}, "linux/sparc")],
)
def test_a_pair_that_go_does_not_know_is_refused_and_nothing_saved(drafted, members, pair) -> None:
    before = drafted.draft("r.example/l:1")
    with pytest.raises(UnsupportedPlatformError, match=f"unsupported os/arch combination: {pair}"):
        _annotate(drafted, **members)
    assert drafted.draft("r.example/l:1") == before


def test_annotating_nothing_leaves_a_pushed_draft_pushed(drafted) -> None:
    drafted.push("r.example/l:1")
    assert _annotate(drafted).pushed is not None
    assert _annotate(drafted, variant="v6").pushed is None


@pytest.mark.parametrize(
    ("name", "source"), [("r.example/none:1", "r.example/l:a"), ("r.example/l:1", "r.example/l:b")]
)
def test_what_is_not_there_is_named(drafted, name, source) -> None:
    wanted = f"manifest for image {source} does not exist in {name}"
    with pytest.raises(EntryUnknownError, match=wanted):
        annotate(ref(name), source, Overrides(os="linux"), ports=drafted.ports(now=LATER))


def test_an_answer_has_the_entry_as_it_is_now(drafted) -> None:
    for said in (Overrides(variant="v6"), Overrides()):
        made = annotate(ref("r.example/l:1"), "r.example/l:a", said, ports=drafted.ports(now=LATER))
        assert made.entry in made.draft.entries
        assert str(made.entry.descriptor.platform) == "linux/arm/v6"


def test_a_platform_that_an_annotation_leaves_alone_may_be_any(world: World) -> None:
    world.plant("r.example/l:a", docker_image("plan10/pdp11"))
    world.create("r.example/l:1", "r.example/l:a")
    assert _annotate(world, annotations=(("k", "v"),)).changed_at == LATER


def test_what_a_list_says_of_itself_is_laid_over_and_saved(drafted) -> None:
    name, drafts = ref("r.example/l:1"), drafted.store.drafts
    changed = annotate_index(name, IndexOverrides("a/b"), ports=drafted.ports(now=LATER))
    assert (changed.index, changed.changed_at) == (IndexOverrides("a/b"), LATER)
    assert drafts.find(name) == changed


def test_saying_nothing_of_a_list_leaves_a_pushed_draft_pushed(drafted) -> None:
    drafted.push("r.example/l:1")
    name, drafts = ref("r.example/l:1"), drafted.store.drafts
    pushed = drafts.find(name)
    assert annotate_index(name, IndexOverrides(), ports=drafted.ports(now=LATER)) == pushed
    assert drafts.find(name) == pushed
    with pytest.raises(DraftUnknownError, match="r.example/no:1"):
        annotate_index(ref("r.example/no:1"), IndexOverrides("a/b"), ports=drafted.ports(now=LATER))
