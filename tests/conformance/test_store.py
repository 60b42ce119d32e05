"""The SQLite store and the memory store fulfil the contracts of the store ports."""

import sqlite3
from contextlib import closing

import pytest
from attrs import evolve

from manyfest.contracts.catalogue import CatalogueContract
from manyfest.contracts.content_store import ContentStoreContract
from manyfest.contracts.draft_book import DraftBookContract
from manyfest.contracts.host_book import HostBookContract
from manyfest.contracts.integrity import IntegrityContract
from manyfest.contracts.queries import QueriesContract
from manyfest.contracts.store import StoreContract
from manyfest.domain.digests import Digest
from manyfest.store.host_book import SqliteHostBook
from manyfest.store.store import open_store
from tests.support.stores.housekeeping import opened
from tests.support.stores.memory_store import MemoryStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
def store(path):
    with closing(open_store(path)) as store:
        yield store


@pytest.fixture
def kept(path):
    with opened(path) as kept:
        yield kept


@pytest.fixture
def memory():
    return MemoryStore()


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, store):
        return store


class TestSqliteContentStore(ContentStoreContract):
    @pytest.fixture
    def contents(self, store, path):
        self.path = path
        return store.contents

    def flip_a_bit(self, contents, digest: Digest):
        _flip_a_bit(self.path, digest)


class TestMemoryContents(ContentStoreContract):
    @pytest.fixture
    def contents(self, memory):
        self.held = memory
        return memory.contents

    def flip_a_bit(self, contents, digest: Digest):
        held = self.held.held
        if digest in held.manifests:
            manifest = held.manifests[digest]
            held.manifests[digest] = evolve(manifest, data=_flipped(manifest.data))
        if digest in held.blobs:
            held.blobs[digest] = _flipped(held.blobs[digest])


class TestSqliteDraftBook(DraftBookContract):
    @pytest.fixture
    def book(self, store):
        return store.drafts


class TestMemoryDrafts(DraftBookContract):
    @pytest.fixture
    def book(self, memory):
        return memory.drafts


class TestSqliteCatalogue(CatalogueContract):
    @pytest.fixture
    def kept(self, kept):
        return kept


class TestSqliteIntegrity(IntegrityContract):
    @pytest.fixture
    def kept(self, kept):
        return kept

    def flip_a_bit(self, kept, digest: Digest):
        _flip_a_bit(kept.path, digest)


class TestSqliteQueries(QueriesContract):
    @pytest.fixture
    def kept(self, kept):
        return kept


class TestSqliteHostBook(HostBookContract):
    @pytest.fixture
    def book(self, store, path):
        with store.transaction():  # makes the file
            pass
        with closing(SqliteHostBook(path)) as book:
            yield book


def _flip_a_bit(path, digest: Digest) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("manifests", "blobs"):
            select = f"SELECT data FROM {table} WHERE digest = ?"
            for (data,) in connection.execute(select, (str(digest),)).fetchall():
                update = f"UPDATE {table} SET data = ? WHERE digest = ?"
                connection.execute(update, (_flipped(data), str(digest)))


def _flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]
