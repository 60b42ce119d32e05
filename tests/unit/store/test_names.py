"""Names for completion: found by their beginnings, in one statement."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from manyfest.store.names import names_of_drafts, names_of_manifests
from manyfest.store.sqlite.database import Database
from manyfest.store.sqlite.opening import open_existing
from manyfest.store.store import open_store
from tests.golden.generate import draft

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MANIFEST = Manifest("application/vnd.oci.image.index.v1+json", b'{"manifests":[]}')
TAGS = ("alpine:3", "alpine:edge", "host/app:1", "host/app:2")
STARTS = ["al", "docker.io/library/al", "docker.io/al"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with tags that were observed twice, and a draft."""
    with closing(open_store(tmp_path / "s.db")) as store, store.transaction():
        store.contents.keep_manifests([MANIFEST])
        for tag in map(Reference.parse, TAGS):
            store.contents.observe([Observation(tag, MANIFEST.digest, NOW, NOW)])
        made: Draft = draft("r.example/app:draft")
        store.drafts.save(made)
    return tmp_path / "s.db"


def test_drafts_and_tags_are_found_by_any_of_their_beginnings(path: Path) -> None:
    with closing(Database(path, 1)) as database:
        assert names_of_manifests(database, STARTS, 9) == [
            "docker.io/library/alpine:3",
            "docker.io/library/alpine:edge",
        ]
        assert names_of_manifests(database, [""], 2) == names_of_manifests(database, [""], 9)[:2]
        assert names_of_drafts(database, ["r.ex", "x"], 9) == ["r.example/app:draft"]
        assert names_of_drafts(database, STARTS, 9) == []


def test_the_observations_are_read_once(path: Path) -> None:
    statements: list[str] = []

    def tracing(file: Path) -> sqlite3.Connection | None:
        connection = open_existing(file)
        if connection is not None:
            connection.set_trace_callback(statements.append)
        return connection

    with closing(Database(path, 1, tracing)) as database:
        names_of_manifests(database, STARTS, 9)
    assert len([text for text in statements if "observations" in text]) == 1
