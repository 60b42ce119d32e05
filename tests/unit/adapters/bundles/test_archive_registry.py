"""Archives as a registry: images by name, number and digest, from any form of tar file."""

import gzip
import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from manyfest.adapters.bundles.archive_registry import ArchiveRegistry
from manyfest.adapters.bundles.open_bundle import bundle_of
from manyfest.adapters.bundles.tar_reader import ArchiveFiles
from manyfest.adapters.deadline import Deadline
from manyfest.contracts.images import (
    docker_image,
    oci_image,
    oci_index,
    pull_blob,
    referrer,
)
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    BundleError,
    DeadlineError,
    DigestMismatchError,
    FileUnknownError,
    ManifestUnknownError,
    ReadOnlyError,
)
from manyfest.domain.references import Archive, Reference
from tests.support.clock import HandClock
from tests.support.content import bundles
from tests.support.content.bundles import entry

AMD, ARM = oci_image(), oci_image("linux/arm64", text="arm")
INDEX = oci_index(AMD, ARM)
SIGNED = referrer(AMD)
NAMED = bundles.layout(
    [entry(INDEX, ref_name="v1", image_name="docker.io/library/app:v1"), entry(SIGNED)],
    INDEX,
    SIGNED,
)
HELLO, OTHER = docker_image(), docker_image("linux/arm64", text="other")
DOCKER = bundles.docker_archive((HELLO, ["app:1", "r.example/app:1"]), (OTHER, None), packed=True)


@pytest.fixture
def registry():
    with closing(ArchiveRegistry(Deadline(60))) as registry:
        yield registry


def ref(path: Path, name: str = "", scheme: str = "oci-archive:") -> Reference:
    return Reference.parse(f"{scheme}{path}{name}")


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["", ":v1", ":app:v1", ":@0", f"@{INDEX.digest}"])
def test_a_layout_in_an_archive_has_its_manifests_and_blobs(registry, archived, compress, name):
    path = archived(compress(bundles.tar(NAMED)))
    found = registry.get_manifest(ref(path, name))
    assert found == INDEX.manifest
    assert registry.head_manifest(ref(path, name)) == INDEX.manifest.descriptor()
    layer = ref(path, f"@{Digest.of(ARM.blobs[1])}")
    assert registry.head_blob(layer) == len(ARM.blobs[1])
    assert pull_blob(registry, layer, len(ARM.blobs[1])) == ARM.blobs[1]
    assert registry.tags(layer.home) == ("v1",)
    referrers = registry.referrers(ref(path, f"@{AMD.digest}"))
    assert [each.digest for each in referrers] == [SIGNED.digest]


@pytest.mark.parametrize(
    ("name", "image"),
    [
        (":app:1", HELLO),
        (":docker.io/library/app:1", HELLO),
        (":r.example/app:1", HELLO),
        (":@0", HELLO),
        (":@1", OTHER),
    ],
)
def test_an_image_of_a_docker_archive_has_a_name_or_a_number(registry, archived, name, image):
    found = registry.get_manifest(ref(archived(DOCKER), name, "docker-archive:"))
    assert found.media_type == media_types.DOCKER_MANIFEST
    assert (found.config, found.layers) == (image.manifest.config, image.manifest.layers)


def test_one_archive_always_gives_one_digest(registry, archived):
    files = bundles.docker_archive((HELLO, ["app:1"]), packed=True)
    there = [
        ref(archived(bundles.tar(files), "a.tar"), "", "docker-archive:"),
        ref(archived(gzip.compress(bundles.tar(files)), "b.tar.gz"), "", "docker-archive:"),
    ]
    one, other = (registry.get_manifest(each) for each in there)
    assert one == other
    assert registry.get_manifest(evolve(there[0], digest=one.digest)) == one


def test_several_images_of_a_docker_archive_are_a_choice(registry, archived):
    with pytest.raises(BundleError, match=r"choose one: docker\.io/library/app:1 sha256:"):
        registry.get_manifest(ref(archived(DOCKER), "", "docker-archive:"))


def test_platforms_without_names_are_one_list(registry, archived):
    path = archived(bundles.layout([entry(AMD), entry(ARM)], AMD, ARM))
    found = registry.get_manifest(ref(path))
    assert [str(each.platform) for each in found.entries] == ["linux/amd64", "linux/arm64"]
    assert registry.get_manifest(ref(path, f"@{found.digest}")) == found


def test_an_image_that_docker_25_saved_by_its_id_is_in_its_own_listing(registry, archived):
    files = bundles.docker_archive((HELLO, None), packed=True)
    nothing = {"oci-layout": bundles.MARKER, "index.json": b'{"schemaVersion":2,"manifests":null}'}
    found = registry.get_manifest(ref(archived(files | nothing), "", "docker-archive:"))
    assert found.layers == HELLO.manifest.layers


def test_a_file_of_both_forms_is_read_by_either_name(registry, archived):
    listing = {"Config": bundles.blob_path(AMD.blobs[0]), "RepoTags": ["app:1"]}
    listing["Layers"] = [bundles.blob_path(AMD.blobs[1])]
    both = bundles.layout([entry(AMD, ref_name="1")], AMD) | {
        "manifest.json": json.dumps([listing]).encode()
    }
    path = archived(both)
    for scheme in ("oci-archive:", "docker-archive:"):
        assert registry.get_manifest(ref(path, "", scheme)) == AMD.manifest


@pytest.mark.parametrize(
    ("files", "scheme", "hint"),
    [(NAMED, "docker-archive:", "oci-archive:/"), (DOCKER, "oci-archive:", "docker-archive:/")],
)
def test_another_form_is_refused_with_its_name(registry, archived, files, scheme, hint):
    with pytest.raises(BundleError, match=f"of another form, which {hint}"):
        registry.get_manifest(ref(archived(files), "", scheme))


