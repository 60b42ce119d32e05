"""Imports: a bundle's content, and nothing of a bundle with a fault."""

import bz2
import gzip
import json
import lzma
import os
import tarfile
import tracemalloc
from datetime import timedelta

import pytest
import zstandard
from attrs import evolve

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import (
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    push_image,
)
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.draft_json import encode_drafts
from manyfest.domain.errors import (
    BundleError,
    ConflictError,
    DigestMismatchError,
    DocumentError,
    ManyfestError,
    SizeMismatchError,
    SparseBundleError,
)
from manyfest.domain.events import BlobCopied, TransferPlanned
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.steps.tree import NESTING_LIMIT
from manyfest.domain.references import Layout, Reference
from tests.support.content import bundles
from tests.unit.adapters.bundles.conftest import NOW

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64", text="other")
NEXT = oci_image("linux/amd64", text="next")
INDEX = oci_index(AMD, ARM)
NAME = "r.example/team/app:1"
WHOLE = bundles.layout([bundles.entry(INDEX, image_name=NAME)], INDEX)
PACKERS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "zstd in frames": lambda data: b"".join(
        zstandard.compress(data[start : start + 3000]) for start in range(0, len(data), 3000)
    ),
}


def without(files, *gone):
    paths = {bundles.blob_path(data) for data in gone}
    return {path: data for path, data in files.items() if path not in paths}


@pytest.mark.parametrize("packed", PACKERS.values(), ids=PACKERS)
def test_an_archive_brings_all_it_has(take, archived, packed):
    imported = take(archived(packed(bundles.tar(WHOLE))))
    assert {*imported.manifests} == {INDEX.digest, AMD.digest, ARM.digest}
    assert imported.tags == (Reference.parse(NAME),)
    assert take.digest_of(NAME) == str(INDEX.digest)
    for image in (INDEX, AMD, ARM):
        assert take.store.contents.manifest(image.digest).data == image.manifest.data
    assert take.store.contents.blob(Digest.of(AMD.blobs[0])) == AMD.blobs[0]
    assert {*imported.layers} == {*take.store.layers.digests()} != set()


def test_a_folder_does_so_too(take, unpacked):
    assert len(take(unpacked(WHOLE)).layers) == 2


def test_documents_in_front_of_layers_and_behind_them_are_found(take, archived):
    large = {"blobs/sha256/" + "0" * 64: bytes(5_000_000)}
    backwards = dict(reversed(WHOLE.items()))
    imported = take(archived(zstandard.compress(bundles.tar(large | backwards))))
    assert len(imported.layers) == 2


def test_large_layers_of_compressed_archives_are_streamed(take, archived):
    big = bytes(range(256)) * 20_000
    image = oci_image()
    layer = Descriptor("application/vnd.oci.image.layer.v1.tar", Digest.of(big), len(big))
    document = dict(image.manifest.document) | {"layers": [layer.to_json()]}
    data = json.dumps(document).encode()
    listed = Descriptor(image.manifest.media_type, Digest.of(data), len(data)).to_json()
    files = bundles.layout([listed], **{bundles.blob_path(each): each for each in (big, data)})
    take(archived(gzip.compress(bundles.tar(files))))
    with take.store.layers.open(Digest.of(big)) as chunks:
        assert b"".join(chunks) == big


def test_configs_and_layers_may_be_absent(take, archived):
    image = docker_image()
    files = without(bundles.layout([bundles.entry(image)], image), *image.blobs)
    imported = take(archived(files))
    assert (imported.manifests, imported.layers) == ((image.digest,), ())
    assert imported.unnamed == (image.digest,)


def test_layers_may_be_left(take, archived):
    assert take(archived(WHOLE), with_layers=False).layers == ()
    assert [*take.store.layers.digests()] == []


def test_a_child_that_came_earlier_need_not_come_again(take, archived):
    later = without(WHOLE, AMD.manifest.data)
    with pytest.raises(BundleError, match=f"lists {AMD.digest} without bringing it"):
        take(archived(later))
    assert take.holds_nothing()
    take(archived(bundles.layout([bundles.entry(AMD)], AMD)))
    assert set(take(archived(later)).manifests) == {INDEX.digest, ARM.digest}


def test_lists_of_which_some_images_are_nowhere_are_taken_when_asked_for(take, archived):
    path = archived(without(WHOLE, AMD.manifest.data))
    assert set(take(path, sparse=True).manifests) == {INDEX.digest, ARM.digest}
    assert take.digest_of(NAME) == str(INDEX.digest)


def test_an_image_that_is_listed_itself_is_never_missing(take, archived):
    with pytest.raises(SparseBundleError):
        take(archived(without(WHOLE, INDEX.manifest.data)), sparse=True)


