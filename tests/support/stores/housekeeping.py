"""A store with its maintenance ports, at a path."""

from contextlib import closing, contextmanager

from attrs import frozen

from manyfest.contracts.images import Image
from manyfest.domain.digests import Digest
from manyfest.store.maintenance.housekeeping import Housekeeping, housekeeping_of
from manyfest.store.store import SqliteStore, open_store


@frozen
class Kept:
    """A store and its housekeeping; each port is an attribute."""

    store: SqliteStore
    house: Housekeeping

    def __getattr__(self, name):
        return getattr(self.house if hasattr(self.house, name) else self.store, name)


@contextmanager
def opened(path, lock_timeout=10.0, query_timeout=None):
    with (
        closing(open_store(path, lock_timeout)) as store,
        closing(housekeeping_of(store, lock_timeout, query_timeout)) as house,
    ):
        yield Kept(store, house)


def hold_layers(layers, *images: Image) -> None:
    """Keep the images' layers."""
    for image in images:
        for blob in image.blobs[1:]:
            layers.write(Digest.of(blob), len(blob), [blob])
