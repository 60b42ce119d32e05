"""Tiny images: real ones, with the same bytes whenever they are made."""

import gzip
import io
import json
import tarfile

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.cli.demo.images import TinyImage, put_image, tiny_image
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.image_configs import platform_of_config
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.views.verify import verify
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from tests.support.ports import PlainPorts

ARM = Platform("linux", "arm", "v7")
NAME = Reference.parse("r.example/tiny:1")


@pytest.fixture
def image() -> TinyImage:
    return tiny_image(ARM, "hi\n")


def test_an_image_that_was_put_is_found_whole_and_sound(image) -> None:
    registry = MemoryRegistry()
    put_image(image, NAME, registry)
    found = verify(NAME, ports=PlainPorts(registry=registry))
    assert (found.findings, found.manifests, found.blobs) == ((), 1, 2)
    assert registry.get_manifest(NAME).data == image.manifest.data


def test_it_is_an_oci_image_of_the_two_blobs(image) -> None:
    manifest = Manifest.received(image.manifest.data, media_types.OCI_MANIFEST, "x")
    assert manifest == image.manifest
    assert manifest.document["mediaType"] == media_types.OCI_MANIFEST
    assert [
        (named.media_type, named.digest, named.size)
        for named in (manifest.config, *manifest.layers)
    ] == [
        (media_types.OCI_CONFIG, Digest.of(image.config), len(image.config)),
        (media_types.OCI_LAYER, Digest.of(image.layer), len(image.layer)),
    ]


def test_its_only_file_holds_the_greeting_and_is_what_it_shows(image) -> None:
    archive = gzip.decompress(image.layer)
    with tarfile.open(fileobj=io.BytesIO(archive)) as layer:
        assert layer.getnames() == ["hello.txt"]
        assert layer.extractfile("hello.txt").read() == b"hi\n"
    config = json.loads(image.config)
    assert config["config"] == {"Cmd": ["cat", "hello.txt"]}
    assert config["rootfs"] == {"type": "layers", "diff_ids": [str(Digest.of(archive))]}
    assert platform_of_config(image.config, "x") == ARM


def test_nothing_in_it_tells_when_it_was_made(image) -> None:
    assert image.layer[4:8] == bytes(4)  # RFC 1952, MTIME
    with tarfile.open(fileobj=io.BytesIO(image.layer)) as layer:
        assert [member.mtime for member in layer] == [0]
    assert b" " not in image.config + image.manifest.data
