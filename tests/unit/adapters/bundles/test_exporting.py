"""Exports: the content of a bundle, written whole or not at all, the same bytes each time."""

import json
import tarfile
import tracemalloc
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from attrs import evolve

from manyfest.adapters.bundles import tar_writer
from manyfest.adapters.bundles.folder_writer import write_folder
from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.adapters.bundles.tar_writer import write_archive
from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index, windows_image
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.errors import (
    BundleError,
    IncompleteError,
    InputError,
    LayoutError,
    NeverSeenError,
    SizeMismatchError,
)
from manyfest.domain.events import BlobCopied, BlobMoved, BlobStarted, TransferPlanned
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.content.export_bundle import (
    Exported,
    export_bundle,
    layers_with_progress,
)
from manyfest.domain.ports.bundles import BundleBlob, BundleContent
from manyfest.domain.references import Reference
from tests.support.ports import PlainPorts
from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryContents, MemoryStore
from tests.unit.adapters.bundles.conftest import NOW

ref = Reference.parse
AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64", text="other")
INDEX = oci_index(AMD, ARM)
APP, WEB = ref("r.example/app:1"), ref("r.example/web:1")


class World:
    """A store of images, and what is packed of it."""

    def __init__(self):
        self.store, self.layers = MemoryStore(), MemoryLayers()

    def keep(self, image, *references, seen_at=NOW, whole=True):
        with self.store.transaction():
            self._keep(image, whole=whole)
            self.store.contents.observe(
                Observation(each, image.digest, seen_at) for each in references
            )

    def _keep(self, image, *, whole):
        self.store.contents.keep_manifests([image.manifest])
        self.store.contents.keep_blobs(image.blobs[:1])
        for child in image.children if whole else ():
            self._keep(child, whole=whole)

    def keep_layers(self, *images):
        for image in images:
            self.layers.held |= {Digest.of(layer): layer for layer in image.blobs[1:]}

    def packed(self, *references, drafts=(), **options):
        return self.exported(references, drafts, **options).packing

    def exported(self, references, drafts=(), **options) -> Exported:
        return export_bundle(
            references, drafts, ports=PlainPorts(store=self.store, layers=self.layers), **options
        )


@pytest.fixture
def world():
    return World()


def digests(blobs):
    return {blob.digest for blob in blobs}


def names(packing):
    return [
        json.loads(entry)["annotations"]["io.containerd.image.name"]
        for entry in packing.entries.values()
    ]


def test_an_image_goes_with_all_it_lists_and_their_configs(world):
    world.keep(INDEX, APP)
    packing = world.packed(APP)
    assert digests(packing.manifests) == {INDEX.digest, AMD.digest, ARM.digest}
    assert digests(packing.configs) == {Digest.of(each.blobs[0]) for each in (AMD, ARM)}
    (entry,) = packing.entries.values()
    assert json.loads(entry)["annotations"] == {
        "io.containerd.image.name": "r.example/app:1",
        "org.opencontainers.image.ref.name": "r.example/app:1",
        "dev.manyfest.first-seen": "2026-05-01T12:00:00.000000+00:00",
        "dev.manyfest.last-seen": "2026-05-01T12:00:00.000000+00:00",
    }


def test_the_newest_is_what_a_tag_points_to(world):
    world.keep(AMD, APP, seen_at=NOW - timedelta(days=1))
    world.keep(ARM, APP)
    assert digests(world.packed(APP).manifests) == {ARM.digest}


def test_a_digest_goes_by_its_digest(world):
    world.keep(AMD)
    named = f"r.example/app@{AMD.digest}"
    assert names(world.packed(ref(named))) == [named]


def test_what_is_not_held_is_said(world):
    world.keep(INDEX, APP, whole=False)
    with pytest.raises(IncompleteError, match=f"images of {APP}: {AMD.digest} and 1 more missing"):
        world.packed(APP)
    with pytest.raises(NeverSeenError, match=str(WEB)):
        world.packed(WEB)
    with pytest.raises(InputError, match="copy the folder of the layout"):
        world.packed(ref("oci:x:1"))


def test_a_config_that_is_missing_is_said(world):
    world.keep(AMD, APP)
    del world.store.held.blobs[Digest.of(AMD.blobs[0])]
    world.keep_layers(AMD)
    with pytest.raises(IncompleteError, match=str(Digest.of(AMD.blobs[0]))):
        world.packed(APP, with_layers=True)


