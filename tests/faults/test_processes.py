"""Our program among others: signals, little memory, few files, odd terminals and odd arguments."""

import json
import re
import resource
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from signal import SIGINT
from threading import Thread
from typing import Any

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference
from tests.support.faults.confined import (
    PROGRAM,
    SOURCES,
    drafts,
    layout_of_eight,
    run,
    run_killing,
)
from tests.support.faults.judged import error_line, refused, store_dump, succeeded
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

LEAVING = Path(__file__).parents[1] / "kill" / "leaving.py"
LIST = "oci:app:l"
MEBIBYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def _layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unmeasured: None) -> None:
    monkeypatch.chdir(tmp_path)
    layout_of_eight(tmp_path)


def test_a_signal_at_any_moment_leaves_the_old_state_or_the_new_and_no_words() -> None:
    """Ends with 130 after Ctrl-C, else by the signal; what must hold is in the program's help."""
    signals = ("--signal", "INT", "--signal", "TERM", "--signal", "HUP")
    ended = run_killing("--times", "3", *signals, "--only", "create", "--only", "push")
    assert (ended.code, ended.stderr) == (0, ""), ended.stdout


def test_a_signal_while_the_program_leaves_makes_no_traceback() -> None:
    """Before every ninth opcode of leaving one of three signals, and some at random moments."""
    command = [sys.executable, str(LEAVING), "--step", "27", "--times", "3", "--only", "push"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout


def all_or_nothing(result: Result) -> None:
    """It made the draft, or says in one line why not; then it works where nothing is missing."""
    if result.code != 0:
        error_line(result, 1)
        assert store_dump() == []
        succeeded("create", LIST, *SOURCES)
    assert [len(sources) for sources in drafts().values()] == [8]


@pytest.mark.parametrize("files", [6, 7, 8, 9, 10, 12, 16])
def test_few_open_files_are_enough_or_one_line(files: int) -> None:
    all_or_nothing(run("create", LIST, *SOURCES, limits={resource.RLIMIT_NOFILE: files}))


def test_sixteen_open_files_are_enough_to_publish() -> None:
    succeeded("create", LIST, *SOURCES)
    result = run("push", "--jobs", "1", LIST, limits={resource.RLIMIT_NOFILE: 16})
    assert (result.code, result.stderr) == (0, "")


@pytest.mark.parametrize("mebibytes", [40, 48, 56, 64, 80, 100])
def test_little_memory_is_enough_or_one_line(mebibytes: int) -> None:
    limits = {resource.RLIMIT_AS: mebibytes * MEBIBYTE}
    all_or_nothing(run("create", "--jobs", "1", LIST, *SOURCES, limits=limits))


def test_where_no_thread_can_be_started_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refuse)
    line = error_line(run_here("create", LIST, *SOURCES), 1)
    assert line == "error: no more threads can be started; --jobs 1 does with one"
    succeeded("create", "--jobs", "1", LIST, *SOURCES)


