"""``outdated --every``: each change told once, a command for it, and a network that goes away."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.cli.flows.outdated import watch as watch_module
from manyfest.cli.flows.outdated.watch import split_command, watch
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.outdated.outdated_table import Row
from manyfest.contracts.images import Image, oci_image, oci_index, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.errors import UnreachableError
from manyfest.domain.operations.views.outdated import Checked, Verdict
from manyfest.domain.references import Reference
from tests.support.http.registry_server import REGISTRY, RegistryServer
from tests.support.programs.our_program import run_here
from tests.support.programs.waiting import wait_until

NAME = Reference.parse("r.example/app:1")
BEFORE, AFTER, LATER = (Digest.of(text) for text in (b"before", b"after", b"later"))


class EndError(Exception):
    """Ends a watch, as a signal does."""


def row(verdict: Verdict, after: Digest | None = AFTER, **more) -> Row:
    return Row("app:1", "", Checked(NAME, None, verdict, BEFORE, after, None, **more))


GONE = row(Verdict.UNKNOWN, None, error=UnreachableError("r.example", "r.example is away"))
CURRENT, OUTDATED = row(Verdict.CURRENT), row(Verdict.OUTDATED)


def watched(rounds: Sequence[Row], command: Sequence[str] = (), *, as_json: bool = True) -> None:
    """Watch one image for these rounds."""
    remaining: Iterator[Row] = iter(rounds)
    left = len(rounds)

    def pause() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise EndError

    with pytest.raises(EndError):
        watch(lambda: [next(remaining)], pause, command, as_json=as_json)


def test_a_change_is_told_once_and_the_next_one_again(capfd) -> None:
    watched([CURRENT, OUTDATED, OUTDATED, row(Verdict.OUTDATED, LATER), CURRENT])
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["after"] for line in lines] == [str(AFTER), str(LATER)]
    assert {line["status"] for line in lines} == {"outdated"}
    assert all(line["time"].endswith("Z") for line in lines)


def test_a_network_that_goes_away_is_warned_of_once(capfd) -> None:
    watched([CURRENT, GONE, GONE, OUTDATED, GONE], as_json=False)
    told = capfd.readouterr()
    assert told.err.count("warning: app:1 cannot be checked: r.example is away") == 2
    assert told.err.count("note: app:1 can be checked again") == 1
    assert "app:1: outdated: the tag moved" in told.out


SHOW = "import os, sys; print(sys.argv[1], os.environ['MANYFEST_AFTER'])"


def test_a_command_gets_the_change_in_its_environment_and_no_shell(capfd) -> None:
    command = [sys.executable, "-c", SHOW, "$HOME; *"]
    watched([OUTDATED, row(Verdict.REPUBLISHED, LATER)], command)
    told = capfd.readouterr()
    assert told.err == f"$HOME; * {AFTER}\n"
    assert len(told.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("code", "told"),
    [("raise SystemExit(3)", "ended with code 3"), ("input()", "ended with code 1")],
)
def test_a_command_that_fails_is_warned_of_and_the_watch_goes_on(capfd, code, told) -> None:
    watched([OUTDATED, row(Verdict.OUTDATED, LATER)], [sys.executable, "-c", code])
    assert capfd.readouterr().err.count(told) == 2


def test_a_command_that_cannot_be_run_is_warned_of(capfd) -> None:
    watched([OUTDATED], ["/nonexistent/program"])
    assert "/nonexistent/program cannot be run: No such file" in capfd.readouterr().err


def test_a_command_is_ended_with_its_children_when_its_time_is_up(
    capfd, monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(watch_module, "_SECONDS", 1.0)
    started = tmp_path / "child"
    watched([OUTDATED], ["sh", "-c", f"sleep 600 & echo $! > {started}; wait"])
    assert "took longer than 1 s, and was ended" in capfd.readouterr().err
    child = Path("/proc") / started.read_text().strip()
    wait_until(lambda: not child.exists() or "Z" in (child / "stat").read_text().split()[2])


@pytest.mark.parametrize("text", ["", "  ", "'open"])
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--exec wants a command"):
        split_command(text)


@pytest.mark.parametrize("options", [["--exec", "true"], ["--every", "0s"], ["--every", "often"]])
def test_options_that_make_no_watch_are_refused(options: list[str]) -> None:
    assert run_here("outdated", *options, "r.example/app:1").code == 2


AMD, NEW_AMD = oci_image("linux/amd64", text="old"), oci_image("linux/amd64", text="new")


def test_the_program_tells_a_move_feeds_the_history_and_ends_by_a_signal(tmp_path: Path) -> None:
    registry = MemoryRegistry()

    def move(image: Image) -> None:
        push_image(registry, Reference.parse(f"{REGISTRY}/team:app"), image)

    move(oci_index(AMD))
    with RegistryServer(registry) as server:
        name = f"{server.host}/team:app"
        command = [sys.executable, "-m", "manyfest", "outdated", "--every", "1s", "--json", name]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ)
        ) as running:
            wait_until(lambda: len(server.log()) >= 2, running)
            move(oci_index(NEW_AMD))
            assert running.stdout is not None
            line = json.loads(running.stdout.readline())
            running.send_signal(signal.SIGINT)
            assert running.wait(300) == 130
    assert (line["status"], line["summary"]) == ("outdated", "linux/amd64 changed")
    assert len(run_here("history", name).stdout.splitlines()) == 3