@pytest.mark.parametrize("name", [":v2", ":@2", ":@999999999", f"@{Digest.of(b'x')}"])
def test_what_is_not_in_an_archive_is_not_found(registry, archived, name):
    with pytest.raises(ManifestUnknownError):
        registry.get_manifest(ref(archived(NAMED), name))


def test_missing_parts_are_named(registry, archived):
    files = bundles.layout([entry(INDEX)], INDEX, layers=False)
    path = archived(files)
    missing = ref(path, f"@{Digest.of(ARM.blobs[1])}")
    with pytest.raises(BlobUnknownError, match=str(missing.digest)):
        registry.head_blob(missing)
    without = {name: data for name, data in files.items() if INDEX.digest.hex not in name}
    with pytest.raises(BundleError, match=f"{INDEX.digest} without bringing it"):
        registry.get_manifest(ref(archived(without, "other.tar")))


def test_no_file_a_folder_and_no_archive(registry, archived, tmp_path):
    with pytest.raises(FileUnknownError, match="nope.tar"):
        registry.get_manifest(ref(tmp_path / "nope.tar"))
    with pytest.raises(BundleError, match="is a folder; a layout in a folder is written oci:DIR"):
        registry.get_manifest(ref(tmp_path))
    with pytest.raises(BundleError, match="not a tar archive"):
        registry.get_manifest(ref(archived(b"text" * 1000)))


def test_bytes_are_checked_as_they_are_read(registry, archived):
    path = bundles.blob_path(AMD.blobs[1])
    there = ref(archived(NAMED | {path: bytes(len(AMD.blobs[1]))}), f"@{Digest.of(AMD.blobs[1])}")
    with pytest.raises(DigestMismatchError):
        pull_blob(registry, there, len(AMD.blobs[1]))


def test_an_archive_is_not_written_to(registry, archived):
    path = archived(NAMED)
    before = path.read_bytes()
    there = ref(path, ":new")
    for write in (
        lambda: registry.put_manifest(there, AMD.manifest),
        lambda: registry.mount_blob(there.at(AMD.digest), there.home),
        lambda: registry.write_blob(there.at(AMD.digest), 1, pytest.fail),
    ):
        with pytest.raises(ReadOnlyError, match="archives are only read"):
            write()
    assert path.read_bytes() == before


def test_a_file_that_takes_the_place_does_no_harm(registry, archived):
    path = archived(NAMED)
    assert registry.get_manifest(ref(path)) == INDEX.manifest
    path.unlink()
    archived(b"another file")
    layer = ref(path, f"@{Digest.of(AMD.blobs[1])}")
    assert pull_blob(registry, layer, len(AMD.blobs[1])) == AMD.blobs[1]


def test_large_layers_of_a_compressed_archive_are_expanded_once(archived, monkeypatch):
    layers = [random.Random(n).randbytes(5 << 20) for n in range(4)]
    files = NAMED | {bundles.blob_path(layer): layer for layer in layers}
    path = archived(gzip.compress(bundles.tar(files), 1))
    passes = []
    monkeypatch.setattr(
        "manyfest.adapters.bundles.tar_reader.ArchiveFiles._stream",
        counted(ArchiveFiles._stream, passes),
    )
    with closing(ArchiveRegistry(Deadline(60))) as registry, ThreadPoolExecutor(4) as threads:

        def read(layer: bytes) -> bytes:
            return pull_blob(registry, ref(path, f"@{Digest.of(layer)}"), len(layer))

        assert list(threads.map(read, layers)) == layers
    assert len(passes) == 1


def counted(stream, passes):
    def count(files, in_order):
        passes.append(in_order)
        return stream(files, in_order)

    return count


def test_no_room_for_expanding_is_one_line(registry, archived, monkeypatch):
    layer = random.Random(1).randbytes(5 << 20)
    path = archived(gzip.compress(bundles.tar(NAMED | {bundles.blob_path(layer): layer}), 1))
    registry.get_manifest(ref(path))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("manyfest.adapters.bundles.tar_reader.os.pread", full)
    monkeypatch.setattr("manyfest.adapters.bundles.tar_stream.TarStream.chunks", full)
    with pytest.raises(BundleError, match="No space left on device .see TMPDIR"):
        pull_blob(registry, ref(path, f"@{Digest.of(layer)}"), len(layer))


def test_a_time_limit_ends_the_reading_of_an_archive(archived):
    path, clock = archived(DOCKER), HandClock()
    with closing(ArchiveRegistry(Deadline(60, hard=True, clock=clock.clock))) as registry:
        clock.forward(61)
        with pytest.raises(DeadlineError, match=r"docker-archive:.*not done within the 60 s"):
            registry.get_manifest(ref(path, ":@0", "docker-archive:"))


def test_without_a_limit_reading_takes_no_time_from_servers(archived, monkeypatch):
    path, clock = archived(DOCKER), HandClock()
    deadline = Deadline(60, clock=clock.clock)

    def slowly(files):
        clock.forward(100)
        return bundle_of(files)

    monkeypatch.setattr("manyfest.adapters.bundles.archive_registry.bundle_of", slowly)
    with closing(ArchiveRegistry(deadline)) as registry:
        registry.get_manifest(ref(path, ":@0", "docker-archive:"))
    assert deadline.left() == 60


def test_only_archives_are_served(registry):
    with pytest.raises(TypeError, match="no archive"):
        registry.tags(Reference.parse("app").home)
    assert isinstance(ref(Path("/x.tar")).home, Archive)
