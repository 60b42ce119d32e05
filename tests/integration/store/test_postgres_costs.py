"""The statements of a warm command: PostgreSQL gets at most two more than SQLite."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from manyfest.store.postgres.store import PostgresStore
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
    statements: list[str] = []
    for name in ("execute", "executemany"):
        method = getattr(psycopg.Cursor, name)

        def traced(cursor, query, *arguments, _method=method, **options):
            statements.append(str(query))
            return _method(cursor, query, *arguments, **options)

        monkeypatch.setattr(psycopg.Cursor, name, traced)
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