def test_a_manifest_that_was_seen_and_is_not_held_any_more_is_said(world):
    world.keep(AMD, APP)
    del world.store.held.manifests[AMD.digest]
    with pytest.raises(NeverSeenError, match=str(APP)):
        world.packed(APP)
    with pytest.raises(NeverSeenError, match=str(ARM.digest)):
        world.packed(APP.at(ARM.digest))


def test_a_config_that_is_cleaned_away_before_it_is_written_is_said(world):
    world.keep(AMD, APP)
    (config,) = world.packed(APP).configs
    world.store.held.blobs.clear()
    with pytest.raises(NeverSeenError, match=str(config.digest)), config.source():
        pass


def test_what_was_seen_of_folders_stays(world):
    world.keep(AMD, APP, ref("oci:/x:1"))
    assert names(world.exported(None).packing) == [str(APP)]


def test_of_all_that_was_seen_what_is_not_whole_is_left_out(world):
    world.keep(INDEX, APP, whole=False)
    world.keep(docker_image(), WEB)
    exported = world.exported(None)
    assert (names(exported.packing), exported.left_out) == ([str(WEB)], (APP,))
    exported = world.exported(None, with_layers=True)
    assert (names(exported.packing), exported.left_out) == ([], (APP, WEB))


def test_of_all_that_was_seen_no_single_tag_is_looked_up(world, monkeypatch):
    world.keep(AMD, APP)
    world.keep(ARM, WEB)

    def last_observation(_, reference):
        raise AssertionError(reference)

    monkeypatch.setattr(MemoryContents, "last_observation", last_observation)
    assert len(world.exported(None).packing.entries) == 2


def test_a_sparse_bundle_has_what_is_held(world):
    world.keep(INDEX, APP, whole=False)
    world.keep(ARM)
    packing = world.packed(APP, sparse=True)
    assert digests(packing.manifests) == {INDEX.digest, ARM.digest}
    exported = world.exported(None, sparse=True)
    assert (exported.packing.entries, exported.left_out) == (packing.entries, ())
    with pytest.raises(IncompleteError, match=f"layers of {APP}: {Digest.of(ARM.blobs[1])} miss"):
        world.packed(APP, sparse=True, with_layers=True)


def test_layers_are_announced_as_they_are_written(world, tmp_path):
    world.keep(AMD, APP)
    world.keep_layers(AMD)
    events = []
    packing = layers_with_progress(world.packed(APP, with_layers=True), events.append)
    layer, size = Digest.of(AMD.blobs[1]), len(AMD.blobs[1])
    assert events == [TransferPlanned(1, size, 0)]
    write_archive(tmp_path / "a.tar", packing, compressed=False)
    assert events[1:] == [BlobStarted(layer), BlobMoved(layer, size), BlobCopied(layer, size)]


def test_layers_go_along_when_asked_and_held(world):
    world.keep(INDEX, APP)
    world.keep_layers(AMD)
    with pytest.raises(IncompleteError, match=f"layers of {APP}: {Digest.of(ARM.blobs[1])}"):
        world.packed(APP, with_layers=True)
    world.keep_layers(ARM)
    assert digests(world.packed(APP).layers) == set()
    assert digests(world.packed(APP, with_layers=True).layers) == set(world.layers.held)


def test_a_config_that_is_kept_as_a_layer_goes_with_the_layers(world):
    world.keep(AMD, APP)
    world.keep_layers(AMD)
    config = Digest.of(AMD.blobs[0])
    world.layers.held[config] = world.store.held.blobs.pop(config)
    assert digests(world.packed(APP).configs) == set()
    assert digests(world.packed(APP, with_layers=True).configs) == {config}


def test_layers_that_live_elsewhere_are_not_missed(world):
    image = windows_image()
    world.keep(image, APP)
    world.keep_layers(image)
    assert len(world.packed(APP, with_layers=True).layers) == 1


def test_blobs_that_went_before_stay(world, tmp_path):
    world.keep(AMD, APP)
    write_archive(tmp_path / "first.tar", world.packed(APP), compressed=False)
    world.keep(INDEX, WEB)
    with open_bundle(tmp_path / "first.tar") as first:
        packing = world.packed(APP, WEB, earlier=[first])
    assert digests(packing.manifests) == {INDEX.digest, ARM.digest}
    assert digests(packing.configs) == {Digest.of(ARM.blobs[0])}
    assert len(packing.entries) == 2


