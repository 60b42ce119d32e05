"""A bundle that another takes the place of while it is read."""

import pytest

from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.adapters.bundles.tar_writer import write_archive
from manyfest.contracts.images import oci_image
from manyfest.domain.digests import Digest
from tests.unit.adapters.bundles.test_exporting import APP, World

OLD, NEW = oci_image(text="old" * 5_000), oci_image(text="new")


@pytest.mark.parametrize("compressed", [False, True], ids=["tar", "zstd"])
def test_an_archive_is_read_to_its_end_though_another_takes_its_place(tmp_path, compressed):
    path = tmp_path / "bundle"
    packings = {image: packing_of(image) for image in (OLD, NEW)}
    write_archive(path, packings[OLD], compressed=compressed)
    with open_bundle(path) as bundle:
        write_archive(path, packings[NEW], compressed=compressed)
        (entry,) = bundle.entries
        assert entry.digest == OLD.digest
        wanted = [OLD.digest, *map(Digest.of, OLD.blobs)]
        read = {digest: b"".join(chunks) for digest, chunks in bundle.iter_blobs(wanted)}
    assert [*map(Digest.of, read.values())] == [*read]
    assert {*read} == {*wanted}


def packing_of(image):
    world = World()
    world.keep(image, APP)
    world.keep_layers(image)
    return world.packed(APP, with_layers=True)
