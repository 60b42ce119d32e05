"""The PostgreSQL store fulfils the contracts of the store ports, on a real server."""

from contextlib import closing

import pytest

from manyfest.contracts.catalogue import CatalogueContract
from manyfest.contracts.content_store import ContentStoreContract
from manyfest.contracts.draft_book import DraftBookContract
from manyfest.contracts.garbage_collector import GarbageContract
from manyfest.contracts.host_book import HostBookContract
from manyfest.contracts.integrity import IntegrityContract
from manyfest.contracts.queries import QueriesContract
from manyfest.contracts.store import StoreContract
from manyfest.domain.digests import Digest
from manyfest.store.postgres.store import PostgresStore


@pytest.fixture(scope="module")
def database(postgres):
    url = postgres.create("contracts")
    with closing(PostgresStore(url, postgres.folder)) as store, store.contents.transaction():
        pass
    postgres.allow_queries("contracts")
    return url


@pytest.fixture
def store(postgres, database, tmp_path):
    postgres.empty("contracts")
    with closing(PostgresStore(database, tmp_path, query_seconds=30.0)) as store:
        yield store


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def store(self, store):
        return store


class TestPostgresContentStore(ContentStoreContract):
    @pytest.fixture
    def contents(self, store, postgres):
        self.server = postgres
        return store.contents

    def flip_a_bit(self, contents, digest: Digest):
        _flip_a_bit(self.server, digest)


class TestPostgresDraftBook(DraftBookContract):
    @pytest.fixture
    def book(self, store):
        return store.drafts


class TestPostgresGarbageCollector(GarbageContract):
    @pytest.fixture
    def kept(self, store):
        return store


class TestPostgresCatalogue(CatalogueContract):
    @pytest.fixture
    def kept(self, store):
        return store


class TestPostgresIntegrity(IntegrityContract):
    @pytest.fixture
    def kept(self, store, postgres):
        self.server = postgres
        return store

    def flip_a_bit(self, kept, digest: Digest):
        _flip_a_bit(self.server, digest)


class TestPostgresQueries(QueriesContract):
    @pytest.fixture
    def kept(self, store):
        return store


class TestPostgresHostBook(HostBookContract):
    @pytest.fixture
    def book(self, store):
        return store.hosts


def _flip_a_bit(server, digest: Digest) -> None:
    for table in ("manifests", "blobs"):
        server.execute(
            f"UPDATE manyfest.{table} SET data = set_byte(data, 0, get_byte(data, 0) # 1)"
            f" WHERE digest = '{digest}'",
            "contracts",
        )
