"""SQL queries: the content of the views, and no way to write."""

import signal
import sqlite3
import subprocess
import sys
import time
import tracemalloc
from contextlib import closing
from itertools import islice

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.contracts.garbage_collector import see
from manyfest.contracts.images import docker_image, oci_image, oci_index, referrer, windows_image
from manyfest.domain.errors import DeadlineError, InputError, QueryError
from manyfest.store.maintenance import queries
from manyfest.store.maintenance.answer import Answer
from manyfest.store.maintenance.views import VIEWS
from tests.support.programs.waiting import has_open, wait_until
from tests.support.stores.housekeeping import opened

AMD, ARM = oci_image("linux/amd64", text="base"), docker_image("linux/arm64/v8", text="arm")
BOTH = oci_index(AMD, ARM, annotations={"k": "v"})
ONLY_AMD = oci_index(AMD)
SIGNED = referrer(AMD)
FOREVER = "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT max(x) FROM t"


@pytest.fixture
def path(folder):
    return folder / "store.db"


@pytest.fixture
def kept(path):
    with opened(path, query_timeout=30.0) as kept:
        see(kept.contents, "registry.example/team/app:both", BOTH)
        see(kept.contents, "registry.example/team/app:amd", ONLY_AMD)
        see(kept.contents, "arm", ARM)
        see(kept.contents, "oci:/srv/site", windows_image())
        see(kept.contents, "docker-archive:/srv/a.tar:@0", ARM)
        see(kept.contents, "registry.example/sbom:x", SIGNED)
        with kept.drafts.transaction():
            kept.drafts.save(draft("app", "a", "b"))
        kept.store.close()
        yield kept


def _ask(kept, statement):
    with kept.queries.run(statement) as answer:
        return [*answer.rows]


QUESTIONS = {
    "SELECT registry, repository, tag, reference FROM tags ORDER BY reference": [
        ("docker-archive", "/srv/a.tar", "@0", "docker-archive:/srv/a.tar:@0"),
        ("docker.io", "library/arm", "latest", "docker.io/library/arm:latest"),
        ("oci", "/srv/site", "", "oci:/srv/site"),
        ("registry.example", "sbom", "x", "registry.example/sbom:x"),
        ("registry.example", "team/app", "amd", "registry.example/team/app:amd"),
        ("registry.example", "team/app", "both", "registry.example/team/app:both"),
    ],
    "SELECT reference FROM tags WHERE registry = 'registry.example' AND digest NOT IN ("
    "SELECT list FROM platforms WHERE os = 'linux' AND architecture = 'arm64') ORDER BY 1": [
        ("registry.example/sbom:x",),
        ("registry.example/team/app:amd",),
    ],
    "SELECT count(DISTINCT manifest) FROM layers GROUP BY digest ORDER BY 1 DESC LIMIT 1": [(2,)],
    f"SELECT platform, digest FROM platforms WHERE list = '{BOTH.digest}' ORDER BY position": [
        ("linux/amd64", str(AMD.digest)),
        ("linux/arm64/v8", str(ARM.digest)),
    ],
    f"SELECT platform FROM platforms WHERE list = '{windows_image().digest}'": [
        ("windows(10.0.17763.1)/amd64",)
    ],
    f"SELECT entry, name, value FROM annotations WHERE manifest = '{BOTH.digest}'": [
        (None, "k", "v")
    ],
    "SELECT kind, count(*) FROM manifests GROUP BY kind": [("image", 4), ("list", 2)],
    "SELECT artifact_type, subject FROM manifests WHERE subject IS NOT NULL": [
        ("application/x-sbom", str(AMD.digest))
    ],
    f"SELECT size FROM manifests WHERE digest = '{BOTH.digest}'": [(BOTH.manifest.size,)],
    "SELECT name, entries, pushed FROM drafts": [("docker.io/library/app:latest", 2, None)],
    "SELECT count(*) FROM history": [(6,)],
    "SELECT count(*) FROM labels": [(0,)],
}


@pytest.mark.parametrize(("statement", "expected"), QUESTIONS.items())
def test_the_views_answer(kept, statement, expected):
    assert _ask(kept, statement) == expected


@pytest.mark.parametrize("view", VIEWS, ids=[view.name for view in VIEWS])
def test_the_columns_are_those_that_are_told(kept, view):
    told = [column.split(" (")[0] for column in view.columns.split(", ")]
    with kept.queries.run(f"SELECT * FROM {view.name}") as answer:
        assert list(answer.columns) == told
        assert len([*answer.rows]) >= 0


