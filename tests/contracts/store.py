"""The contract of a store's parts together: subclass ``StoreContract`` and give ``store``.

Each part has a suite of its own, too.
"""

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.ports.store import Store

KEPT = Manifest(OCI_MANIFEST, b"{}")
SAVED = draft("app", "a")

either_half = pytest.mark.parametrize("half", ["contents", "drafts"])


class StoreContract:
    """A subclass overrides ``store``."""

    @pytest.fixture
    def store(self) -> Store:
        """Yield an empty store, and close it afterwards."""
        raise NotImplementedError

    @either_half
    def test_a_transaction_of_either_half_keeps_what_is_written_in_both(self, store, half):
        with getattr(store, half).transaction():
            _write(store)
        assert store.contents.manifest(KEPT.digest) == KEPT
        assert store.drafts.drafts() == (SAVED,)

    @either_half
    def test_an_error_in_either_takes_back_what_was_written_in_both(self, store, half):
        with pytest.raises(KeyboardInterrupt), getattr(store, half).transaction():  # noqa: PT012
            _write(store)
            assert store.contents.manifest(KEPT.digest) == KEPT
            assert store.drafts.find(SAVED.name) == SAVED
            raise KeyboardInterrupt
        assert store.contents.manifest(KEPT.digest) is None
        assert store.drafts.drafts() == ()

    @pytest.mark.parametrize(("outer", "inner"), [("contents", "drafts"), ("drafts", "contents")])
    def test_transactions_of_the_two_do_not_nest(self, store, outer, inner):
        with (
            pytest.raises(RuntimeError),
            getattr(store, outer).transaction(),
            getattr(store, inner).transaction(),
        ):
            pytest.fail("a transaction within a transaction")

    def test_a_layer_is_neither_a_manifest_nor_a_config(self, store):
        store.layers.write(KEPT.digest, KEPT.size, [KEPT.data])
        assert store.layers.size(KEPT.digest) == KEPT.size
        assert store.contents.manifest(KEPT.digest) is None
        assert store.contents.blob(KEPT.digest) is None


def _write(store: Store) -> None:
    store.contents.keep_manifests([KEPT])
    store.drafts.save(SAVED)
