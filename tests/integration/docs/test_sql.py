"""Every SQL statement in help and docs runs, on both databases."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from manyfest.store.postgres.store import PostgresStore
from tests.support.programs.our_program import run_here

ROOT = Path(__file__).parents[3]
PLACES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("cli/commands/**/*.py")]
EXAMPLE = re.compile(r'(?:manyfest cache query(?: --\w+)* |cache\.query\()"(SELECT [^"]+)"')
STATEMENTS = sorted({found for place in PLACES for found in EXAMPLE.findall(place.read_text())})


@pytest.fixture(scope="module")
def shared(postgres) -> str:
    url = postgres.create("sql_examples")
    with closing(PostgresStore(url, postgres.folder)) as store, store.contents.transaction():
        pass
    postgres.allow_queries("sql_examples")
    return url


def test_the_examples_are_found() -> None:
    assert len(STATEMENTS) >= 6


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_runs_on_a_file(statement, tmp_path, monkeypatch) -> None:
    _runs(statement, str(tmp_path / "store.db"), monkeypatch)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_runs_on_postgresql(statement, shared, monkeypatch) -> None:
    _runs(statement, shared, monkeypatch)


def _runs(statement: str, store: str, monkeypatch) -> None:
    monkeypatch.setenv("MANYFEST_STORE", store)
    result = run_here("cache", "query", statement)
    assert (result.code, result.stderr) == (0, "")