FORBIDDEN = [
    "DELETE FROM main.manifests",
    "UPDATE main.drafts SET name = 'x'",
    "INSERT INTO tags VALUES (1)",
    "DROP TABLE main.manifests",
    "CREATE TABLE x (y)",
    "CREATE TEMP TABLE x (y)",
    "ATTACH '{folder}/new' AS new",
    "VACUUM INTO '{folder}/new'",
    "VACUUM",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = WAL",
    "PRAGMA user_version = 99",
    "BEGIN IMMEDIATE",
    "REINDEX",
    "ANALYZE",
    "SELECT * FROM main.manifests",
    "SELECT * FROM quarantine",
    "SELECT load_extension('x')",
    "SELECT writefile('{folder}/new', 'x')",
    "SELECT zeroblob(999999999)",
    "SELECT 1; DELETE FROM main.drafts",
    "SELECT ?",
    "SELEC",
    "",
    "-- nothing",
    "SELECT '\0'",
    "SELECT json('{{')",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_whatever_is_asked_nothing_changes(kept, path, folder, statement):
    before = path.read_bytes()
    with pytest.raises(InputError, match="SQL: "):
        _ask(kept, statement.format(folder=folder))
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


def test_no_table_can_be_asked(kept, path):
    with closing(sqlite3.connect(path)) as connection:
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = [name for (name,) in connection.execute(listed)]
    assert "hosts" in tables
    for table in tables:
        with pytest.raises(InputError, match="prohibited"):
            _ask(kept, f"SELECT * FROM main.{table}")


# A name in FROM is all that SQLite's authorizer knows of who reads a table.
DISGUISED = [
    "WITH tags AS (SELECT * FROM observations) SELECT * FROM tags",
    "WITH tags AS MATERIALIZED (SELECT host, realm FROM hosts) SELECT * FROM tags",
    "WITH manifests AS (SELECT data FROM main.manifests) SELECT * FROM manifests",
    "WITH RECURSIVE tags AS (SELECT home FROM claims UNION SELECT * FROM tags) SELECT * FROM tags",
    "WITH tags AS (WITH listed AS (SELECT * FROM claims) SELECT * FROM listed) SELECT * FROM tags",
    "SELECT (WITH tags AS (SELECT host FROM hosts) SELECT max(host) FROM tags)",
    "SELECT 1 WHERE EXISTS (WITH tags AS (SELECT host FROM hosts) SELECT * FROM tags)",
    "SELECT * FROM (SELECT * FROM observations) AS tags",
    "SELECT tags.home FROM observations AS tags",
    "SELECT rowid FROM observations",
    "SELECT sql FROM sqlite_master",
    "SELECT sql FROM sqlite_temp_schema",
    "SELECT * FROM pragma_table_info('hosts')",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_table_list",
    "PRAGMA table_info(hosts)",
    "SELECT * FROM dbstat",
    "SELECT * FROM sqlite_stmt",
    "SELECT fts3_tokenizer('simple')",
]


@pytest.mark.parametrize("statement", DISGUISED)
def test_no_name_disguises_who_reads_a_table(kept, statement):
    with pytest.raises(InputError, match="prohibited|not authorized|constructor failed"):
        _ask(kept, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "WITH tags AS (SELECT * FROM tags) SELECT count(*) FROM history",
        "WITH tags AS (SELECT reference FROM temp.tags) SELECT count(*) FROM tags",
        "WITH RECURSIVE n(i) AS (VALUES (6) UNION SELECT i FROM n) SELECT i FROM n",
        "SELECT count(*) FROM manifests AS m",
        "SELECT count(DISTINCT value) FROM json_each('[1, 2, 3, 4, 5, 6]')",
        "SELECT j.value FROM annotations AS a, json_tree('[6]') AS j WHERE a.value || j.key = 'v0'",
    ],
)
def test_names_of_views_may_be_used_again(kept, statement):
    assert _ask(kept, statement) == [(6,)]


def test_a_store_that_is_not_there_holds_nothing_and_is_not_made(folder):
    with opened(folder / "none.db") as kept:
        assert _ask(kept, "SELECT * FROM tags") == []
        assert _ask(kept, "SELECT count(*) FROM platforms") == [(0,)]
    assert list(folder.iterdir()) == []


def test_what_is_damaged_says_nothing(kept, path):
    data = path.read_bytes()
    assert b'"k": "v"' in data
    path.write_bytes(data.replace(b'"k": "v"', b'"k": "x"'))
    assert _ask(kept, "SELECT * FROM annotations WHERE name = 'k'") == []
    assert _ask(kept, "SELECT count(*) FROM manifests") == [(6,)]


def test_half_a_character_is_no_failure(kept):
    odd = oci_image(text="odd", annotations={"a": "\ud800"})
    see(kept.contents, "odd", odd)
    assert _ask(kept, "SELECT length(value) > 0 FROM annotations WHERE name = 'a'") == [(1,)]
    (row,) = _ask(kept, "SELECT value FROM annotations WHERE name = 'a'")
    assert "\ufffd" in row[0]


