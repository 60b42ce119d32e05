"""A store in PostgreSQL gone wrong under a command: one clear line, and nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL

import pytest

from manyfest.cli.settings import settings_from
from manyfest.contracts.draft_book import draft
from manyfest.contracts.garbage_collector import see
from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain.errors import DeadlineError, QueryError, StoreError, StoreUnreachableError
from manyfest.domain.operations.store.check_store import check_store, set_damage_aside
from manyfest.domain.references import Reference
from manyfest.store.postgres.queries import ROLE
from manyfest.store.postgres.store import PostgresStore
from manyfest.store.store import open_store
from tests.support.faults.confined import SOURCES, layout_of_eight
from tests.support.http.certificates import self_signed
from tests.support.programs.at_once import COMMANDS, at_once
from tests.support.programs.our_program import run_here
from tests.support.stores.postgres_server import PostgresServer

A = oci_image("linux/amd64", text="a")
LIST = oci_index(A, oci_image("linux/arm64", text="b"))
TAG = Reference.parse("registry.example/app:x")
NAME = "faults"


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> str:
    url = postgres.create(NAME)
    with closing(PostgresStore(url, Path("/nonexistent"))) as store:
        see(store.contents, str(TAG), A)
    postgres.allow_queries(NAME)
    grants = "GRANT USAGE ON SCHEMA manyfest, manyfest_views TO reader;"
    grants += "GRANT SELECT ON ALL TABLES IN SCHEMA manyfest, manyfest_views TO reader"
    postgres.execute(grants, NAME)
    return url


@pytest.fixture
def url(
    postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """The URL of an empty store, which commands use; the layout ``app`` has eight images."""
    postgres.empty(NAME)
    monkeypatch.setenv("MANYFEST_STORE", database)
    monkeypatch.chdir(tmp_path)
    layout_of_eight(tmp_path)
    return database


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[PostgresStore]:
    with closing(PostgresStore(url, tmp_path, lock_timeout=1.0, patience=1.0)) as store:
        yield store


def refused(*command: str, code: int, words: str) -> None:
    """Run it here; it fails with this code and one line, in which no password is."""
    result = run_here(*command)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("note: ")]
    assert (result.code, len(lines)) == (code, 1), result
    assert words in lines[0]
    assert "secret" not in result.stderr


@pytest.mark.parametrize(
    ("url_of", "code", "words"),
    [
        (lambda at: at.url(NAME, password="secret2"), 4, "password authentication failed"),
        (lambda at: at.url("no_such"), 4, 'database "no_such" does not exist'),
        (lambda at: at.url(NAME, password="sec@secret"), 5, "write @ as %40, / as %2F"),
        (lambda at: at.url(NAME, password="1/secret"), 5, "write @ as %40, / as %2F"),
        (lambda at: at.url(NAME, password="sec%secret"), 1, "and % as %25"),
        (lambda at: at.url(NAME, password="sec?secret"), 4, "password authentication failed"),
        (lambda at: at.url(NAME).replace(f":{at.port}", ":1"), 5, "Connection refused"),
        (lambda at: f"postgresql://u:secret@no.invalid/{NAME}", 5, "cannot be resolved"),
        (lambda at: f"postgresql:///{NAME}?password=secret&x=1", 1, "is no URL of PostgreSQL"),
    ],
    ids=["password", "database", "at", "slash", "percent", "question", "port", "name", "url"],
)
def test_a_server_that_cannot_be_used_is_told_without_the_password(
    postgres, url, monkeypatch, url_of, code, words
) -> None:
    monkeypatch.setenv("MANYFEST_STORE", url_of(postgres))
    assert "secret" not in repr(settings_from())
    refused("cache", "ls", code=code, words=words)
    refused("create", "oci:app:l", SOURCES[0], code=code, words=words)


def test_reading_goes_on_without_a_server(url, postgres, monkeypatch) -> None:
    monkeypatch.setenv("MANYFEST_STORE", postgres.url(NAME).replace(f":{postgres.port}", ":1"))
    shown = run_here("inspect", SOURCES[0])
    assert shown.code == 0
    assert "continuing without it" in shown.stderr
    assert "can be written" not in shown.stderr


@pytest.mark.parametrize("is_right", [True, False])
def test_the_certificate_of_the_server_is_checked(
    url, postgres, monkeypatch, tmp_path, is_right
) -> None:
    right = postgres.folder / "tls/certificate.pem"
    root = right if is_right else self_signed(tmp_path / "other").file
    copy = tmp_path / "root.pem"
    copy.write_bytes(root.read_bytes())
    monkeypatch.setenv("MANYFEST_STORE", f"{url}?sslmode=verify-full&sslrootcert={copy}")
    if is_right:
        assert run_here("cache", "ls").code == 0
    else:
        refused("cache", "ls", code=5, words="certificate verify failed")


def test_a_full_disk_keeps_nothing_of_the_command(url, postgres) -> None:
    assert run_here("create", "oci:app:l", SOURCES[0]).code == 0
    postgres.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE SQLSTATE '53100'; END $$;"
        "CREATE TRIGGER full_disk BEFORE INSERT ON manyfest.entries FOR EACH ROW"
        " WHEN (NEW.position > 0) EXECUTE FUNCTION full_disk()",
        NAME,
    )
    try:
        words = "no space left on the server's disk"
        refused("create", "--amend", "oci:app:l", SOURCES[1], code=1, words=words)
        assert run_here("ls").stdout.count(b"oci:") == 1
        assert postgres.execute("SELECT count(*) FROM manyfest.entries", NAME) == [(1,)]
    finally:
        postgres.execute("DROP FUNCTION full_disk CASCADE", NAME)


def test_a_slow_server_is_left_in_time(store, postgres) -> None:
    postgres.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;"
        "CREATE TRIGGER slow BEFORE INSERT ON manyfest.drafts FOR EACH ROW"
        " EXECUTE FUNCTION slow()",
        NAME,
    )
    try:
        with pytest.raises(StoreUnreachableError, match="did not answer in time"):
            _save(store, "app")
    finally:
        postgres.execute("DROP FUNCTION slow CASCADE", NAME)
    _save(store, "app")
    assert len(store.drafts.drafts()) == 1


@pytest.mark.parametrize("lost", ["RESET search_path", "PREPARE _pg3_{} AS SELECT 1"])
def test_a_pooler_of_transactions_is_named(store, lost) -> None:
    """It gives our transactions to sessions that others have set up."""

    def use() -> None:
        for number in range(50):
            store.drafts.drafts()
            store.database.opened.connection.execute(lost.format(number))

    with pytest.raises(StoreError, match="PgBouncer: pool_mode = session"):
        use()


LIES = [
    "DELETE FROM manyfest.annotation_texts",
    "UPDATE manyfest.label_texts SET text = 'x'",
    """INSERT INTO manyfest.annotation_texts SELECT digest, 'x' FROM manyfest.manifests
    ON CONFLICT DO NOTHING""",
]


@pytest.mark.parametrize("statement", LIES)
def test_an_index_of_texts_that_lies_is_found_and_made_again(store, postgres, statement) -> None:
    texts = "SELECT * FROM manyfest.annotation_texts UNION SELECT * FROM manyfest.label_texts"
    with store.contents.transaction():
        noted = oci_index(oci_image(), annotations={"z": "1\n0", "a": "2"}).manifest
        store.contents.keep_manifests([noted, oci_image().manifest])
        store.contents.keep_blobs([b'{"config": {"Labels": {"team": "core", "b": "c"}}}'])
    before = postgres.execute(texts, NAME)
    assert (len(before), check_store(store.integrity).damaged) == (2, ())
    postgres.execute(statement, NAME)
    checked = check_store(store.integrity)
    reasons = [one.reason for one in checked.damaged]
    assert reasons == ["the index of texts differs from the documents"]
    set_damage_aside(store.integrity, checked, datetime.now(UTC))
    assert (postgres.execute(texts, NAME), check_store(store.integrity).damaged) == (before, ())


def test_a_silent_server_is_left_in_time(store) -> None:
    assert store.drafts.drafts() == ()
    backend = store.database.opened.connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnreachableError), store.database.snapshot():
            pytest.fail("it answered")
    finally:
        os.kill(backend, signal.SIGCONT)


def test_a_connection_that_broke_is_made_again_but_not_within_a_transaction(store, postgres):
    def cut() -> None:
        pid = store.database.opened.connection.info.backend_pid
        postgres.execute(f"SELECT pg_terminate_backend({pid}, 5000)")

    _save(store, "app")
    cut()
    assert len(store.drafts.drafts()) == 1
    cut()
    _save(store, "other")
    with pytest.raises(StoreUnreachableError, match="broke"), store.drafts.transaction():  # noqa: PT012
        store.drafts.save(draft("third", "a"))
        cut()
        store.drafts.drafts()
    assert len(store.drafts.drafts()) == 2


def test_a_server_that_was_restarted_loses_nothing(store, postgres) -> None:
    _save(store, "app")
    postgres.stop("fast")
    with pytest.raises(StoreUnreachableError):
        store.drafts.drafts()
    postgres.start()
    assert len(store.drafts.drafts()) == 1
    _save(store, "other")
    assert len(store.drafts.drafts()) == 2


@pytest.mark.parametrize(
    ("comment", "words"),
    [("manyfest 99", "is of version 99"), ("of others", "schema manyfest of another program")],
)
def test_a_schema_that_is_not_known_is_refused_and_left(url, postgres, comment, words) -> None:
    (before,) = postgres.execute("SELECT obj_description('manyfest'::regnamespace)", NAME)
    postgres.execute(f"COMMENT ON SCHEMA manyfest IS '{comment}'", NAME)
    try:
        refused("create", "oci:app:l", SOURCES[0], code=1, words=words)
        refused("cache", "gc", code=1, words=words)
    finally:
        postgres.execute(f"COMMENT ON SCHEMA manyfest IS '{before[0]}'", NAME)
    assert postgres.execute("SELECT count(*) FROM manyfest.drafts", NAME) == [(0,)]


def test_a_role_that_may_only_read_reads(url, postgres, monkeypatch, store, tmp_path) -> None:
    see(store.contents, str(TAG), LIST)
    monkeypatch.setenv("MANYFEST_STORE", postgres.url(NAME, user="reader"))
    assert b"app:x" in run_here("cache", "ls").stdout
    assert run_here("cache", "gc", "--dry-run").code == 0
    assert run_here("cache", "query", "SELECT count(*) FROM tags").stdout.split()[-1] == b"1"
    shown = run_here("inspect", SOURCES[0])
    assert shown.code == 0
    assert "warning: not cached: the store" in shown.stderr
    words = "the role reader may only read it"
    file = tmp_path / "other.db"
    with closing(open_store(file)) as other:
        see(other.contents, str(TAG), LIST)
    for command in (
        ("create", "oci:app:l", SOURCES[0]),
        ("cache", "gc"),
        ("cache", "copy", file, postgres.url(NAME, user="reader")),
    ):
        refused(*command, code=4, words=words)


@pytest.mark.parametrize(
    ("breaks", "mends", "words"),
    [
        (f"REVOKE {ROLE} FROM app", f"GRANT {ROLE} TO app", f'runs: GRANT {ROLE} TO "app"'),
        (
            f"ALTER ROLE {ROLE} RENAME TO other",
            f"ALTER ROLE other RENAME TO {ROLE}",
            f"has no role {ROLE} to run queries under; an administrator runs: CREATE ROLE {ROLE}",
        ),
        (
            f"REVOKE SELECT ON ALL TABLES IN SCHEMA manyfest_views FROM {ROLE}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA manyfest_views TO {ROLE}",
            f"runs: GRANT USAGE ON SCHEMA manyfest_views TO {ROLE}; GRANT SELECT",
        ),
    ],
    ids=["membership", "missing", "views"],
)
def test_without_a_role_for_queries_none_runs(url, postgres, breaks, mends, words) -> None:
    postgres.execute(breaks, NAME)
    try:
        refused("cache", "query", "SELECT 1", code=4, words=words)
    finally:
        postgres.execute(mends, NAME)
    assert run_here("cache", "query", "SELECT 1").code == 0


@pytest.mark.parametrize(
    ("breaks", "mends", "words"),
    [
        (f"ALTER ROLE {ROLE} CREATEDB", f"ALTER ROLE {ROLE} NOCREATEDB", "NOCREATEDB"),
        (f"ALTER ROLE {ROLE} SUPERUSER", f"ALTER ROLE {ROLE} NOSUPERUSER", "NOSUPERUSER"),
        (
            f"CREATE TABLE public.own (a int); ALTER TABLE public.own OWNER TO {ROLE}",
            "DROP TABLE public.own",
            f"runs: REASSIGN OWNED BY {ROLE} TO app",
        ),
        (f"GRANT reader TO {ROLE}", f"REVOKE reader FROM {ROLE}", f"REVOKE reader FROM {ROLE}"),
    ],
    ids=["createdb", "superuser", "owner", "member"],
)
def test_a_role_for_queries_that_may_more_runs_none(url, postgres, breaks, mends, words) -> None:
    if "GRANT reader" in breaks:
        postgres.execute(f"REVOKE {ROLE} FROM reader")  # no circle of roles
        mends += f"; GRANT {ROLE} TO reader"
    postgres.execute(breaks, NAME)
    try:
        refused("cache", "query", "SELECT 1", code=4, words="may more than read")
        refused("cache", "query", "SELECT 1", code=4, words=words)
    finally:
        postgres.execute(mends, NAME)
    assert run_here("cache", "query", "SELECT 1").code == 0


def test_a_superuser_runs_no_query(url, postgres, monkeypatch) -> None:
    monkeypatch.setenv("MANYFEST_STORE", postgres.url(NAME, user="postgres"))
    refused("cache", "query", "SELECT 1", code=4, words="is used by a superuser, postgres")


def test_a_store_without_a_schema_has_no_views(url, postgres, monkeypatch) -> None:
    monkeypatch.setenv("MANYFEST_STORE", postgres.create("no_views"))
    refused("cache", "query", "SELECT 1", code=1, words="has no views to query yet")


_TYPES = """
    SELECT '{"a": [1, null, true]}'::jsonb AS j, 'true'::json AS t, 'NaN'::float8 AS n,
        ARRAY['x', NULL, 'NaN'] AS a, ARRAY[1.5, 'NaN'::float8] AS f, interval '1 day 2 hours' AS i,
        ARRAY[interval '1 day'] AS ia, timestamptz '2026-01-02 03:04:05+00' AS w, 1 < 2 AS b,
        ROW(1, 'x') AS r, int4range(1, 3) AS s, 2.50::numeric AS d, 'ab'::bytea AS y,
        '127.0.0.1'::inet AS net"""


def test_types_that_json_lacks_are_texts_and_json_is_json(url) -> None:
    shown = run_here("cache", "query", "--json", _TYPES)
    assert json.loads(shown.stdout) == [
        {
            "j": {"a": [1, None, True]},
            "t": True,
            "n": "nan",
            "a": ["x", None, "NaN"],
            "f": [1.5, "nan"],
            "i": "1 day 02:00:00",
            "ia": ["1 day"],
            "w": "2026-01-02 03:04:05+00",
            "b": 1,
            "r": "(1,x)",
            "s": "[1,3)",
            "d": 2.5,
            "y": "6162",
            "net": "127.0.0.1",
        }
    ]
    table = run_here("cache", "query", "--csv", "SELECT '{\"a\": [true]}'::jsonb AS j")
    assert table.stdout.decode() == 'j\n"{""a"": [true]}"\n'


def test_a_query_cannot_write_leave_its_role_or_run_for_ever(url, postgres, tmp_path) -> None:
    with closing(PostgresStore(url, tmp_path, query_seconds=0.3)) as store:
        for statement in (
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT * FROM manyfest.blobs",
            "WITH d AS (DELETE FROM manyfest.drafts RETURNING 1) SELECT * FROM d",
            "SELECT 1; COMMIT; DROP SCHEMA manyfest CASCADE",
        ):
            with pytest.raises(QueryError), store.queries.run(statement) as answer:
                list(answer.rows)
        with store.queries.run("SELECT lo_create(0)") as answer:  # PostgreSQL 16 refuses it
            list(answer.rows)
        with pytest.raises(DeadlineError), store.queries.run("SELECT pg_sleep(20)") as answer:
            list(answer.rows)
    assert postgres.execute("SELECT count(*) FROM pg_largeobject_metadata", NAME) == [(0,)]


def test_another_writer_of_the_same_draft_is_waited_for(store, url, tmp_path) -> None:
    with closing(PostgresStore(url, tmp_path)) as other, other.drafts.transaction():
        other.drafts.save(draft("app", "a"))
        _save(store, "another")
        with pytest.raises(StoreError, match="is locked by another process"):
            _save(store, "app")
    _save(store, "app")


def test_many_machines_make_one_schema(postgres, tmp_path) -> None:
    new = postgres.create("races")

    def save(number: int) -> None:
        with closing(PostgresStore(new, tmp_path)) as store:
            _save(store, f"app{number}")

    with ThreadPoolExecutor(8) as machines:
        list(machines.map(save, range(8)))
    with closing(PostgresStore(new, tmp_path)) as store:
        assert len(store.drafts.drafts()) == 8
        assert check_store(store.integrity).damaged == ()


def test_a_storm_of_commands_from_twelve_processes_loses_nothing(url, store, forks) -> None:
    assert run_here("create", "oci:app:all", SOURCES[0]).code == 0
    scripts = []
    for number in range(12):
        own, source = f"oci:app:own{number}", SOURCES[number % 8]
        lines = (
            *(f"create {own} {source}", f"create --amend oci:app:all {source}"),
            *(f"annotate {own} {source} --os-version {number}", f"inspect {source}", "cache ls"),
            *("cache gc --keep 1d", "cache fsck --dry-run", f"push {own}"),
        )
        scripts.append(["\n".join(lines)])
    for said, errors in at_once(forks, COMMANDS, *scripts):
        assert errors.splitlines()[-1] == str([0] * 8), (said, errors)
    drafts = {str(each.name): each for each in store.drafts.drafts()}
    assert len(drafts) == 13
    whole = next(each for name, each in drafts.items() if name.endswith(":all"))
    assert {str(entry.source)[-1] for entry in whole.entries} == set("01234567")
    assert check_store(store.integrity).damaged == ()


def test_commands_killed_at_any_moment_leave_the_old_draft_or_the_new(url, store, forks) -> None:
    assert run_here("create", "oci:app:l", SOURCES[0]).code == 0
    before = store.drafts.drafts()
    for number in range(6):
        with forks.start("create", "--amend", "oci:app:l", *SOURCES[:4]) as running:
            time.sleep(0.01 + number * 0.04)
            if running.poll() is None:
                running.send_signal(SIGKILL)
            running.result()
        (after,) = store.drafts.drafts()
        assert len(after.entries) in (len(before[0].entries), 4)
        assert check_store(store.integrity).damaged == ()
    assert run_here("create", "--amend", "oci:app:l", *SOURCES[:4]).code == 0
    assert len(store.drafts.drafts()[0].entries) == 4


def test_only_such_a_store_imports_psycopg(url, tmp_path) -> None:
    program = (
        "import sys; from manyfest.cli.process.main import main; main(['ls']);"
        "print([name for name in sys.modules if 'psycopg' in name or 'postgres' in name])"
    )
    for store, is_loaded in ((str(tmp_path / "s.db"), False), (url, True)):
        environment = {**os.environ, "MANYFEST_STORE": store}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, check=True
        )
        assert (done.stdout.splitlines()[-1] != b"[]") is is_loaded


def _save(store: PostgresStore, name: str) -> None:
    with store.drafts.transaction():
        store.drafts.save(draft(name, "a"))
