"""The program in its environment: signals, pipes, full disks, odd locales."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Silent, dripping
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.waiting import wait_until

PROGRAM = str(Path(sys.executable).parent / "manyfest")


@pytest.fixture
def server() -> Iterator[FaultServer]:
    registry = MemoryRegistry()
    for number in range(20):
        image = docker_image(text=str(number))
        push_image(registry, Reference.parse(f"{REGISTRY}/app:{number}"), image)
    with FaultServer(RegistryApp(registry)) as server:
        yield server


@pytest.mark.parametrize("fault", [Silent(), dripping(1)], ids=["silent", "dripping"])
def test_ctrl_c_ends_sixteen_threads_at_once(server: FaultServer, fault) -> None:
    server.always("GET", "/v2/app/blobs/*", fault)  # configs: contact is made by then
    sources = [f"{server.host}/app:{number}" for number in range(20)]
    command = [PROGRAM, "create", f"{server.host}/app:l", *sources]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_until(lambda: server.count("GET", "/v2/app/blobs/*") >= 16)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
        took = time.monotonic() - pressed
    assert (process.returncode, out, err) == (130, b"", b"note: interrupted\n")
    assert took < 20  # a fraction of that when the machine is idle; without cancelling, 30 and more
    assert CommandLine((PROGRAM,))("ls", "--json").stdout == b"[]\n"


@pytest.mark.parametrize(
    ("number", "code"), [("SIGINT", 130), ("SIGTERM", -15), ("SIGHUP", -1)], ids=lambda each: each
)
def test_a_signal_takes_away_what_was_half_written(
    server: FaultServer, tmp_path: Path, number: str, code: int
) -> None:
    """The system, a container's end, ``timeout`` and CI send SIGTERM; a terminal that goes, HUP."""
    server.always("GET", "/v2/app/blobs/*", dripping(1, from_body=True))
    layout = tmp_path / "out"
    command = [PROGRAM, "copy", f"{server.host}/app:1", f"oci:{layout}:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_until(lambda: any(layout.glob(".manyfest-*")))
        process.send_signal(signal.Signals[number])
        out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err) == (code, b"", b"note: interrupted\n")
    assert list(layout.glob(".manyfest-*")) == []


def test_a_server_that_drips_is_ended_by_the_deadline(
    server: FaultServer, manyfest: CommandLine
) -> None:
    server.always("GET", "/v2/app/manifests/*", dripping(2))
    result = manyfest("inspect", "--timeout", "1", f"{server.host}/app:1")
    assert (result.code, result.stdout) == (5, b"")
    assert "1 s" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error(server: FaultServer, manyfest: CommandLine) -> None:
    name = f"{server.host}/app:1"
    shell = f"{PROGRAM} inspect -v {name} | head -c1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", shell], capture_output=True, check=False, timeout=300)
    assert (ended.stdout, ended.stderr) == (b"{", b"")
    assert ended.returncode in (0, 141)


def _full() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def _gone() -> int:
    """A pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("opened", [_full, _gone])
def test_words_that_nobody_hears_change_neither_result_nor_code(
    server: FaultServer, tmp_path: Path, opened: Callable[[], int]
) -> None:
    for words, code, starts in (
        (["copy", f"{server.host}/app:1", f"oci:{tmp_path}/out:1"], 0, b"sha256:"),
        (["inspect", f"{server.host}/app:none"], 3, b""),
    ):
        stderr = opened()
        ended = subprocess.run(
            [PROGRAM, *words], stdout=subprocess.PIPE, stderr=stderr, check=False, timeout=300
        )
        os.close(stderr)
        assert (ended.returncode, ended.stdout[:7]) == (code, starts), words


SHELLS = {
    "stdout is full": ("{program} inspect {name} > /dev/full", 1, "No space left"),
    "stdout is closed": ("{program} inspect {name} >&-", 1, "closed"),
    "stderr is closed": ("{program} inspect {name} 2>&-", 0, ""),
    "stdin is closed": ("{program} inspect {name} <&-", 0, ""),
    "stderr is closed and it fails": ("{program} inspect {name}x 2>&-", 3, ""),
}


@pytest.mark.parametrize(("shell", "code", "words"), SHELLS.values(), ids=SHELLS.keys())
def test_odd_streams(server: FaultServer, shell: str, code: int, words: str) -> None:
    command = shell.format(program=PROGRAM, name=f"{server.host}/app:1")
    ended = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=300)
    assert ended.returncode == code
    assert words in ended.stderr.decode()
    assert len(ended.stderr.splitlines()) == (1 if words else 0)


@pytest.mark.parametrize(
    "words",
    [
        ["inspect", "-f", "-"],
        ["cache", "fetch", "-f", "-"],
        ["apply", "-"],
        ["login", "-u", "me", "--password-stdin", "r.example"],
    ],
    ids=lambda words: words[0],
)
def test_what_reads_standard_input_says_that_it_is_closed(words: list[str]) -> None:
    ended = subprocess.run(
        ["bash", "-c", '"$@" <&-', "bash", PROGRAM, *words],
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr == b"error: standard input is closed\n"


@pytest.mark.parametrize("encoding", ["ascii:strict", "utf-8:strict", "latin-1"])
def test_no_locale_and_no_argument_makes_a_traceback(
    manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    monkeypatch.setenv("LC_ALL", "C")
    for argument in ("é", "\udcff", "\u202e"):
        ended = subprocess.run(
            [PROGRAM, "inspect", f"a/{argument}"], capture_output=True, check=False, timeout=300
        )
        assert ended.returncode == 2
        assert ended.stderr.startswith(b"error: ")
        assert len(ended.stderr.splitlines()) == 1


def test_a_bug_is_one_line(
    manyfest: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "sitecustomize.py"
    broken.write_text("import time\ntime.monotonic = None\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    result = manyfest("inspect", "127.0.0.1:1/a:1")
    assert result.code == 1
    assert result.stderr.startswith("error: this is a bug: TypeError: ")
    assert len(result.stderr.splitlines()) == 1
