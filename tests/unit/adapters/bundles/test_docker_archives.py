"""Archives of ``docker save``: the older form, and the layouts it writes today."""

import gzip
import json
import subprocess
import zlib

import pytest

from manyfest.contracts.images import docker_image, oci_image
from manyfest.domain.digests import Digest
from manyfest.domain.errors import BundleError, DigestMismatchError
from tests.support.content import bundles
from tests.support.content.bundles import Link
from tests.support.programs.programs import require_program

HELLO, SAME, OTHER = docker_image(), docker_image("linux/arm64"), docker_image(text="other")
TAGS = ["r.example/team/app:1", "alpine:3"]
OLD = bundles.docker_archive((HELLO, TAGS), (SAME, None), (OTHER, ["oci:1", "oci-archive:1"]))


def listing(files):
    return json.loads(files["manifest.json"])


def changed(files, **members):
    first, *others = listing(files)
    return dict(files) | {"manifest.json": json.dumps([first | members, *others]).encode()}


def test_images_layers_and_names_of_the_old_form(take, archived):
    imported = take(archived(OLD))
    assert len(imported.manifests) == 3
    names = {*TAGS, "library/oci:1", "library/oci-archive:1"}
    assert {*map(str, imported.tags)} == {
        "r.example/team/app:1",
        "docker.io/library/alpine:3",
        "docker.io/library/oci:1",
        "docker.io/library/oci-archive:1",
    }
    assert len({take.digest_of(name) for name in names}) == 2
    plain = gzip.decompress(HELLO.blobs[1])
    assert {*take.store.layers.digests()} == {
        Digest.of(plain),
        Digest.of(gzip.decompress(OTHER.blobs[1])),
    }
    (unnamed,) = imported.unnamed
    manifest = take.store.contents.manifest(unnamed)
    assert take.store.contents.blob(manifest.config.digest) == SAME.blobs[0]


def test_the_manifest_says_what_its_layers_are(take, archived):
    take(archived(OLD))
    manifest = take.store.contents.manifest(Digest.parse(take.digest_of(TAGS[0])))
    (layer,) = manifest.layers
    plain = gzip.decompress(HELLO.blobs[1])
    assert (layer.digest, layer.size) == (Digest.of(plain), len(plain))
    assert layer.media_type == "application/vnd.docker.image.rootfs.diff.tar"


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
def test_packed_layers_keep_their_bytes(take, archived, compressed):
    files = bundles.docker_archive((HELLO, TAGS), packed=True)
    archive = bundles.tar(files)
    take(archived(gzip.compress(archive) if compressed else archive))
    manifest = take.store.contents.manifest(Digest.parse(take.digest_of(TAGS[0])))
    assert manifest.layers == HELLO.manifest.layers


def test_layers_in_members_of_gzip_are_read_through(take, archived):
    plain = gzip.decompress(HELLO.blobs[1])
    layer = gzip.compress(plain[:700]) + gzip.compress(plain[700:])
    files = bundles.docker_archive((HELLO, TAGS), packed=True)
    path = listing(files)[0]["Layers"][0]
    assert take(archived(files | {path: layer})).layers == (Digest.of(layer),)


def test_members_without_number_cost_no_square_of_their_size(take, archived, monkeypatch):
    plain, empty = gzip.decompress(HELLO.blobs[1]), gzip.compress(b"", mtime=0)
    layer = empty * 20_000 + gzip.compress(plain)
    files = bundles.docker_archive((HELLO, TAGS), packed=True)
    path, passed, decompressobj = listing(files)[0]["Layers"][0], [], zlib.decompressobj

    class Counted:
        def __init__(self, bits):
            self._actual = decompressobj(bits)

        def decompress(self, data, limit):
            passed.append(len(data))
            return self._actual.decompress(data, limit)

        def __getattr__(self, name):
            return getattr(self._actual, name)

    monkeypatch.setattr("zlib.decompressobj", Counted)
    assert take(archived(files | {path: layer})).layers == (Digest.of(layer),)
    assert sum(passed) < 4096 / len(empty) * len(layer)