def test_a_query_without_end_ends_in_time(path, kept):
    with opened(path, query_timeout=0.2) as hasty, pytest.raises(DeadlineError, match="too long"):
        _ask(hasty, FOREVER)


def test_who_is_slow_to_read_an_answer_keeps_nobody_from_writing(path, kept):
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    with kept.queries.run(f"{many} SELECT i, tag FROM n, tags") as answer:
        assert next(answer.rows)[0] == 1
        with opened(path, lock_timeout=0) as other, other.drafts.transaction():
            other.drafts.save(draft("later"))
        assert sum(1 for _ in answer.rows) >= 1999


def test_a_connection_serves_again_unless_its_query_failed_or_was_left(kept, monkeypatch):
    opened_for = []
    open_read_only = queries.open_read_only

    def counted(path):
        opened_for.append(path)
        return open_read_only(path)

    def ask(statement, rows=None):
        with kept.queries.run(statement) as result:
            return list(islice(result.rows, rows))

    monkeypatch.setattr(queries, "open_read_only", counted)
    first = ask("SELECT kind FROM manifests")
    assert first == ask("SELECT kind FROM manifests")
    assert len(opened_for) == 1
    with pytest.raises(QueryError):
        ask("SELECT nothing FROM manifests")
    assert first == ask("SELECT kind FROM manifests")
    assert len(opened_for) == 2
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    assert ask(endless, 1) == [(1,)]
    assert first == ask("SELECT kind FROM manifests")
    assert len(opened_for) == 3
    with pytest.raises(QueryError):
        ask("DELETE FROM manifests")
    kept.queries.close()
    assert first == ask("SELECT kind FROM manifests")
    assert len(opened_for) == 4


def test_leaving_early_ends_it(kept):
    began = time.monotonic()
    endless = FOREVER.replace("max(x)", "x")
    with kept.queries.run(endless) as answer:
        assert next(answer.rows) == (1,)
    assert time.monotonic() - began < 20


# A single call of an SQL function that computes for minutes: SQLite looks at nothing meanwhile.
LONG_CALL = "SELECT instr(zeroblob(60000000), zeroblob(30000000) || x'01') FROM tags"


def _program(path, monkeypatch, *arguments):
    monkeypatch.setenv("MANYFEST_STORE", str(path))
    code = "import sys; from manyfest.cli.process.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "cache", "query", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_time_limit_ends_a_single_long_call_and_frees_the_lock(path, kept, monkeypatch):
    child = _program(path, monkeypatch, "--timeout", "1", LONG_CALL)
    out, err = child.communicate(timeout=300)
    assert (child.returncode, out) == (5, "")
    assert "the query took too long" in err
    with opened(path, lock_timeout=0) as other, other.drafts.transaction():
        other.drafts.save(draft("later"))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_single_long_call(path, kept, monkeypatch, number, code):
    child = _program(path, monkeypatch, LONG_CALL)
    wait_until(lambda: has_open(child, path), child)
    child.send_signal(number)
    out, err = child.communicate(timeout=300)
    assert child.returncode in (code, -number)
    assert (out, err) in {("", ""), ("", "note: interrupted\n")}


def test_wide_rows_are_read_a_few_at_a_time(kept):
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
    began = tracemalloc_peak(lambda: None)
    with kept.queries.run(f"{many} SELECT zeroblob(20000000) FROM n") as answer:
        peak = tracemalloc_peak(lambda: sum(1 for _ in answer.rows))
    assert peak - began < 200_000_000


def tracemalloc_peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_row_that_needs_too_much_memory_is_refused(kept):
    wide = ", ".join(["zeroblob(60000000) || ''"] * 20)
    with pytest.raises(InputError, match="it needs more than 512 MiB of memory"):
        _ask(kept, f"SELECT {wide}")


def test_ctrl_c_ends_a_query_without_end(path, kept, monkeypatch):
    monkeypatch.setenv("MANYFEST_STORE", str(path))
    code = (
        "import sys; print('up', flush=True);"
        "from manyfest.cli.process.main import main; sys.exit(main(sys.argv[1:]))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, "cache", "query", FOREVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "up\n"
    wait_until(lambda: has_open(child, path), child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=300)
    assert (child.returncode, out, err) == (130, "", "note: interrupted\n")


def test_rows_that_were_read_ahead_are_late_too(monkeypatch):
    now = 0.0
    monkeypatch.setattr("manyfest.store.maintenance.answer.monotonic", lambda: now)
    answer = Answer(deadline=2.0)
    answer.begin(("wide",))
    for _ in range(3):
        answer.add(("x" * 1000,))
    answer.end()
    rows = answer.rows()
    assert next(rows) == ("x" * 1000,)
    now = 2.1
    with pytest.raises(DeadlineError, match="took too long"):
        next(rows)
