"""The store gone wrong under a command: full, shut, damaged or killed over; nothing is lost."""

import os
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, tzinfo
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from manyfest.assembly import session
from manyfest.contracts.images import docker_image
from tests.kill.scenes import SCENES
from tests.support.faults.confined import (
    SOURCES,
    drafts,
    layout_of_eight,
    run,
    run_as_nobody,
    run_killing,
)
from tests.support.faults.judged import error_line, store_dump, succeeded
from tests.support.faults.registries import registry_of
from tests.support.programs.our_program import run_here
from tests.support.stores.children import start

LIST = "oci:app:l"


@pytest.fixture
def store() -> Path:
    return Path(os.environ["MANYFEST_STORE"])


@pytest.fixture
def full(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with one draft of three images, from the layout ``app`` in the working folder."""
    monkeypatch.chdir(tmp_path)
    layout_of_eight(tmp_path)
    succeeded("create", LIST, *SOURCES[:3])
    return store


def test_a_command_killed_at_any_moment_leaves_the_old_state_or_the_new() -> None:
    """All scenes in one run, whose registry costs more than a scene."""
    ended = run_killing("--times", "3")
    assert (ended.code, ended.stderr) == (0, ""), ended.stdout
    said = [line.partition(":")[0] for line in ended.stdout.decode().splitlines()]
    assert said == [name for name in SCENES for _ in range(2)]


@pytest.mark.parametrize("kibibytes", range(0, 80, 4))
def test_whatever_room_a_file_has_a_draft_is_made_or_not(full: Path, kibibytes: int) -> None:
    before, beside = store_dump(), sorted(full.parent.iterdir())
    result = run(
        *("create", "oci:app:new", *SOURCES), limits={resource.RLIMIT_FSIZE: kibibytes * 1024}
    )
    if result.code != 0:
        assert f"the store {full} cannot be" in error_line(result, 1)
        assert store_dump() == before
        succeeded("create", "oci:app:new", *SOURCES)
    assert sorted(full.parent.iterdir()) == beside
    assert [len(each) for each in drafts().values()] == [3, 8]


@pytest.mark.parametrize("kibibytes", range(0, 80, 20))
def test_whatever_room_a_new_store_has_it_is_made_or_not(full: Path, kibibytes: int) -> None:
    full.unlink()
    beside = sorted(full.parent.iterdir())
    result = run("create", LIST, *SOURCES, limits={resource.RLIMIT_FSIZE: kibibytes * 1024})
    if result.code != 0:
        assert f"the store {full} cannot be" in error_line(result, 1)
        assert not full.exists() or store_dump() == []
        succeeded("create", LIST, *SOURCES)
    assert sorted(full.parent.iterdir()) == sorted([*beside, full])


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may look into; pytest's own are closed to others."""
    with TemporaryDirectory(prefix="manyfest-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def shut(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """As ``full``, but the store may be read by all and written by nobody."""
    folder = open_folder / "shut"
    folder.mkdir()
    monkeypatch.setenv("MANYFEST_STORE", str(folder / "store.db"))
    monkeypatch.chdir(open_folder)
    layout_of_eight(open_folder)
    succeeded("create", LIST, *SOURCES[:3])
    (folder / "store.db").chmod(0o444)
    folder.chmod(0o555)
    yield folder / "store.db"
    folder.chmod(0o755)


def test_where_nothing_can_be_written_reading_works_and_writing_is_one_line(shut: Path) -> None:
    before = shut.read_bytes()
    for words in (["ls"], ["inspect", LIST], ["inspect", "--offline", "oci:app:c0"]):
        result = run_as_nobody(*words)
        assert (result.code, "warning" in result.stderr) == (0, False)
    for words in (["annotate", LIST, SOURCES[0], "--variant", "v8"], ["rm", LIST], ["push", LIST]):
        line = error_line(run_as_nobody(*words), 1)
        assert f"the store {shut} cannot be written: it or its folder is read-only" in line
    assert shut.read_bytes() == before
    assert list(shut.parent.iterdir()) == [shut]


LOOKING = {
    "ls": b"oci:",
    "stats": b"CONTENT",
    "query SELECT*FROM/**/tags": b"oci",
    "gc --dry-run": b"would remove",
    "fsck": b"no damage",
    "fsck --dry-run": b"no damage",
}


@pytest.mark.parametrize("words", LOOKING)
def test_where_nothing_can_be_written_the_cache_is_looked_at(shut: Path, words: str) -> None:
    before = shut.read_bytes()
    result = run_as_nobody("cache", *words.split())
    assert (result.code, result.stderr) == (0, "")
    assert LOOKING[words] in result.stdout
    assert (shut.read_bytes(), list(shut.parent.iterdir())) == (before, [shut])


@pytest.mark.parametrize("words", [["ls"], ["cache", "ls"], ["cache", "query", "SELECT 1"]])
def test_an_older_store_that_cannot_be_written_says_what_it_lacks(shut: Path, words) -> None:
    shut.chmod(0o644)
    with closing(sqlite3.connect(shut)) as connection, connection:
        connection.execute("DROP TABLE digests")
        connection.execute("PRAGMA user_version = 6")
    shut.chmod(0o444)
    line = error_line(run_as_nobody(*words), 1)
    assert f"the store {shut} is of version 6, has to become" in line
    assert line.endswith("cannot be written: it or its folder is read-only")


def test_where_nothing_can_be_written_nothing_is_collected(shut: Path) -> None:
    before = shut.read_bytes()
    line = error_line(run_as_nobody("cache", "gc", "--keep", "0d"), 1)
    assert f"the store {shut} cannot be written: it or its folder is read-only" in line
    assert (shut.read_bytes(), list(shut.parent.iterdir())) == (before, [shut])


def test_where_nothing_can_be_written_damage_is_told_and_left(shut: Path) -> None:
    shut.chmod(0o644)
    with closing(sqlite3.connect(shut)) as connection, connection:
        connection.execute("UPDATE blobs SET data = x'00'")
    shut.chmod(0o444)
    before = shut.read_bytes()
    result = run_as_nobody("cache", "fsck")
    assert (result.code, b"damaged config" in result.stdout) == (7, True)
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: nothing was quarantined: the store {shut} cannot be written")
    assert (shut.read_bytes(), list(shut.parent.iterdir())) == (before, [shut])


def test_what_cannot_be_kept_is_shown_with_a_warning(shut: Path) -> None:
    result = run_as_nobody("inspect", "oci:app:c7")
    assert (result.code, result.stdout[:1]) == (0, b"{")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"warning: not cached: the store {shut} cannot be written")


def test_a_store_of_somebody_else_is_one_line(shut: Path) -> None:
    shut.chmod(0)
    offline = ["inspect", "--offline", SOURCES[0]]
    for words in (["ls"], offline, ["annotate", LIST, SOURCES[0], "--variant", "v8"]):
        line = error_line(run_as_nobody(*words), 1)
        advice = "set MANYFEST_STORE to a path that can be written"
        assert line == f"error: the store {shut} cannot be opened: Permission denied ({advice})"


@pytest.mark.parametrize("words", [["inspect", SOURCES[0]], ["diff", *SOURCES[:2]]])
def test_reading_goes_on_without_a_store_of_somebody_else(shut: Path, words: list[str]) -> None:
    shut.parent.chmod(0)
    try:
        result = run_as_nobody(*words)
    finally:
        shut.parent.chmod(0o755)
    assert result.code in {0, 8}  # as there are differences
    assert result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"warning: the store {shut} cannot be opened: Permission denied")
    assert line.endswith("continuing without it (set MANYFEST_STORE to a path that can be written)")


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to nowhere's folder"])
def test_what_is_no_file_is_one_line(full: Path, kind: str) -> None:
    full.unlink()
    if kind == "folder":
        full.mkdir()
    elif kind == "pipe":
        os.mkfifo(full)
    else:
        full.symlink_to("/proc/nowhere/store.db")
    line = error_line(run("create", LIST, *SOURCES), 1)
    assert f"the store {full} " in line


@pytest.fixture
def at_home(full: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a person who did not say where the store is."""
    monkeypatch.delenv("MANYFEST_STORE")
    return full.parent


@pytest.mark.parametrize("variables", [{}, {"XDG_DATA_HOME": "relative"}, {"XDG_DATA_HOME": ""}])
def test_missing_folders_are_made_for_their_owner_alone(
    at_home: Path, variables: dict[str, str]
) -> None:
    assert run("create", LIST, *SOURCES, **variables).code == 0
    store = at_home / ".local" / "share" / "manyfest" / "store.db"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (store, store.parent)] == [0o600, 0o700]


def test_a_home_that_cannot_be_written_is_one_line(at_home: Path) -> None:
    store = "/proc/nobody/.local/share/manyfest/store.db"
    line = error_line(run("create", LIST, *SOURCES, HOME="/proc/nobody"), 1)
    assert f"the store {store} cannot be created" in line
    assert run("ls", HOME="/proc/nobody").code == 0


def test_a_person_without_a_home_is_told_what_to_set(
    at_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = "import pwd\ndef getpwuid(_): raise KeyError\npwd.getpwuid = getpwuid\n"
    (tmp_path / "sitecustomize.py").write_text(unknown)
    monkeypatch.delenv("HOME")
    line = error_line(run("ls", PYTHONPATH=str(tmp_path)), 1)
    assert line == "error: HOME: is not set; without a home, MANYFEST_STORE must name the store"


DAMAGE = {
    "header zeroed": lambda data: bytes(100) + data[100:],
    "truncated": lambda data: data[: len(data) // 2],
    "text": lambda _: b"these are my notes\n" * 500,
    "empty": lambda _: b"",
}
COMMANDS = {
    "ls": ["ls"],
    "inspect": ["inspect", LIST],
    "create": ["create", "oci:app:new", *SOURCES],
    "push": ["push", LIST],
}


@pytest.mark.parametrize("spoil", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_damaged_store_is_named_and_left_untouched(full: Path, spoil, words: list[str]) -> None:
    full.write_bytes(spoil(full.read_bytes()))
    before = full.read_bytes()
    line = error_line(run_here(*words), 7)
    assert f"the store is damaged: {full}: " in line
    assert full.read_bytes() == before
    assert [each.name for each in full.parent.iterdir()] == [full.name]


def test_noise_in_any_page_is_damage_or_does_not_matter(full: Path) -> None:
    good = full.read_bytes()
    shown = succeeded("inspect", LIST).stdout
    for page in range(1, len(good) // 4096):
        noise = Random(page).randbytes(4096)
        full.write_bytes(good[: page * 4096] + noise + good[(page + 1) * 4096 :])
        result = run_here("inspect", LIST)
        if result.code == 0:
            assert result.stdout == shown
        else:
            assert "the store is damaged: " in error_line(result, 7)


FLIP = "CAST(replace(data, 'config', 'confih') AS BLOB)"


def test_a_flipped_bit_is_neither_shown_nor_pushed(store: Path) -> None:
    with registry_of(docker_image("linux/amd64"), docker_image("linux/arm64")) as server:
        image, name = f"{server.host}/app:0", f"{server.host}/other:l"
        shown = succeeded("inspect", image).stdout
        succeeded("create", name, image, f"{server.host}/app:1")
        with closing(sqlite3.connect(store)) as connection, connection:
            connection.execute(f"UPDATE manifests SET data = {FLIP}")
        for words in (["inspect", image], ["inspect", "-v", name]):
            line = error_line(run_here(words[0], "--offline", *words[1:]), 7)
            assert f"the store is damaged: {store}: sha256:" in line
        assert run_here("inspect", image).stdout in (shown, b"")
        if run_here("push", name).code == 0:
            succeeded("verify", name)


_SPILL = """
with store.transaction():
    store.drafts.remove(store.drafts.drafts()[0].name)
    store.contents.keep_blobs([bytes(5_000_000)])
    print("inside", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def hot(full: Path) -> Path:
    """The store after a crash in a transaction so large that it was half written."""
    child = start(_SPILL, full)
    assert child.stdout.readline() == "inside\n"
    child.kill()
    child.communicate(timeout=300)
    return full


def test_a_journal_left_by_a_crash_is_rolled_back(hot: Path) -> None:
    assert (journal := Path(f"{hot}-journal")).exists()
    assert list(drafts()) == ["oci:" + str(Path("app").absolute()) + ":l"]
    assert not journal.exists()
    assert len(store_dump()) > 0


def test_a_journal_that_was_deleted_makes_damage_or_an_older_state(hot: Path) -> None:
    Path(f"{hot}-journal").unlink()
    result = run_here("inspect", LIST)
    assert result.code in (0, 3, 7)
    if result.code == 7:
        assert "the store is damaged: " in error_line(result, 7)


NAMES = (
    *("h.example/a/b:x", "h.example/a_b:x", "h.example/a-b:x", "h.example/a.b:x"),
    *("h.example/a/b:X", "h.example/a/b:x-1", "h.example/a/b-x:1", "h.example:1/a:b"),
    *("oci:a_b:x", "oci:a/b:x", "oci:A/b:x", "oci:ü/b:x", "oci:u\u0308/b:x"),
    "h.example/" + "n" * 200 + ":" + "t" * 128,
)


def test_names_that_look_alike_are_different_drafts(full: Path) -> None:
    for name in NAMES:
        succeeded("create", name, SOURCES[0])
    assert len(drafts()) == len(NAMES) + 1
    for number, name in enumerate(NAMES):
        succeeded("rm", name)
        assert len(drafts()) == len(NAMES) - number


class Clock(datetime):
    """Goes backwards, by a year each time it is looked at."""

    year_now = 2026

    @classmethod
    def now(cls, zone: tzinfo | None = None) -> datetime:
        Clock.year_now -= 1
        return datetime(Clock.year_now, 1, 1, tzinfo=zone)


def test_a_clock_that_goes_backwards_changes_no_digest(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = succeeded("push", LIST).stdout
    monkeypatch.setattr(session, "datetime", Clock)
    succeeded("create", LIST, *SOURCES[:2])
    succeeded("create", "--amend", LIST, SOURCES[2])
    assert succeeded("push", LIST).stdout == pushed
    assert succeeded("inspect", "--offline", "oci:app:c0").stdout[:1] == b"{"
    succeeded("ls")


def test_no_time_zone_and_no_machine_changes_a_digest(
    full: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pushed = set()
    for number, (zone, epoch) in enumerate([("UTC", "0"), ("Asia/Tokyo", "1"), ("EST5EDT", "x")]):
        monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / f"store {number}"))
        result = run("create", LIST, *SOURCES, TZ=zone, SOURCE_DATE_EPOCH=epoch)
        assert result.code == 0
        pushed.add(run("push", LIST, TZ=zone, SOURCE_DATE_EPOCH=epoch).stdout)
    assert len(pushed) == 1
