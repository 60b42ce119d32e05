"""Looking after the store from outside: what is held, forgotten, damaged, and asked for."""

import csv
import io
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from manyfest.contracts.images import docker_image, docker_list
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry

AMD, ARM = docker_image("linux/amd64", text="same"), docker_image("linux/arm64", text="same")
LACKING = (
    "SELECT reference FROM tags WHERE digest NOT IN"
    " (SELECT list FROM platforms WHERE os = 'linux' AND architecture = 'arm64')"
)
SHARING = (
    "SELECT digest, count(DISTINCT manifest) AS images FROM layers GROUP BY 1"
    " HAVING count(DISTINCT manifest) > 1"
)


@pytest.fixture
def names(docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine):
    """A list, an image and a draft of both, all of the real registry; the store knows them."""
    place = f"{docker_registry.host}/{repository}"
    both = seed(f"{place}:both", docker_list(AMD, ARM))
    amd = seed(f"{place}:amd", AMD)
    assert manyfest("inspect", "-v", both).code == 0
    assert manyfest("inspect", "-v", amd).code == 0
    return {"both": both, "amd": amd, "place": place}


def _store() -> Path:
    return Path(os.environ["MANYFEST_STORE"])


def _damage(digest: object) -> None:
    with closing(sqlite3.connect(_store())) as connection, connection:
        connection.execute("UPDATE manifests SET data = x'7b7d' WHERE digest = ?", (str(digest),))


def test_what_was_seen_is_listed(manyfest: CommandLine, names) -> None:
    shown = json.loads(manyfest("cache", "ls", "--json").stdout)
    assert [tag["reference"] for tag in shown] == sorted([names["amd"], names["both"]])
    by_name = {tag["reference"]: tag for tag in shown}
    assert by_name[names["both"]]["platforms"] == ["linux/amd64", "linux/arm64"]
    assert by_name[names["amd"]]["platforms"] == ["linux/amd64"]
    (layer,) = AMD.manifest.layers
    assert by_name[names["both"]]["layersSize"] == layer.size
    table = manyfest("cache", "ls").stdout.decode().splitlines()
    assert table[0].split()[:3] == ["REFERENCE", "DIGEST", "SIZE"]
    assert len(table) == 3


def test_a_pattern_chooses(manyfest: CommandLine, names) -> None:
    for pattern, expected in (("*:amd", 1), (names["place"], 2), (names["amd"], 1), ("x*", 0)):
        assert len(json.loads(manyfest("cache", "ls", "--json", pattern).stdout)) == expected


def test_how_much_is_held(manyfest: CommandLine, names) -> None:
    held = json.loads(manyfest("cache", "stats", "--json").stdout)
    assert (held["images"]["number"], held["lists"]["number"], held["tags"]) == (2, 1, 2)
    assert held["registries"][0]["registry"] == names["place"].partition("/")[0]
    assert b"lists" in manyfest("cache", "stats").stdout


def test_what_no_draft_needs_goes(manyfest: CommandLine, names) -> None:
    assert manyfest("create", f"{names['place']}:list", names["amd"]).code == 0
    would = manyfest("cache", "gc", "--keep", "0s", "--dry-run", "--json")
    told = manyfest("cache", "gc", "--keep", "0s", "--dry-run", "-v").stdout.decode()
    summary = manyfest("cache", "gc", "--keep", "0s", "--dry-run").stdout.decode()
    assert summary == told.splitlines(keepends=True)[0]
    gone = manyfest("cache", "gc", "--keep", "0s", "--json")
    would, gone = json.loads(would.stdout), json.loads(gone.stdout)
    assert (would.pop("removed"), gone.pop("removed")) == (False, True)
    assert (would.pop("givenBack"), gone.pop("givenBack") >= 0) == (0, True)
    assert would == gone
    assert {manifest["digest"] for manifest in gone["manifests"]} == {
        str(ARM.digest),
        str(docker_list(AMD, ARM).digest),
    }
    assert {line.split()[0] for line in told.splitlines()[1:]} == {"remove"}
    assert told.splitlines()[0].startswith("would remove ")
    assert f"  remove manifest {ARM.digest} (" in told
    never = manyfest("inspect", "--offline", names["both"])
    assert (never.code, len(never.stderr.splitlines())) == (3, 1)
    assert manyfest("push", f"{names['place']}:list").code == 0


def test_by_default_what_was_seen_lately_stays(manyfest: CommandLine, names) -> None:
    result = manyfest("cache", "gc")
    assert (result.code, result.stdout, result.stderr) == (0, b"removed nothing\n", "")
    assert manyfest("inspect", "--offline", names["both"]).code == 0


def test_what_was_fetched_by_digest_or_imported_stays_too(
    manyfest: CommandLine, names, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "by_digest.db"))
    by_digest = f"{names['place']}@{docker_list(AMD, ARM).digest}"
    assert manyfest("cache", "fetch", by_digest).code == 0
    assert manyfest("cache", "gc").stdout == b"removed nothing\n"
    assert manyfest("inspect", "--offline", by_digest).code == 0
    assert manyfest("cache", "export", by_digest, tmp_path / "bundle.tar").code == 0
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "imported.db"))
    assert manyfest("cache", "import", tmp_path / "bundle.tar").code == 0
    assert manyfest("cache", "gc").stdout == b"removed nothing\n"
    assert manyfest("inspect", "--offline", by_digest).code == 0


