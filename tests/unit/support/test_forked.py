"""A fork of the loaded program does what the program does, in the test's own environment."""

import json
import os
import socket
import threading
from pathlib import Path

import pytest

from tests.support.programs import fork_server
from tests.support.programs.fork_server import NUMBER, is_for_forks

COMMANDS: dict[str, tuple[str, ...]] = {
    "what is printed": ("--version",),
    "usage": ("inspect",),
    "what is missing": ("inspect", "oci:nowhere:1"),
    "long help": ("create", "--help"),
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_the_same_result_as_that_of_the_program(manyfest, started_manyfest, arguments):
    assert manyfest(*arguments) == started_manyfest(*arguments)


def test_environment_folder_and_input_are_those_of_the_call(manyfest, monkeypatch, tmp_path):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("MANYFEST_TIMEOUT", "none")
    assert "MANYFEST_TIMEOUT" in manyfest("inspect", "oci:x:1").stderr
    monkeypatch.delenv("MANYFEST_TIMEOUT")
    assert manyfest("demo").code == 0
    assert Path("manyfest-demo").is_dir()
    shown = manyfest("inspect", "-f", "-", "--offline", input=b"oci:none:1\n").stdout
    assert f"{Path.cwd() / 'none'}:1".encode() in shown


def test_several_threads_get_their_own_results(manyfest):
    results = {}
    threads = [
        threading.Thread(target=lambda n=n: results.update({n: manyfest("inspect", f"oci:{n}:1")}))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [f"{n}:1" in results[n].stderr for n in range(6)] == [True] * 6


@pytest.mark.parametrize("name", ["PYTHONPATH", "LC_ALL", "TZ", "COVERAGE_PROCESS_CONFIG"])
def test_what_the_interpreter_reads_at_its_start_wants_the_program(name):
    here = dict(os.environ)
    assert is_for_forks(here | {"HOME": "/elsewhere"}, here)
    assert not is_for_forks(here | {name: "other"}, here)
    assert not is_for_forks(here, here | {name: "other"})


def test_a_fork_without_a_network_has_none(forks, monkeypatch):
    socketless = Path(fork_server.__file__).parent / "socketless"
    monkeypatch.setenv("PYTHONPATH", str(socketless))
    assert "the network is forbidden here" in forks("inspect", "127.0.0.1:1/app:1").stderr
    monkeypatch.delenv("PYTHONPATH")
    assert "the network is forbidden here" not in forks("inspect", "127.0.0.1:1/app:1").stderr


def test_who_does_not_wait_for_the_end_ends_nothing_for_others(forks):
    with socket.socket(socket.AF_UNIX) as gone, Path(os.devnull).open("r+b") as null:
        gone.connect(forks.address)
        request = {"arguments": ["manyfest", "ls"], "environment": {}, "folder": "/"}
        data = json.dumps(request).encode()
        socket.send_fds(gone, [NUMBER.pack(len(data))], [null.fileno()] * 3)
        gone.sendall(data)
    assert [forks("--version").code for _ in range(5)] == [0] * 5


def test_what_a_fork_does_before_is_its_own(forks, tmp_path):
    limiting = (
        "import resource, sys; sys.dont_write_bytecode = True;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))"
    )
    assert forks("demo", tmp_path / "first", before=limiting).code == 1
    assert forks("demo", tmp_path / "second").code == 0
