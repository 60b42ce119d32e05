"""Several processes at one draft: every change is kept, one wins where one can, nobody hangs."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from manyfest.store.store import open_store
from tests.kill.soundness import faults_of
from tests.support.faults.confined import PROGRAM, SOURCES, drafts, layout_of_eight, run
from tests.support.faults.judged import error_line, store_dump, succeeded
from tests.support.programs.at_once import at_once
from tests.support.programs.forked import ForkedCommandLine

LIST = "oci:app:l"

_COMMANDS = """
from manyfest.cli.process.main import main
for line in sys.argv[1].splitlines():
    code = main(line.split())
    print("ended", code, file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def _layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    layout_of_eight(tmp_path)


def test_eight_that_annotate_eight_children_are_all_heard(forks: ForkedCommandLine) -> None:
    succeeded("create", LIST, *SOURCES)
    ended = at_once(
        forks,
        _COMMANDS,
        *([f"annotate {LIST} {each} --os-version {each[-1]}"] for each in SOURCES),
    )
    for out, errors in ended:
        assert (out, errors.splitlines()[-1]) == ("", "ended 0")
    with closing(open_store(os.environ["MANYFEST_STORE"])) as store:
        (draft,) = store.drafts.drafts()
    versions = [entry.descriptor.platform.os_version for entry in draft.entries]
    assert sorted(versions) == [*"01234567"]


@pytest.mark.parametrize("beginning", ["no store yet", "a store"])
def test_of_eight_that_create_one_draft_one_wins(forks: ForkedCommandLine, beginning: str) -> None:
    if beginning == "a store":
        succeeded("create", "oci:app:other", SOURCES[0])
    ended = at_once(forks, _COMMANDS, *([f"create {LIST} {each}"] for each in SOURCES))
    won = [place for place, (out, _) in enumerate(ended) if out]
    assert len(won) == 1
    for place in {*range(8)} - {*won}:
        _, errors = ended[place]
        error, code = errors.splitlines()
        assert "refusing to amend an existing manifest list with no --amend flag" in error
        assert code == "ended 6"
    (sources,) = [each for name, each in drafts().items() if name.endswith(":l")]
    assert [source[-1] for source in sources] == [str(won[0])]


def test_of_eight_that_amend_one_draft_all_are_in_it(forks: ForkedCommandLine) -> None:
    ended = at_once(forks, _COMMANDS, *([f"create --amend {LIST} {each}"] for each in SOURCES))
    assert [errors for _, errors in ended] == ["ended 0\n"] * 8
    (sources,) = drafts().values()
    assert sorted(source[-1] for source in sources) == [*"01234567"]


def test_of_eight_that_add_and_drop_each_has_its_way(forks: ForkedCommandLine) -> None:
    succeeded("create", LIST, *SOURCES[:4])
    added = ([f"add {LIST} {each}"] for each in SOURCES[4:])
    dropped = ([f"drop {LIST} {each}"] for each in SOURCES[:4])
    ended = at_once(forks, _COMMANDS, *added, *dropped)
    assert [errors.splitlines()[-1] for _, errors in ended] == ["ended 0"] * 8
    (sources,) = drafts().values()
    assert sorted(source[-1] for source in sources) == [*"4567"]


def test_whoever_inspects_sees_a_whole_draft_whatever_others_do(forks: ForkedCommandLine) -> None:
    """Exists with three entries, or does not exist: nothing in between, and no lock in the way."""
    create, remove = f"create {LIST} {' '.join(SOURCES[:3])}", f"rm {LIST}"
    renew = f"create --amend {LIST} {' '.join(SOURCES[:3])}"
    looks = [f"inspect {LIST}"] * 10
    scripts = [[create, remove] * 5, [renew, f"push {LIST}"] * 5, looks, looks]
    ended = at_once(forks, _COMMANDS, *scripts)
    for out, errors in ended[2:]:
        for shown in _documents(out):
            assert len(shown["manifests"]) == 3
        assert "this is a bug" not in errors
    for _, errors in ended:
        assert "locked" not in errors
        codes = {line for line in errors.splitlines() if line.startswith("ended ")}
        assert codes <= {"ended 0", "ended 3", "ended 6"}
    store_dump()  # is intact


def test_garbage_is_collected_while_others_create_and_nothing_needed_goes(
    forks: ForkedCommandLine,
) -> None:
    """Drafts that were created are there with all their manifests."""
    creating = [
        [f"create oci:app:{word}{number} {SOURCES[number + shift]}" for number in range(4)]
        for word, shift in {"early": 0, "late": 4}.items()
    ]
    ended = at_once(forks, _COMMANDS, *creating, ["cache gc --keep 0d"] * 8)
    assert [errors for _, errors in ended[:2]] == ["ended 0\n" * 4] * 2
    assert [line for line in ended[2][1].splitlines() if line.startswith("ended")] == [
        "ended 0"
    ] * 8
    assert len(drafts()) == 8
    assert faults_of(Path(os.environ["MANYFEST_STORE"])) == ()


def _documents(text: str) -> Iterator[dict]:
    """The JSON documents that stand one after the other in ``text``."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        yield document
        rest = rest[end:].strip()


@pytest.fixture
def other() -> Iterator[sqlite3.Connection]:
    """Another process, as SQLite sees it, at the store; which holds a draft of one image."""
    succeeded("create", LIST, SOURCES[0])
    path = os.environ["MANYFEST_STORE"]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        yield other


WRITING = {
    "create": ["create", "oci:app:new", SOURCES[0]],
    "add": ["add", LIST, SOURCES[1]],
    "push": ["push", LIST],
}


@pytest.mark.parametrize("words", WRITING.values(), ids=WRITING.keys())
def test_a_lock_that_stays_is_named_when_the_time_is_over(
    other: sqlite3.Connection, words: list[str]
) -> None:
    index = Path("app/index.json").read_bytes()
    other.execute("BEGIN IMMEDIATE")
    line = error_line(run(*words, MANYFEST_TIMEOUT="0.5"), 1)
    store = os.environ["MANYFEST_STORE"]
    assert line == f"error: the store {store} is locked by another process"
    assert Path("app/index.json").read_bytes() == index


def test_reading_waits_for_no_writer(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    assert run("ls", "--json").stdout != b"[]\n"
    assert run("inspect", LIST).code == 0


def test_a_lock_that_goes_is_waited_for(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    command = [PROGRAM, "annotate", LIST, SOURCES[0], "--variant", "v8"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1)
        other.execute("COMMIT")
        said, _ = waiting.communicate(timeout=300)
        assert said.startswith(b"note: annotated linux/")
        assert waiting.returncode == 0
    assert "v8" in run("inspect", LIST).stdout.decode()
