"""The statements of a command on PostgreSQL, and the rows that they read."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from manyfest.contracts.garbage_collector import hold, see
from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.store.check_store import check_store
from manyfest.domain.ports.integrity import ContentKind
from manyfest.domain.references import Reference
from manyfest.store.postgres.integrity import PostgresIntegrity
from manyfest.store.postgres.statements import as_postgres
from manyfest.store.postgres.store import PostgresStore
from manyfest.store.rows import IS_NEWEST
from manyfest.store.sqlite import opening
from tests.integration.conftest import Seed, seed  # noqa: F401 - a fixture
from tests.support.content.images import docker_image, docker_list
from tests.support.programs.our_program import run_here
from tests.support.stores.postgres_server import PostgresServer

LIST = docker_list(docker_image("linux/amd64"), docker_image("linux/arm64"))


@pytest.fixture
def image(docker_registry, repository: str, seed: Seed) -> str:  # noqa: F811
    return seed(f"{docker_registry.host}/{repository}:1", LIST)


@pytest.fixture
def sqlite_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    statements: list[str] = []

    def traced(connection: sqlite3.Connection, *arguments: object) -> sqlite3.Connection:
        connection.set_trace_callback(statements.append)
        return allow(connection, *arguments)

    allow = opening.allow_interrupt
    monkeypatch.setattr(opening, "allow_interrupt", traced)
    return statements


@pytest.fixture
def postgres_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements; one that is run for many rows occurs once for each of them."""
    statements: list[str] = []
    execute, executemany = psycopg.Cursor.execute, psycopg.Cursor.executemany

    def traced(cursor, query, *arguments, **options):
        statements.append(str(query))
        return execute(cursor, query, *arguments, **options)

    def traced_many(cursor, query, rows, **options):
        rows = list(rows)
        statements.extend([str(query)] * len(rows))
        return executemany(cursor, query, rows, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", traced)
    monkeypatch.setattr(psycopg.Cursor, "executemany", traced_many)
    return statements


@pytest.mark.parametrize("command", [("inspect",), ("inspect", "-v"), ("inspect", "--offline")])
def test_a_warm_inspect_costs_at_most_two_statements_more(
    image, postgres: PostgresServer, sqlite_statements, postgres_statements, monkeypatch, command
) -> None:
    database = f"costs_{len(command)}_{command[-1].strip('-')}"
    counts = []
    for store, statements in (
        (os.environ["MANYFEST_STORE"], sqlite_statements),
        (postgres.create(database), postgres_statements),
    ):
        monkeypatch.setenv("MANYFEST_STORE", store)
        for _ in range(2):
            assert run_here("inspect", "-v", image).code == 0
        statements.clear()
        assert run_here(*command, image).code == 0
        counts.append(len(statements))
    assert 0 < counts[1] <= counts[0] + 2, (counts, sqlite_statements, postgres_statements)


def test_keeping_what_is_there_locks_no_row(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.create("costs_locks")
    with closing(PostgresStore(url, tmp_path)) as one, closing(PostgresStore(url, tmp_path)) as two:
        with one.contents.transaction():
            one.contents.keep_manifests([LIST.manifest])
        with one.contents.transaction(), two.contents.transaction():
            one.contents.keep_manifests([LIST.manifest])
            two.contents.keep_manifests([LIST.manifest])


def test_many_tags_and_manifests_take_few_statements(
    postgres: PostgresServer, tmp_path: Path, postgres_statements: list[str]
) -> None:
    made = [oci_image("linux/amd64", text=str(number)).manifest for number in range(60)]
    tags = [Reference.parse(f"registry.example/app:{number}") for number in range(60)]
    with closing(PostgresStore(postgres.create("costs_groups"), tmp_path)) as store:
        with store.contents.transaction():
            pass
        postgres_statements.clear()
        with store.contents.transaction():
            store.contents.keep_manifests([*made, *made[:9]])
            store.contents.keep_blobs(str(number).encode() for number in range(60))
            assert len(postgres_statements) <= 6
            postgres_statements.clear()
            store.contents.observe(
                Observation(tag, manifest.digest, datetime.now(UTC))
                for tag, manifest in zip(tags, made, strict=True)
            )
        assert len(postgres_statements) <= len(tags) + 4
        assert [each.tag_reference for each in store.contents.latest()] == sorted(tags, key=str)


@pytest.fixture(scope="module")
def many(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of 20,000 tags and manifests, known to the planner."""
    name = "costs_pages"
    with closing(PostgresStore(postgres.create(name), tmp_path_factory.mktemp("many"))) as store:
        see(store.contents, "registry.example/app:x", oci_image("linux/amd64"))
    postgres.execute(
        "INSERT INTO manyfest.observations (home, tag, digest, first_seen, last_seen)"
        " SELECT home, number, digest, first_seen, last_seen"
        " FROM manyfest.observations, generate_series(1, 20000) AS number;"
        "INSERT INTO manyfest.manifests (digest, media_type, data)"
        " SELECT 'sha256:' || number, '', '{}' FROM generate_series(1, 20000) AS number;"
        "ANALYZE manyfest.observations, manyfest.manifests",
        name,
    )
    return name


def _plan(postgres: PostgresServer, database: str, statement: str) -> str:
    explain = f"SET search_path = manyfest; EXPLAIN {as_postgres(statement)}"
    with psycopg.connect(postgres.url(database, "postgres"), autocommit=True) as connection:
        cursor = connection.execute(explain.encode())
        cursor.nextset()
        return "\n".join(line for (line,) in cursor)


def test_a_page_of_tags_is_read_in_the_order_of_the_index(
    postgres: PostgresServer, many: str
) -> None:
    plan = _plan(
        postgres,
        many,
        "SELECT * FROM observations AS o"
        f" WHERE (home, tag) > ('', '') AND {IS_NEWEST} ORDER BY home, tag LIMIT 500",
    )
    assert "observations_newest" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("kind", [ContentKind.STATE, ContentKind.MANIFEST])
def test_a_page_that_fsck_checks_reads_no_other_rows(
    postgres: PostgresServer, many: str, kind: ContentKind
) -> None:
    page = f"{PostgresIntegrity.rows_of[kind]} > 0 ORDER BY 1 LIMIT 16"
    plan = _plan(postgres, many, page)
    assert "Index" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan


def test_rebuilding_the_index_makes_the_texts_that_keeping_made(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    name = "costs_texts"
    image = oci_image("linux/amd64", annotations={"title": "an app", "n": "2"})
    config = b'{"config": {"Labels": {"team": "core", "no": 1}}}'
    with closing(PostgresStore(postgres.create(name), tmp_path)) as store:
        hold(store.contents, oci_index(image, oci_image(), annotations={"source": "here"}))
        with store.contents.transaction():
            store.contents.keep_blobs([config, b"[]"])
        kept = _indexes(postgres, name)
        assert [len(rows) for rows in kept] == [6, 2, 1]
        postgres.execute(
            "SET search_path = manyfest; DELETE FROM descriptors; DELETE FROM annotation_texts;"
            "UPDATE label_texts SET text = 'other'; INSERT INTO label_texts"
            " SELECT digest, 'none' FROM blobs WHERE data = '[]'",
            name,
        )
        found = check_store(store.integrity).damaged
        assert [(damage.kind, damage.reason) for damage in found] == [
            (ContentKind.FILE, "the index of descriptors differs from the manifests"),
            (ContentKind.FILE, "the index of texts differs from the documents"),
        ]
        with store.integrity.transaction():
            store.integrity.quarantine(found, datetime.now(UTC))
    assert _indexes(postgres, name) == kept
    postgres.execute("UPDATE manyfest.blobs SET data = '{}'", name)
    postgres.execute("UPDATE manyfest.manifests SET data = '{}'", name)
    assert _indexes(postgres, name) == [[], [], []]


def _indexes(postgres: PostgresServer, database: str) -> list[list[tuple[object, ...]]]:
    tables = ("descriptors", "annotation_texts", "label_texts")
    return [
        sorted(postgres.execute(f"SELECT * FROM manyfest.{table}", database)) for table in tables
    ]
