"""Fetching: whole trees into the store, each thing once, and failures one by one."""

import pytest
from attrs import evolve

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    _manifest,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    referrer,
)
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    DeadlineError,
    ManifestUnknownError,
    NoSuchPlatformError,
    StoreError,
)
from manyfest.domain.events import BlobCopied, BlobStarted, ReferenceRead, TransferPlanned
from manyfest.domain.operations.content.fetch import Fetched, fetch
from manyfest.domain.operations.steps.tree import NESTING_LIMIT
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from tests.support.content.attested import attested_index
from tests.support.stores.memory_layers import MemoryLayers
from tests.unit.domain.operations.conftest import World, ref

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")
BOTH = docker_list(AMD, ARM)
LIST = ref("r.example/app:1")


class Counting(MemoryRegistry):
    """Remembers what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[Reference] = []

    def get_manifest(self, reference):
        self.reads.append(reference)
        return super().get_manifest(reference)

    def open_blob(self, reference, size):
        self.reads.append(reference)
        return super().open_blob(reference, size)


@pytest.fixture
def world() -> World:
    made = World(registry=Counting())
    made.plant(str(LIST), BOTH)
    return made


def fetched(world: World, *references: Reference, layers=None, platforms=()) -> Fetched:
    return fetch(
        references,
        ports=world.ports(layers=MemoryLayers() if layers is None else layers),
        platforms=[Platform.parse(platform) for platform in platforms],
        with_layers=layers is not None,
    )


def digests(result: Fetched) -> list[Digest]:
    return [found.manifest.digest for found in result.found]


def test_a_list_comes_with_its_images_and_their_configs(world):
    result = fetched(world, LIST)
    assert digests(result) == [BOTH.digest, AMD.digest, ARM.digest]
    assert [found.config for found in result.found] == [None, AMD.blobs[0], ARM.blobs[0]]
    assert result.failures == {}


def test_what_several_need_is_read_once(world):
    other = ref("r.example/app:2")
    world.plant(str(other), docker_list(ARM))
    fetched(world, LIST, other)
    assert len(world.registry.reads) == len(set(world.registry.reads)) == 6
    deep = ref("r.example/app:deep")
    world.plant(str(deep), oci_index(oci_index(AMD), AMD))
    world.registry.reads.clear()
    fetched(world, deep)
    assert len(world.registry.reads) == len(set(world.registry.reads)) == 4


def test_only_the_wanted_platforms_come_with_what_attests_them(world):
    image = attested_index(oci_image("linux/amd64"), oci_image("linux/arm64"))
    world.plant(str(LIST), image)
    result = fetched(world, LIST, platforms=["linux/arm64"])
    assert len(result.found) == 3
    assert {found.manifest.digest for found in result.found[1:]} == {
        image.manifest.entries[1].digest,
        image.manifest.entries[3].digest,
    }


@pytest.mark.parametrize("name", ["r.example/app:1", "r.example/app:image"])
def test_a_platform_that_is_not_there_fails_that_reference(world, name):
    world.plant("r.example/app:image", AMD)
    result = fetched(world, ref(name), platforms=["linux/s390x"])
    assert isinstance(result.failures[ref(name)], NoSuchPlatformError)


def test_lists_in_lists_come_whole(world):
    inner = oci_index(oci_image())
    world.plant("r.example/app:deep", oci_index(inner))
    result = fetched(world, ref("r.example/app:deep"))
    assert len(result.found) == 3


@pytest.mark.parametrize("deeper", [False, True])
def test_lists_are_fetched_whole_as_deep_as_they_are_copied_or_fail(world, deeper):
    name, made = ref("r.example/app:deep"), oci_image()
    for _ in range(NESTING_LIMIT + deeper):
        made = oci_index(made)
    world.plant(str(name), made)
    result = fetched(world, name)
    assert len(result.found) == NESTING_LIMIT + 1
    told = {place: str(error) for place, error in result.failures.items()}
    reason = f"{name.at(oci_image().digest)}: lists nested deeper than {NESTING_LIMIT}"
    assert told == ({name: reason} if deeper else {})


def test_everything_is_told_as_it_happens(world):
    events = []
    layers = MemoryLayers()
    result = fetch(
        [LIST],
        ports=world.ports(layers=layers),
        with_layers=True,
        on_event=events.append,
    )
    assert events[:2] == [
        ReferenceRead(),
        TransferPlanned(result.layers, result.layer_bytes, 0),
    ]
    ends = [event for event in events if isinstance(event, BlobCopied)]
    assert [end.blob.digest for end in ends] == list(layers.digests())
    assert sum(end.size for end in ends) == result.layer_bytes
    begun = [event.blob for event in events if isinstance(event, BlobStarted)]
    assert begun == [end.blob for end in ends]


def test_what_fails_is_told_as_read_too(world):
    events = []
    missing = ref("r.example/app:none")
    fetch(
        [missing, LIST],
        ports=world.ports(),
        on_event=events.append,
    )
    assert events == [ReferenceRead(), ReferenceRead(), TransferPlanned(0, 0, 0)]


def test_what_the_store_cannot_keep_is_no_failure_of_one_reference(world):
    class Full(MemoryLayers):
        def write(self, digest, size, chunks):
            raise StoreError("store.sqlite", "full")

    with pytest.raises(StoreError, match="full"):
        fetched(world, LIST, layers=Full())


def test_a_store_that_is_damaged_is_no_failure_of_one_reference(world, monkeypatch):
    def damaged(_reference):
        raise StoreError("store.sqlite", "damaged")

    monkeypatch.setattr(world.registry, "get_manifest", damaged)
    with pytest.raises(StoreError, match="damaged"):
        fetched(world, LIST)


def test_an_image_of_the_wanted_platform_is_fetched(world):
    name = ref("r.example/app:image")
    world.plant(str(name), AMD)
    assert fetched(world, name, platforms=["linux/amd64"]).failures == {}


def test_one_failure_leaves_the_others_alone(world):
    missing = ref("r.example/app:none")
    result = fetched(world, missing, LIST)
    assert list(result.failures) == [missing]
    assert isinstance(result.failures[missing], ManifestUnknownError)
    assert len(result.found) == 3


def test_a_missing_child_fails_every_list_that_has_it(world):
    world.registry.forget_manifest(LIST.at(ARM.digest))
    again, other = ref("r.example/app:again"), ref("r.example/app:amd64")
    world.registry.plant_manifest(again, BOTH.manifest)
    world.plant(str(other), AMD)
    result = fetched(world, LIST, again, other)
    assert set(result.failures) == {LIST, again}
    assert str(ARM.digest) in str(result.failures[LIST])
    assert AMD.digest in digests(result)


def test_layers_come_when_asked_for_and_once(world):
    layers = MemoryLayers()
    result = fetched(world, LIST, layers=layers)
    expected = {Digest.of(blob) for image in (AMD, ARM) for blob in image.blobs[1:]}
    assert set(layers.digests()) == expected
    assert (result.layers, result.layer_bytes) == (
        len(expected),
        sum(layers.size(digest) or 0 for digest in expected),
    )
    world.registry.reads.clear()
    again = fetched(world, LIST, layers=layers)
    assert again.layers == 0
    assert expected <= layers.renewed  # else garbage collection might take them meanwhile
    assert not expected & {read.digest for read in world.registry.reads}


def test_a_missing_layer_fails_its_lists_and_the_others_come(world):
    lost = Digest.of(AMD.blobs[1])
    other = docker_image("linux/s390x", text="other")
    world.plant("r.example/other:1", other)
    world.registry.forget_blob(LIST.at(lost))
    layers = MemoryLayers()
    result = fetched(world, LIST, ref("r.example/other:1"), layers=layers)
    assert list(result.failures) == [LIST]
    assert isinstance(result.failures[LIST], BlobUnknownError)
    assert Digest.of(other.blobs[1]) in set(layers.digests())


def test_a_missing_layer_fails_all_that_have_it(world):
    names = ref("r.example/app:amd"), ref("r.example/app:arm")
    for name, image in zip(names, (AMD, ARM), strict=True):
        world.plant(str(name), image)
    assert AMD.blobs[1] == ARM.blobs[1]
    world.registry.forget_blob(LIST.at(Digest.of(AMD.blobs[1])))
    assert set(fetched(world, *names, layers=MemoryLayers()).failures) == set(names)


def test_artifacts_come_with_their_config_as_a_layer(world):
    artifact = referrer(AMD)
    config = dict(artifact.manifest.document["config"]) | {"mediaType": "application/x-conf"}
    odd = evolve(
        artifact, manifest=_manifest(dict(artifact.manifest.document) | {"config": config})
    )
    world.plant("r.example/app:sbom", odd)
    layers = MemoryLayers()
    result = fetched(world, ref("r.example/app:sbom"), layers=layers)
    assert result.failures == {}
    assert {Digest.of(blob) for blob in odd.blobs} == set(layers.digests())


# The second list has, one level further down, what the first has.
SHARED = docker_list(AMD)
DEEPER = oci_index(oci_index(SHARED))


@pytest.fixture
def both(world: World) -> tuple[Reference, Reference]:
    names = ref("r.example/app:first"), ref("r.example/app:deeper")
    for name, image in zip(names, (SHARED, DEEPER), strict=True):
        world.plant(str(name), image)
    return names


def test_a_layer_that_is_missing_fails_what_has_it_at_any_level(world, both):
    world.registry.forget_blob(LIST.at(Digest.of(AMD.blobs[1])))
    result = fetched(world, *both, layers=MemoryLayers())
    assert set(result.failures) == set(both)


def test_an_image_that_is_missing_fails_what_has_it_at_any_level(world, both):
    world.registry.forget_manifest(LIST.at(AMD.digest))
    result = fetched(world, oci_index_of(world, "r.example/app:middle", SHARED), both[1])
    assert set(result.failures) == {ref("r.example/app:middle"), both[1]}


def oci_index_of(world: World, name: str, image) -> Reference:
    world.registry.plant_manifest(ref(name), oci_index(image).manifest)
    return ref(name)


class Late(Counting):
    """Has a list whose images take more time than there is."""

    def get_manifest(self, reference):
        found = super().get_manifest(reference)
        if reference != LIST:
            raise DeadlineError("r.example", f"{reference}: not done within the 3 s allowed")
        return found


def test_nothing_more_is_asked_for_when_no_time_is_left():
    world = World(registry=Late())
    world.plant(str(LIST), docker_list(*(docker_image(f"linux/arm/v{n}") for n in range(1, 9))))
    result = fetched(world, LIST, ref("r.example/app:2"))
    assert len(world.registry.reads) == 3  # the two named, and the first image of the list
    assert isinstance(result.failures[LIST], DeadlineError)


def test_the_error_about_a_missing_image_holds_nothing_else(world):
    missing = ref("r.example/none:1")
    error = fetched(world, missing).failures[missing]
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)