ENDLESS = AMD
for _ in range(NESTING_LIMIT + 1):
    ENDLESS = oci_index(ENDLESS)
FLIPPED = AMD.manifest.data[:-1] + b" "
WRONG = {
    "an index that names what is nowhere": (without(WHOLE, INDEX.manifest.data), BundleError),
    "another manifest of the same size": (
        WHOLE | {bundles.blob_path(AMD.manifest.data): FLIPPED},
        DigestMismatchError,
    ),
    "another config": (
        WHOLE | {bundles.blob_path(AMD.blobs[0]): bytes(len(AMD.blobs[0]))},
        DigestMismatchError,
    ),
    "another layer": (
        WHOLE | {bundles.blob_path(ARM.blobs[1]): bytes(len(ARM.blobs[1]))},
        DigestMismatchError,
    ),
    "a longer layer": (
        WHOLE | {bundles.blob_path(ARM.blobs[1]): ARM.blobs[1] + b"x"},
        SizeMismatchError,
    ),
    "a size in the index that is none": (
        bundles.layout([bundles.entry(AMD) | {"size": 7}], AMD),
        SizeMismatchError,
    ),
    "a manifest larger than any": (
        bundles.layout([bundles.entry(AMD) | {"size": 2**40}], AMD),
        DocumentError,
    ),
    "a type that nobody knows": (
        bundles.layout([bundles.entry(AMD) | {"mediaType": "a/b"}], AMD),
        DocumentError,
    ),
    "another type than it has": (
        bundles.layout(
            [bundles.entry(AMD) | {"mediaType": docker_image().manifest.media_type}], AMD
        ),
        DocumentError,
    ),
    "one name for two images": (
        bundles.layout([bundles.entry(each, image_name=NAME) for each in (AMD, NEXT)], AMD, NEXT),
        BundleError,
    ),
    "a time that is none": (
        bundles.layout(
            [bundles.entry(AMD, image_name=NAME, **{"dev.manyfest.last-seen": "soon"})], AMD
        ),
        BundleError,
    ),
    "a time outside of the calendar": (
        bundles.layout(
            [
                bundles.entry(
                    AMD,
                    image_name=NAME,
                    **{"dev.manyfest.last-seen": "9999-12-31T23:59:59-12:00"},
                )
            ],
            AMD,
        ),
        BundleError,
    ),
    "a digest that could be a path": (
        bundles.layout([bundles.entry(AMD) | {"digest": "sha256:../../../x"}], AMD),
        BundleError,
    ),
    "an index of another type": (
        WHOLE | {"index.json": b'{"schemaVersion": 2, "mediaType": "a/b", "manifests": []}'},
        BundleError,
    ),
    "an index that lists nothing one can read": (
        WHOLE | {"index.json": b'{"schemaVersion": 2, "manifests": {"a": 1}}'},
        BundleError,
    ),
    "lists nested without end": (
        bundles.layout([bundles.entry(ENDLESS)], ENDLESS),
        DocumentError,
    ),
    "drafts nobody understands": (WHOLE | {"manyfest/drafts.json": b"[]"}, DocumentError),
}


