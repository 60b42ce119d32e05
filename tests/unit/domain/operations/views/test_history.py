"""The history of a tag, and each change, from the store."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from manyfest.contracts.images import Image, docker_image, docker_list, oci_image, oci_index
from manyfest.domain.comparison.status import Status
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.views.history import history
from tests.support.content.attested import attested_index
from tests.support.stores.memory_store import MemoryStore
from tests.unit.domain.operations.conftest import NOW, ref

NAME = ref("r.example/app:1")
AMD, ARM, Z = (docker_image(f"linux/{name}") for name in ("amd64", "arm64", "s390x"))
NEW_AMD = docker_image("linux/amd64", text="new")

Changed = list[tuple[str, Status]]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def seen(store: MemoryStore) -> Callable[..., None]:
    """The tag points to these images, one an hour."""

    def see(*images: Image) -> None:
        with store.transaction():
            store.contents.keep_manifests(image.manifest for image in images)
            for hours, image in enumerate(images):
                moment = NOW + timedelta(hours=hours)
                store.contents.observe([Observation(NAME, image.digest, moment)])

    return see


def changed(store: MemoryStore, number: int = 0) -> Changed:
    changes = history(NAME, store.contents)[number].changes
    assert changes is not None
    return [(str(one.platform), one.status) for one in changes]


def test_states_have_the_numbers_by_which_they_are_named(store: MemoryStore, seen) -> None:
    first, second = docker_list(AMD), docker_list(AMD, ARM)
    seen(first, first, second, first)
    states = history(evolve(NAME, digest=second.digest), store.contents)
    assert [(state.number, state.observation.digest) for state in states] == [
        (0, first.digest),
        (1, second.digest),
        (2, first.digest),
    ]
    assert states[2].observation.seen_at - states[2].observation.first_seen == timedelta(hours=1)
    assert [len(state.images) for state in states] == [1, 2, 1]


def test_the_oldest_has_nothing_before_it(store: MemoryStore, seen) -> None:
    seen(docker_list(AMD))
    (state,) = history(NAME, store.contents)
    assert state.changes is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            docker_list(AMD, ARM),
            docker_list(NEW_AMD, Z),
            [
                ("linux/amd64", Status.CHANGED),
                ("linux/arm64", Status.REMOVED),
                ("linux/s390x", Status.ADDED),
            ],
        ),
        (docker_list(AMD, ARM), docker_list(ARM, AMD), []),
        (docker_list(AMD), oci_index(AMD, annotations={"a": "b"}), []),
        (AMD, NEW_AMD, [("None", Status.CHANGED)]),
        (AMD, docker_list(AMD), [("None", Status.REMOVED), ("linux/amd64", Status.ADDED)]),
        (
            oci_index(oci_image("linux/amd64")),
            attested_index(oci_image("linux/amd64")),
            [("linux/amd64", Status.CHANGED)],
        ),
    ],
)
def test_changes_are_told_by_platform(
    store: MemoryStore, seen, before: Image, after: Image, expected: Changed
) -> None:
    seen(before, after)
    assert changed(store) == expected


def test_what_the_list_says_of_an_image_is_a_change_of_it(store: MemoryStore, seen) -> None:
    annotated = docker_list(AMD)
    data = annotated.manifest.data.replace(b'"size"', b'"annotations": {"a": "b"}, "size"')
    seen(docker_list(AMD), evolve(annotated, manifest=evolve(annotated.manifest, data=data)))
    assert changed(store) == [("linux/amd64", Status.CHANGED)]


def test_a_tag_that_was_an_image_says_so_by_having_no_platform(store: MemoryStore, seen) -> None:
    seen(AMD, NEW_AMD)
    states = history(NAME, store.contents)
    assert [state.images for state in states] == [(), ()]
    assert changed(store) == [("None", Status.CHANGED)]


def test_a_state_that_is_not_held_is_told_without_its_changes(store: MemoryStore, seen) -> None:
    seen(docker_list(AMD), docker_list(AMD, ARM), docker_list(ARM))
    del store.held.manifests[docker_list(AMD, ARM).digest]
    states = history(NAME, store.contents)
    assert [state.changes for state in states] == [None, None, None]
    assert [len(state.images) for state in states] == [1, 0, 1]


def test_a_tag_that_was_never_seen_is_an_error(store: MemoryStore) -> None:
    with pytest.raises(NeverSeenError, match="r.example/app:1 is not cached"):
        history(NAME, store.contents)