def test_a_draft_goes_with_what_is_held_of_it(world):
    listed = docker_list(docker_image(), docker_image("linux/arm64"))
    world.keep(listed, whole=False)
    world.keep(AMD)
    entries = (
        Entry(APP, AMD.manifest.descriptor()),
        *(Entry(WEB, each, listed.digest) for each in listed.manifest.entries),
    )
    draft = Draft(ref("r.example/list:1"), NOW, NOW, entries)
    packing = world.packed(drafts=[draft])
    assert digests(packing.manifests) == {AMD.digest, listed.digest}
    assert packing.drafts == (draft,)
    assert packing.entries == {}


def test_the_order_of_the_names_makes_no_difference(world):
    world.keep(AMD, APP)
    world.keep(ARM, WEB)
    one, other = world.packed(APP, WEB), world.packed(WEB, APP)
    assert names(one) == names(other)
    assert [blob.digest for blob in one.blobs] == [blob.digest for blob in other.blobs]


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
def test_the_same_store_gives_the_same_bytes(world, tmp_path, compressed):
    world.keep(INDEX, APP, WEB)
    world.keep_layers(AMD, ARM)
    other = World()
    other.keep_layers(ARM, AMD)
    other.keep(INDEX, WEB, APP)
    for name, each, order in (("a", world, (APP, WEB)), ("b", other, (WEB, APP))):
        packing = each.packed(*order, with_layers=True)
        write_archive(tmp_path / name, packing, compressed=compressed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_archive_has_documents_first_and_nobody_in_it(world, tmp_path):
    world.keep(INDEX, APP)
    world.keep_layers(AMD, ARM)
    write_archive(tmp_path / "a.tar", world.packed(APP, with_layers=True), compressed=False)
    with tarfile.open(tmp_path / "a.tar") as tar:
        members = tar.getmembers()
    assert [each.name for each in members[:2]] == ["oci-layout", "index.json"]
    assert {(each.mtime, each.uid, each.gid, each.uname) for each in members} == {(0, 0, 0, "")}
    layers = {Digest.of(each.blobs[1]).hex for each in (AMD, ARM)}
    assert {each.name.rpartition("/")[2] for each in members[-2:]} == layers
    assert (tmp_path / "a.tar").stat().st_size % 10240 == 0


def test_an_archive_takes_the_place_of_a_file_and_of_nothing_else(world, tmp_path):
    world.keep(AMD, APP)
    (tmp_path / "a.tar").write_bytes(b"before")
    write_archive(tmp_path / "a.tar", world.packed(APP), compressed=False)
    assert tarfile.is_tarfile(tmp_path / "a.tar")
    (tmp_path / "b.tar").mkdir()
    with pytest.raises(BundleError, match="is not a regular file"):
        write_archive(tmp_path / "b.tar", world.packed(APP), compressed=False)


@contextmanager
def broken():
    yield iter([b"half", b""])


BROKEN = BundleContent({}, layers=(BundleBlob(Digest.of(b"half of it"), 10, broken),))


WRITERS = {
    "plain": partial(write_archive, compressed=False),
    "compressed": partial(write_archive, compressed=True),
    "folder": write_folder,
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_what_fails_leaves_nothing_behind(tmp_path, write):
    (tmp_path / "place").mkdir()
    with pytest.raises(SizeMismatchError):
        write(tmp_path / "place/target", BROKEN)
    assert [*tmp_path.joinpath("place").iterdir()] == []


def test_what_fails_leaves_the_file_that_was_there(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"before")
    with pytest.raises(SizeMismatchError):
        write_archive(tmp_path / "a.tar", BROKEN, compressed=False)
    assert (tmp_path / "a.tar").read_bytes() == b"before"


def test_a_layout_is_added_to_and_its_names_come_last(world, tmp_path):
    world.keep(AMD, APP)
    write_folder(tmp_path / "layout", world.packed(APP))
    world.keep(ARM, APP, WEB, seen_at=NOW + timedelta(days=1))
    index = tmp_path / "layout/index.json"
    document = json.loads(index.read_bytes())
    document["manifests"].append(AMD.manifest.descriptor().to_json())
    index.write_text(json.dumps(document | {"annotations": {"theirs": "stays"}}))
    with pytest.raises(SizeMismatchError):
        write_folder(tmp_path / "layout", BROKEN)
    write_folder(tmp_path / "layout", world.packed(APP, WEB))
    document = json.loads(index.read_bytes())
    assert document["annotations"] == {"theirs": "stays"}
    listed = {
        each.get("annotations", {}).get("org.opencontainers.image.ref.name"): each["digest"]
        for each in document["manifests"]
    }
    assert listed == {None: str(AMD.digest), str(APP): str(ARM.digest), str(WEB): str(ARM.digest)}


def test_a_folder_that_two_make_at_a_time_has_what_both_bring(world, tmp_path):
    world.keep(AMD, APP)
    world.keep(ARM, WEB)
    target = tmp_path / "layout"

    @contextmanager
    def overtaken():
        write_folder(target, world.packed(WEB))
        yield iter([b"late"])

    late = BundleBlob(Digest.of(b"late"), 4, overtaken)
    write_folder(target, evolve(world.packed(APP), layers=(late,)))
    with open_bundle(target) as bundle:
        listed = {entry.digest for entry in bundle.entries}
        assert listed == {AMD.digest, ARM.digest}
        assert bundle.size(late.digest) == 4
    assert not [*tmp_path.glob(".manyfest-*")]


def test_damage_in_a_layout_is_mended(world, tmp_path):
    world.keep(AMD, APP)
    write_folder(tmp_path / "layout", world.packed(APP))
    blob = tmp_path / "layout/blobs/sha256" / AMD.digest.hex
    blob.write_bytes(b"\0" * len(AMD.manifest.data))
    write_folder(tmp_path / "layout", world.packed(APP))
    assert blob.read_bytes() == AMD.manifest.data


def test_a_folder_that_is_no_layout_is_left_alone(world, tmp_path):
    world.keep(AMD, APP)
    notes = tmp_path / "mine/notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine")
    with pytest.raises(LayoutError):
        write_folder(notes.parent, world.packed(APP))
    assert [*notes.parent.iterdir()] == [notes]


def test_drafts_of_a_layout_stay_beside_new_ones(world, tmp_path):
    one, two = (Draft(ref(f"r.example/list:{n}"), NOW, NOW) for n in "12")
    write_folder(tmp_path / "layout", world.packed(drafts=[one]))
    write_folder(tmp_path / "layout", world.packed(drafts=[two]))
    with open_bundle(tmp_path / "layout") as bundle:
        assert bundle.drafts == (one, two)


def test_an_export_holds_no_manifest_in_memory(world, monkeypatch):
    """Of 40 images with 500 kB each, which the bundle's writer reads one by one."""
    names = [ref(f"r.example/a:{number}") for number in range(40)]
    for number, name in enumerate(names):
        image = oci_image("linux/amd64", text=str(number))
        data = image.manifest.data + b" " * 500_000
        world.keep(evolve(image, manifest=evolve(image.manifest, data=data)), name)
    read = MemoryContents.manifest

    def read_anew(contents, digest):  # bytes of their own, as a database has
        found = read(contents, digest)
        return evolve(found, data=bytes(bytearray(found.data)))

    monkeypatch.setattr(MemoryContents, "manifest", read_anew)
    tracemalloc.start()
    try:
        packing = world.packed(*names)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(packing.manifests) == len(names)
    assert kept < 1_000_000


def test_a_list_of_large_images_is_read_one_image_at_a_time(world, monkeypatch):
    images = [
        evolve(each, manifest=evolve(each.manifest, data=each.manifest.data + b" " * 500_000))
        for each in (oci_image("linux/amd64", text=str(number)) for number in range(40))
    ]
    world.keep(oci_index(*images), APP)
    read = MemoryContents.manifest

    def read_anew(contents, digest):  # bytes of their own, as a database has
        found = read(contents, digest)
        return evolve(found, data=bytes(bytearray(found.data)))

    monkeypatch.setattr(MemoryContents, "manifest", read_anew)
    tracemalloc.start()
    try:
        packing = world.packed(APP)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(packing.manifests) == len(images) + 1
    assert peak < 5_000_000


def test_a_header_is_what_tarfile_writes():
    for path, size in (("oci-layout", 0), ("a" * 100, 8**11 - 1), ("a" * 101, 8**11)):
        info = tarfile.TarInfo(path)
        info.size = size
        expected = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
        (header, *_) = tar_writer._file(path, size, ())
        assert header == expected