PATH = listing(OLD)[0]["Layers"][0]
PACKED = bundles.docker_archive((HELLO, TAGS), packed=True)
BROKEN = {
    "another layer": (OLD | {PATH: bytes(10240)}, DigestMismatchError),
    "another packed layer": (PACKED | {PATH: gzip.compress(b"x")}, DigestMismatchError),
    "a packed layer cut off": (PACKED | {PATH: HELLO.blobs[1][:-9]}, BundleError),
    "a packed layer damaged": (PACKED | {PATH: HELLO.blobs[1][:20] + bytes(80)}, BundleError),
    "a layer too few": (changed(OLD, Layers=[]), BundleError),
    "a layer that is not there": (changed(OLD, Layers=["x/layer.tar"]), BundleError),
    "a config that is not there": (changed(OLD, Config="x.json"), BundleError),
    "a config that is none": (OLD | {listing(OLD)[0]["Config"]: b"[]"}, BundleError),
    "a config without layers": (OLD | {listing(OLD)[0]["Config"]: b"{}"}, BundleError),
    "a listing that is none": (OLD | {"manifest.json": b"{}"}, BundleError),
    "a listing of nothing": (OLD | {"manifest.json": b'["x"]'}, BundleError),
    "a path that is none": (changed(OLD, Layers=[5]), BundleError),
    "a name that is none": (changed(OLD, RepoTags=["A B"]), BundleError),
    "a link to nothing": (OLD | {PATH: Link("../x")}, BundleError),
    "a link out": (OLD | {PATH: Link("../../../etc/passwd")}, BundleError),
}


@pytest.mark.parametrize(("files", "error"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_said_and_nothing_is_taken(take, archived, files, error):
    with pytest.raises(error) as raised:
        take(archived(files))
    assert take.holds_nothing()
    assert len(str(raised.value).splitlines()) == 1


def test_one_file_for_two_layers_is_refused(take, archived):
    document = json.loads(HELLO.blobs[0])
    document["rootfs"]["diff_ids"].append("sha256:" + "0" * 64)
    config = json.dumps(document).encode()
    files = changed(OLD, Layers=[PATH, PATH]) | {listing(OLD)[0]["Config"]: config}
    with pytest.raises(BundleError, match="one file for two layers"):
        take(archived(files))


def both_forms(image, *, hollow):
    """Docker 25: a layout, and a listing of the same files. 25.0 left the layers out of the one."""
    plain = gzip.decompress(image.blobs[1])
    config = bundles.blob_path(image.blobs[0])
    document = dict(image.manifest.document)
    listed = document["layers"][0] | {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "size": len(plain),
        "digest": str(Digest.of(plain)),
    }
    data = json.dumps(document | {"layers": [] if hollow else [listed]}).encode()
    entry = {
        "mediaType": image.manifest.media_type,
        "size": len(data),
        "digest": str(Digest.of(data)),
        "annotations": {bundles.IMAGE_NAME: "docker.io/library/app:1", bundles.REF_NAME: "1"},
    }
    layer = bundles.blob_path(plain)
    saved = [{"Config": config, "RepoTags": ["app:1"], "Layers": [layer]}]
    blobs = {config: image.blobs[0], layer: plain, bundles.blob_path(data): data}
    return bundles.layout([entry]) | blobs | {"manifest.json": json.dumps(saved).encode()}


@pytest.mark.parametrize("hollow", [False, True], ids=["whole", "hollow"])
def test_the_new_form_brings_its_layers(take, archived, hollow):
    take(archived(both_forms(oci_image(), hollow=hollow)))
    manifest = take.store.contents.manifest(Digest.parse(take.digest_of("app:1")))
    (layer,) = manifest.layers
    assert take.store.layers.size(layer.digest) == layer.size
    assert manifest.media_type == (docker_image() if hollow else oci_image()).manifest.media_type


def test_skopeo_takes_our_fake_for_a_docker_archive(archived):
    skopeo = require_program("skopeo")
    path = archived(bundles.docker_archive((HELLO, TAGS[:1])))
    command = [skopeo, "inspect", "--raw", f"docker-archive:{path}"]
    shown = subprocess.run(command, capture_output=True, check=True, timeout=300)
    (layer,) = json.loads(shown.stdout)["layers"]
    assert layer["digest"] == str(Digest.of(gzip.decompress(HELLO.blobs[1])))


def test_an_image_that_docker_25_saved_by_its_id_is_imported(take, archived):
    files = bundles.docker_archive((HELLO, None), packed=True)
    nothing = {"oci-layout": bundles.MARKER, "index.json": b'{"schemaVersion":2,"manifests":null}'}
    imported = take(archived(files | nothing))
    assert len(imported.manifests) == len(imported.layers) == len(imported.unnamed) == 1


def test_nothing_to_import_is_an_error(take, archived):
    for name, files in (
        ("layout.tar", bundles.layout([])),
        ("docker.tar", {"manifest.json": b"[]"}),
        ("both.tar", bundles.layout([]) | {"manifest.json": b"[]"}),
    ):
        with pytest.raises(BundleError, match="lists no image"):
            take(archived(files, name))
    assert take.holds_nothing()