@pytest.mark.parametrize(("files", "error"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_and_nothing_is_taken(take, archived, files, error):
    with pytest.raises(error) as raised:
        take(archived(files))
    assert take.holds_nothing()
    (line,) = str(raised.value).splitlines()
    assert "bundle.tar" in line


def test_a_manifest_may_go_by_sha512(take, archived):
    digest = Digest.of(AMD.manifest.data, "sha512")
    files = bundles.layout([bundles.entry(AMD) | {"digest": str(digest)}], AMD)
    take(archived(files | {f"blobs/sha512/{digest.hex}": AMD.manifest.data}))
    assert take.store.contents.manifest(digest).digest == digest


def test_a_config_that_goes_by_sha512_is_kept_as_a_layer(take, archived):
    config = Digest.of(AMD.blobs[0], "sha512")
    document = dict(AMD.manifest.document)
    document["config"] = document["config"] | {"digest": str(config)}
    image = evolve(AMD, manifest=evolve(AMD.manifest, data=json.dumps(document).encode()))
    files = bundles.layout([bundles.entry(image)], image)
    take(archived(files | {f"blobs/sha512/{config.hex}": AMD.blobs[0]}))
    assert take.store.layers.size(config) == len(AMD.blobs[0])


def test_layers_that_were_there_before_are_as_young_as_new_ones(take, archived):
    path = archived(bundles.tar(WHOLE))
    held = take.store.layers.folder / "sha256" / Digest.of(AMD.blobs[1]).hex
    take(path)
    os.utime(held, (0, 0))
    take(path)
    assert held.stat().st_mtime > 0


def test_layers_are_announced_as_they_are_taken(take, archived):
    path, events = archived(bundles.tar(WHOLE)), []
    take(path, on_event=events.append)
    layers = {Digest.of(image.blobs[1]): len(image.blobs[1]) for image in (AMD, ARM)}
    assert events[0] == TransferPlanned(2, sum(layers.values()), 0)
    assert {each.blob: each.size for each in events if isinstance(each, BlobCopied)} == layers
    take(path, on_event=events.append)
    assert events[-1] == TransferPlanned(0, 0, 0)


def test_layers_that_were_there_before_stay_when_a_bundle_is_refused(take, archived):
    layer = AMD.blobs[1]
    take.store.layers.write(Digest.of(layer), len(layer), [layer])
    broken = WHOLE | {bundles.blob_path(AMD.blobs[0]): bytes(len(AMD.blobs[0]))}
    with pytest.raises(ManyfestError):
        take(archived(broken))
    assert [*take.store.layers.digests()] == [Digest.of(layer)]


NAMES = {
    "containerd's name": ({"image_name": NAME, "ref_name": "1"}, None, NAME),
    "buildx's name of a hub image": ({"image_name": "docker.io/a/b:1"}, None, "docker.io/a/b:1"),
    "a full ref.name": ({"ref_name": NAME}, None, NAME),
    "a port": ({"ref_name": "localhost:5000/a:1"}, None, "localhost:5000/a:1"),
    "a bare tag": ({"ref_name": "v1"}, "r.example/x", "r.example/x:v1"),
    "a short name": ({"ref_name": "app:v2"}, "r.example/x", "r.example/x:v2"),
    "a full one beside --as": ({"ref_name": NAME}, "r.example/x", NAME),
}


@pytest.mark.parametrize(("annotations", "place", "name"), NAMES.values(), ids=NAMES)
def test_how_an_image_comes_by_its_name(take, archived, annotations, place, name):
    path = archived(bundles.layout([bundles.entry(AMD, **annotations)], AMD))
    assert [*map(str, take(path, place=place).tags)] == [name]
    assert take.digest_of(name) == str(AMD.digest)


NO_NAMES = {
    "a bare tag": ({"ref_name": "v1"}, "calls an image 'v1', of no repository"),
    "a short name": ({"ref_name": "team/app:1"}, "calls an image 'team/app:1', of no repository"),
    "a folder": ({"image_name": "oci:/etc:1"}, "an image that is of no registry: 'oci:/etc:1'"),
    "an adapter's": ({"image_name": "shelf://s:1"}, "is of no registry: 'shelf://s:1'"),
    "no name at all": ({"image_name": "A B"}, "an image with an invalid name"),
    "another's digest": ({"image_name": f"r.example/a@{ARM.digest}"}, "calls sha256:"),
}


@pytest.mark.parametrize(("annotations", "sentence"), NO_NAMES.values(), ids=NO_NAMES)
def test_names_that_lead_nowhere_are_refused(take, archived, annotations, sentence):
    path = archived(bundles.layout([bundles.entry(AMD, **annotations)], AMD))
    with pytest.raises(BundleError, match=sentence):
        take(path)
    assert take.holds_nothing()


def test_a_name_with_a_digest_makes_no_tag(take, archived):
    name = f"r.example/a@{AMD.digest}"
    imported = take(archived(bundles.layout([bundles.entry(AMD, image_name=name)], AMD)))
    assert (imported.tags, imported.unnamed) == ((), ())
    assert tuple(take.store.contents.latest()) == ()
    assert take.store.contents.manifest(AMD.digest) == AMD.manifest


def seen(image, first, last):
    days = {"first": first, "last": last}
    times = {
        f"dev.manyfest.{key}-seen": (NOW + timedelta(days=day)).isoformat()
        for key, day in days.items()
    }
    return bundles.layout([bundles.entry(image, image_name=NAME, **times)], image)


def test_what_was_seen_later_here_is_not_hidden(take, archived):
    with take.store.transaction():
        take.store.contents.keep_manifests([ARM.manifest])
        take.store.contents.observe([Observation(Reference.parse(NAME), ARM.digest, NOW)])
    take(archived(seen(AMD, -5, -1)))
    assert take.digest_of(NAME) == str(ARM.digest)
    history = take.store.contents.history(Reference.parse(NAME))
    assert [each.digest for each in history] == [ARM.digest, AMD.digest]
    assert history[1].first_seen == NOW - timedelta(days=5)


def test_nothing_was_seen_in_the_future(take, archived):
    take(archived(seen(AMD, 2, 90)))
    last = take.store.contents.last_observation(Reference.parse(NAME))
    assert (last.first_seen, last.seen_at) == (NOW, NOW)


DRAFT = Draft(
    Reference.parse("r.example/team/list:1"),
    NOW,
    NOW,
    (Entry(Reference.parse(NAME), AMD.manifest.descriptor()),),
)
OTHER = Draft(DRAFT.name, NOW, NOW, (Entry(Reference.parse(NAME), ARM.manifest.descriptor()),))


def with_draft(draft):
    return bundles.layout([], AMD) | {"manyfest/drafts.json": encode_drafts([draft])}


def test_a_draft_comes_with_what_it_lists(take, archived):
    assert take(archived(with_draft(DRAFT))).drafts == (DRAFT.name,)
    assert take.store.drafts.drafts() == (DRAFT,)
    assert take.store.contents.manifest(AMD.digest) == AMD.manifest


def test_the_list_that_a_draft_took_apart_comes_along(take, archived):
    entries = (Entry(Reference.parse(NAME), each, INDEX.digest) for each in INDEX.manifest.entries)
    draft = Draft(DRAFT.name, NOW, NOW, tuple(entries))
    files = bundles.layout([], INDEX) | {"manyfest/drafts.json": encode_drafts([draft])}
    take(archived(without(files, ARM.manifest.data)), sparse=True)
    assert take.store.contents.manifest(INDEX.digest) == INDEX.manifest
    assert take.store.contents.manifest(AMD.digest) == AMD.manifest


def test_what_a_draft_lists_may_be_left_where_it_is(take, archived):
    files = with_draft(DRAFT)
    take(archived(without(files, AMD.manifest.data)))
    assert take.store.drafts.drafts() == (DRAFT,)
    assert take.store.contents.manifest(AMD.digest) is None


def test_a_draft_that_differs_stays_unless_forced(take, archived):
    with take.store.transaction():
        take.store.drafts.save(OTHER)
    with pytest.raises(ConflictError, match="another draft"):
        take(archived(with_draft(DRAFT)))
    assert take.store.drafts.drafts() == (OTHER,)
    assert take.store.contents.manifest(AMD.digest) is None
    take(archived(with_draft(DRAFT)), force=True)
    assert take.store.drafts.drafts() == (DRAFT,)


@pytest.mark.parametrize(
    "carried",
    [
        evolve(DRAFT, created_at=NOW - timedelta(days=1)),
        evolve(DRAFT, changed_at=NOW + timedelta(days=1)),
        DRAFT.marked_pushed(AMD.digest),
    ],
    ids=["created", "changed", "pushed"],
)
def test_the_draft_that_is_here_stays_if_the_other_differs_in_its_times(take, archived, carried):
    with take.store.transaction():
        take.store.drafts.save(DRAFT)
    take(archived(with_draft(carried)))
    assert take.store.drafts.drafts() == (DRAFT,)


@pytest.mark.parametrize("there", [DRAFT, OTHER.marked_pushed(ARM.digest)], ids=["same", "pushed"])
def test_a_draft_that_is_the_same_or_was_pushed_is_no_conflict(take, archived, there):
    with take.store.transaction():
        take.store.drafts.save(there)
    take(archived(with_draft(DRAFT)))
    assert take.store.drafts.drafts() == (DRAFT,)


def test_a_draft_that_is_here_already_keeps_no_other_back(take, archived):
    another = evolve(DRAFT, name=Reference.parse("r.example/team/list:2"))
    with take.store.transaction():
        take.store.drafts.save(DRAFT)
    files = with_draft(DRAFT) | {"manyfest/drafts.json": encode_drafts([DRAFT, another])}
    take(archived(files))
    assert take.store.drafts.drafts() == (DRAFT, another)


def test_lists_of_lists_share_children(take, archived):
    nested = oci_index(INDEX, oci_index(INDEX, AMD))
    listed = docker_list(docker_image())
    files = bundles.layout([bundles.entry(nested), bundles.entry(listed)], nested, listed)
    assert len(take(archived(files)).manifests) == 7


def test_large_images_of_a_list_are_in_memory_one_at_a_time(take, tmp_path):
    """40 images whose manifests have 500 kB each."""
    images = [
        evolve(each, manifest=evolve(each.manifest, data=each.manifest.data + b" " * 500_000))
        for each in (oci_image("linux/amd64", text=str(number)) for number in range(40))
    ]
    place = Reference(Layout(str(tmp_path / "layout")), "1")
    push_image(LayoutRegistry(), place, oci_index(*images))
    with tarfile.open(tmp_path / "layout.tar", "w") as archive:
        archive.add(tmp_path / "layout", ".")
    tracemalloc.start()
    try:
        imported = take(tmp_path / "layout.tar", place="r.example/app")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(imported.manifests) == len(images) + 1
    assert peak < 8_000_000
    for image in images:
        assert take.store.contents.manifest(image.digest) == image.manifest
