"""The contract of a layer store: subclass ``LayerStoreContract`` and give its two hooks."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    DamagedStoreError,
    DigestMismatchError,
    SizeMismatchError,
)
from manyfest.domain.ports.layer_store import LayerStore

MEBIBYTE = 1024 * 1024
LAYERS = {"short": b"a layer", "empty": b"", "5 MiB": bytes(range(256)) * 4096 * 5}
LAYER = LAYERS["short"]
DIGEST = Digest.of(LAYER)


def keep(layers: LayerStore, data: bytes, digest: Digest | None = None) -> Digest:
    digest = digest or Digest.of(data)
    layers.write(digest, len(data), (data[i : i + 1000] for i in range(0, len(data), 1000)))
    return digest


def read(layers: LayerStore, digest: Digest) -> bytes:
    with layers.open(digest) as chunks:
        return b"".join(chunks)


class LayerStoreContract:
    """A subclass overrides ``layers`` and ``flip_a_bit``."""

    @pytest.fixture
    def layers(self) -> LayerStore:
        """Return an empty store."""
        raise NotImplementedError

    def flip_a_bit(self, layers: LayerStore, digest: Digest) -> None:
        """Damage the layer under ``digest``, bypassing the store's methods."""
        raise NotImplementedError

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    @pytest.mark.parametrize("data", LAYERS.values(), ids=LAYERS)
    def test_a_layer_comes_back_in_chunks(self, layers, data, algorithm):
        digest = keep(layers, data, Digest.of(data, algorithm))
        assert layers.size(digest) == len(data)
        with layers.open(digest) as chunks:
            came = list(chunks)
        assert b"".join(came) == data
        assert max(map(len, came), default=0) <= MEBIBYTE

    def test_what_is_not_kept_is_not_there(self, layers):
        assert layers.size(DIGEST) is None
        assert list(layers.digests()) == []
        with pytest.raises(BlobUnknownError), layers.open(DIGEST):
            pytest.fail("opened")
        layers.remove(DIGEST)

    def test_what_is_renewed_is_there_as_it_was(self, layers):
        assert layers.touch(DIGEST) is None
        keep(layers, LAYER)
        assert layers.touch(DIGEST) == len(LAYER)
        assert read(layers, DIGEST) == LAYER

    def test_all_that_is_kept_is_listed_until_it_is_removed(self, layers):
        digests = {keep(layers, data) for data in LAYERS.values()}
        digests.add(keep(layers, LAYER, Digest.of(LAYER, "sha512")))
        assert set(layers.digests()) == digests
        layers.remove(DIGEST)
        assert set(layers.digests()) == digests - {DIGEST}
        assert layers.size(DIGEST) is None

    @pytest.mark.parametrize(
        ("data", "size", "error"),
        [
            (b"a lager", 7, DigestMismatchError),
            (b"a layer!", 7, SizeMismatchError),
            (b"a lay", 7, SizeMismatchError),
            (b"a layer", 8, SizeMismatchError),
        ],
    )
    def test_other_bytes_are_not_kept(self, layers, data, size, error):
        with pytest.raises(error):
            layers.write(DIGEST, size, [data])
        assert list(layers.digests()) == []
        assert layers.size(DIGEST) is None

    def test_a_source_that_breaks_off_leaves_nothing(self, layers):
        def broken():
            yield LAYER[:3]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            layers.write(DIGEST, len(LAYER), broken())
        assert list(layers.digests()) == []

    def test_damage_is_found_when_it_is_read_and_healed_when_it_is_written(self, layers):
        keep(layers, LAYER)
        self.flip_a_bit(layers, DIGEST)
        with pytest.raises(DamagedStoreError, match=str(DIGEST)):
            read(layers, DIGEST)
        keep(layers, LAYER)
        assert read(layers, DIGEST) == LAYER

    def test_several_threads_may_write_and_read_the_same(self, layers):
        datas = [b"%d" % (number % 4) * 5000 for number in range(24)]
        with ThreadPoolExecutor(8) as threads:
            digests = list(threads.map(lambda data: keep(layers, data), datas))
            assert list(threads.map(lambda digest: read(layers, digest), digests)) == datas