def test_where_no_thread_can_be_started_names_are_looked_up_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    def resolve(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(Thread, "start", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert "r.example" in error_line(run_here("inspect", "r.example/a:1"), 5)


def test_no_memory_left_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise MemoryError

    monkeypatch.setattr(json, "dumps", refuse)
    assert error_line(run_here("ls", "--json"), 1) == "error: out of memory"


TERMINALS = {
    "dumb": {"TERM": "dumb"},
    "no colour": {"NO_COLOR": "1", "TERM": "xterm-256color"},
    "narrow": {"COLUMNS": "1", "TERM": "xterm-256color"},
    "none": {"TERM": ""},
}


@pytest.mark.parametrize("variables", TERMINALS.values(), ids=TERMINALS.keys())
def test_what_is_no_terminal_gets_no_escapes(variables: dict[str, str]) -> None:
    succeeded("create", LIST, *SOURCES)
    for words in (["ls"], ["inspect", LIST], ["--help"], ["push", "a:b:c"], ["push", LIST]):
        result = run(*words, **variables)
        assert "\x1b" not in result.stdout.decode() + result.stderr


def test_json_is_as_wide_as_it_is() -> None:
    succeeded("create", LIST, *SOURCES)
    for words in (["ls", "--json"], ["inspect", LIST]):
        assert run(*words, COLUMNS="1").stdout == run(*words, COLUMNS="400").stdout


LOCALES = {
    "C": {"LC_ALL": "C"},
    "strict": {"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"},
    "unknown": {"LC_ALL": "xx_YY.UTF-8"},
}


@pytest.mark.parametrize("variables", LOCALES.values(), ids=LOCALES.keys())
def test_no_locale_changes_what_is_kept_and_shown(variables: dict[str, str]) -> None:
    succeeded("create", LIST, *SOURCES)
    words = ["annotate", LIST, SOURCES[0], "--annotation", "straße=\u2028\U0001f600"]
    assert run(*words).code == 0
    shown, pushed = run("inspect", LIST).stdout, run("push", LIST).stdout
    succeeded("annotate", LIST, SOURCES[0], "--unset", "annotation:straße")
    result = run(*words, **variables)
    assert result.code == 0
    assert result.stderr.startswith("note: annotated linux/")
    assert run("inspect", LIST, **variables).stdout == shown
    assert run("push", LIST, **variables).stdout == pushed


ODD = {
    "a surrogate in a reference": (["inspect", "a/\udcff"], 2),
    "a surrogate in an annotation": (["annotate", LIST, SOURCES[0], "--annotation", "a=\udcff"], 2),
    "a surrogate in a value": (["annotate", LIST, SOURCES[0], "--os-version", "\udc80"], 2),
    "looks like an option": (["inspect", "-x"], 2),
    "is an option after all": (["inspect", "--", "-x"], 2),
    "empty": (["create", LIST, ""], 2),
    "NUL": (["inspect", "a\0b"], 2),
    "a mebibyte": (["inspect", "a" * MEBIBYTE], 2),
    "a mebibyte of options": (["inspect", "--" + "a" * MEBIBYTE], 2),
    "ten thousand sources": (["create", "oci:app:new", *["oci:app:nowhere"] * 10_000], 3),
}


@pytest.mark.parametrize(("words", "code"), ODD.values(), ids=ODD.keys())
def test_an_odd_argument_is_one_line(words: list[str], code: int) -> None:
    succeeded("create", LIST, *SOURCES)
    refused(*words, code=code)


def test_ten_thousand_sources_are_taken() -> None:
    succeeded("create", LIST, *SOURCES * 1250)
    assert [len(sources) for sources in drafts().values()] == [8]


STREAMS = {
    "stdout is full": ("> /dev/full", 1),
    "stdout is closed": (">&-", 1),
    "stderr is full": ("2> /dev/full", 0),
    "stderr is closed": ("2>&-", 0),
    "all are closed": ("<&- >&- 2>&-", 1),
}


@pytest.mark.parametrize(("streams", "code"), STREAMS.values(), ids=STREAMS.keys())
def test_what_cannot_be_printed_is_kept_all_the_same(streams: str, code: int) -> None:
    """A draft that was made is there, and the exit code says that its name was not told."""
    command = f"{PROGRAM} create {LIST} {' '.join(SOURCES)} {streams}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=300)
    assert (ended.returncode, b"Traceback" in ended.stderr) == (code, False)
    assert [len(sources) for sources in drafts().values()] == [8]
    command = f"{PROGRAM} push {LIST} {streams}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=300)
    assert (ended.returncode, b"Traceback" in ended.stderr) == (code, False)
    succeeded("verify", LIST)


def test_ctrl_c_ends_threads_that_copy_from_folder_to_folder(tmp_path: Path) -> None:
    """They wait for no server, which would be shut; each layer takes a while to copy."""
    layers = [_zeros(tmp_path / "app", size * MEBIBYTE) for size in (160, 161)]
    document = dict(oci_image().manifest.document) | {"layers": layers}
    big = Manifest(media_types.OCI_MANIFEST, json.dumps(document).encode())
    LayoutRegistry().put_manifest(Reference(Layout(str(tmp_path / "app")), "big"), big)
    command = [PROGRAM, "copy", "oci:app:big", "oci:out:big"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not _is_being_copied_to(tmp_path / "out"):
            pass  # what is waited for is there for a moment only
        process.send_signal(SIGINT)
        out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (130, b"")
    assert re.fullmatch(rb"note: interrupted; .* are kept; run it again to go on\n", err)
    written = {f"sha256:{path.name}" for path in tmp_path.glob("out/blobs/sha256/*")}
    assert written.isdisjoint(layer["digest"] for layer in layers)


def _is_being_copied_to(layout: Path) -> bool:
    with suppress(FileNotFoundError):
        return any(path.stat().st_size > MEBIBYTE for path in layout.glob(".manyfest-*"))
    return False


def _zeros(layout: Path, size: int) -> dict[str, Any]:
    """The descriptor of a layer in the layout that takes no room."""
    digest = Digest.of(bytes(size))
    with layout.joinpath("blobs", "sha256", digest.hex).open("wb") as file:
        file.truncate(size)
    return {"mediaType": media_types.OCI_LAYER, "digest": str(digest), "size": size}


def test_a_time_limit_that_was_given_bounds_copies_between_folders_too() -> None:
    error_line(run_here("copy", "--timeout", "0.001", SOURCES[0], "oci:out:1"), 5)
    succeeded("copy", SOURCES[0], "oci:out:1")
