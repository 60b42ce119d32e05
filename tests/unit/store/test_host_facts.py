"""Facts about hosts are stored for a day, if storing them delays no command."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from manyfest.domain.ports.host_book import HostFacts
from manyfest.store.host_book import SqliteHostBook
from manyfest.store.store import open_store

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FACTS = HostFacts("reg.test:5000", insecure=False, scheme="https", realm="https://auth.test/t")
OTHERS = evolve(FACTS, insecure=True, scheme="http", realm="", service="svc")


@pytest.fixture
def path(folder):
    path = folder / "store.db"
    with closing(open_store(path)) as store, store.transaction():
        pass
    return path


@pytest.fixture
def book(path):
    with closing(SqliteHostBook(path)) as book:
        yield book


def find(book, now=NOW, facts=FACTS):
    return book.find(facts.host, now, insecure=facts.insecure)


def execute(path, *statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(*statement).fetchall()


def test_facts_are_found_for_the_host_and_the_rules_they_were_learnt_by(book):
    book.keep([FACTS], NOW)
    assert find(book) == FACTS
    assert find(book, facts=OTHERS) is None
    assert find(book, facts=evolve(FACTS, host="reg.test:5001")) is None
    book.keep([OTHERS], NOW)
    assert (find(book), find(book, facts=OTHERS)) == (FACTS, OTHERS)


@pytest.mark.parametrize("takes_tags", [True, False, None])
def test_what_a_registry_can_is_found_as_it_was_learnt(book, takes_tags):
    able = evolve(FACTS, chunk_size=5, takes_tags=takes_tags, lacks_referrers=not takes_tags)
    book.keep([able], NOW)
    assert find(book) == able


def test_later_facts_take_the_place_of_earlier_ones(book):
    moved = evolve(FACTS, realm="https://new.test/t")
    book.keep([FACTS], NOW)
    book.keep([moved], NOW)
    assert find(book) == moved


AGES = {
    "at once": (timedelta(), True),
    "in the last hour": (timedelta(hours=23, minutes=59), True),
    "after a day": (timedelta(hours=24), False),
    "by a clock that is a little behind": (timedelta(minutes=-4), True),
    "from the future": (timedelta(hours=-1), False),
}


@pytest.mark.parametrize(("age", "counts"), AGES.values(), ids=AGES)
def test_facts_count_for_a_day(book, age, counts):
    book.keep([FACTS], NOW)
    assert (find(book, NOW + age) == FACTS) is counts


def test_what_no_longer_counts_goes_when_something_is_kept(path, book):
    book.keep([FACTS], NOW)
    book.keep([OTHERS], NOW + timedelta(days=2))
    assert execute(path, "SELECT scheme FROM hosts") == [("http",)]


def test_no_store_is_made_for_facts(folder):
    with closing(SqliteHostBook(folder / "store.db")) as book:
        book.keep([FACTS], NOW)
        assert find(book) is None
    assert list(folder.iterdir()) == []


def test_without_facts_nothing_is_touched(path, book):
    before = path.stat()
    book.keep([], NOW)
    assert path.stat() == before


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_nobody_waits_for_a_store_that_is_locked(path, book, lock, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"BEGIN {lock}")
        book.keep([FACTS], NOW)
        assert find(book) is None
        other.execute("ROLLBACK")
    assert find(book) is None
    book.keep([FACTS], NOW)
    assert find(book) == FACTS


def test_what_cannot_be_written_is_not_kept(path, book):
    execute(path, "CREATE TRIGGER no BEFORE INSERT ON hosts BEGIN SELECT RAISE(FAIL, 'no'); END")
    book.keep([FACTS], NOW)
    assert find(book) is None


DAMAGE = {
    "not a time": ("learnt_at", "yesterday"),
    "a time without a zone": ("learnt_at", "2026-11-26T12:00:00"),
    "bytes": ("learnt_at", b"\xff"),
}


@pytest.mark.parametrize(("column", "value"), DAMAGE.values(), ids=DAMAGE)
def test_what_cannot_be_read_is_not_known(path, book, column, value):
    book.keep([FACTS], NOW)
    execute(path, f"UPDATE hosts SET {column} = ?", (value,))
    assert find(book) is None


def test_a_file_that_is_no_store_has_no_book(folder):
    path = folder / "store.db"
    path.write_bytes(b"something else" * 100)
    with closing(SqliteHostBook(path)) as book:
        assert find(book) is None
        book.keep([FACTS], NOW)
    assert path.read_bytes() == b"something else" * 100