def test_a_tag_that_was_imported_stays_however_long_ago_it_was_seen(
    manyfest: CommandLine, names, tmp_path: Path, monkeypatch
) -> None:
    with closing(sqlite3.connect(_store())) as connection, connection:
        old = "2020-01-01T00:00:00.000000+00:00"
        connection.execute("UPDATE observations SET first_seen = ?, last_seen = ?", (old, old))
    assert manyfest("cache", "export", names["both"], tmp_path / "bundle.tar").code == 0
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "imported.db"))
    assert manyfest("cache", "import", tmp_path / "bundle.tar").code == 0
    assert manyfest("cache", "gc").stdout == b"removed nothing\n"
    assert manyfest("inspect", "--offline", names["both"]).code == 0


def test_damage_is_set_aside_and_fetched_anew(manyfest: CommandLine, names) -> None:
    digest = docker_list(AMD, ARM).digest
    _damage(digest)
    assert manyfest("inspect", "--offline", names["both"]).code == 7
    looked = manyfest("cache", "fsck", "--dry-run")
    assert looked.code == 7
    assert f"damaged manifest {digest}: other bytes" in looked.stdout.decode()
    found = manyfest("cache", "fsck", "--json")
    assert found.code == 7
    report = json.loads(found.stdout)
    assert (report["setAside"], report["forgotten"]) == (True, [names["both"]])
    assert manyfest("inspect", "--offline", names["both"]).code == 3
    assert manyfest("cache", "fsck").code == 0
    assert manyfest("inspect", names["both"]).code == 0
    assert manyfest("inspect", "--offline", names["both"]).code == 0


def test_the_questions_of_the_readme(manyfest: CommandLine, names) -> None:
    lacking = json.loads(manyfest("cache", "query", LACKING, "--json").stdout)
    assert lacking == [{"reference": names["amd"]}]
    rows = [*csv.reader(io.StringIO(manyfest("cache", "query", "--csv", SHARING).stdout.decode()))]
    assert rows == [["digest", "images"], [str(AMD.manifest.layers[0].digest), "2"]]
    assert manyfest("cache", "query", LACKING).stdout.decode().splitlines()[1] == names["amd"]


def test_csv_is_read_back_as_it_was(manyfest: CommandLine) -> None:
    cells = ["two\nlines", "a\r\nb", "c\rd", 'say "so"', "a,b", " ", ""]
    texts = ", ".join(
        "'" + cell.replace("\n", "'||char(10)||'").replace("\r", "'||char(13)||'") + "'"
        for cell in cells
    )
    shown = manyfest("cache", "query", "--csv", f"SELECT {texts}").stdout.decode()
    assert [*csv.reader(io.StringIO(shown, newline=""))][1] == cells


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["SELEC"], "syntax error"),
        (["SELECT * FROM tag"], "no such table: tag (manyfest cache query --views shows"),
        (["DELETE FROM main.drafts"], "not authorized"),
        ([], "requires 1 argument"),
        (["SELECT 1", "--json", "--csv"], "cannot be used together"),
        (["--views", "SELECT 1"], "accepts no arguments"),
    ],
)
def test_a_wrong_question_is_one_line(manyfest: CommandLine, arguments, said) -> None:
    result = manyfest("cache", "query", *arguments)
    assert (result.code, result.stdout) == (2, b"")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_too_many_patterns_are_refused(manyfest: CommandLine) -> None:
    words = "requires at most 1 argument"
    refused = manyfest("cache", "ls", "a", "b")
    assert (refused.code, refused.stderr) == (
        2,
        f"error: 'manyfest cache ls' {words} (usage: manyfest cache ls [PATTERN])\n",
    )


def test_nothing_in_a_table_moves_the_cursor(manyfest: CommandLine) -> None:
    shown = manyfest("cache", "query", "SELECT char(27, 10, 155) AS x, NULL AS y, x'00ff' AS z")
    assert shown.stdout == b"x            y   z\n\\x1b\\n\\x9b       00ff\n"
    columns = "SELECT 1 AS a, 2 AS a, 9e999 AS b, x'00ff' AS c"
    as_json = json.loads(manyfest("cache", "query", "--json", columns).stdout)
    assert as_json == [{"a": 1, "a_2": 2, "b": "inf", "c": "00ff"}]


COMMANDS = [["ls"], ["stats"], ["gc", "--dry-run"], ["fsck", "--dry-run"], ["query", LACKING]]


@pytest.mark.parametrize("command", [*COMMANDS, ["gc"], ["fsck"]], ids=" ".join)
def test_a_store_that_is_not_there_is_fine_and_is_not_made(manyfest: CommandLine, command) -> None:
    result = manyfest("cache", *command)
    assert (result.code, result.stderr) == (0, "")
    assert not _store().exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("content", [b"", b"not a database " * 100], ids=["empty", "foreign"])
def test_a_store_that_is_none_is_named_and_left(manyfest: CommandLine, command, content) -> None:
    _store().write_bytes(content)
    result = manyfest("cache", *command)
    assert (result.code, result.stdout) == (7, b"")
    assert str(_store()) in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert _store().read_bytes() == content


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_store_of_a_newer_version_is_refused(manyfest: CommandLine, command) -> None:
    manyfest("create", "oci:app:list", "oci:app:none")
    assert manyfest("cache", "ls").code == 0
    with closing(sqlite3.connect(_store())) as connection:
        connection.execute(f"PRAGMA application_id = {int.from_bytes(b'mfst', 'big')}")
        connection.execute("PRAGMA user_version = 999")
    result = manyfest("cache", *command)
    assert result.code == 1
    assert "is of version 999" in result.stderr
