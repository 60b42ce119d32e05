"""The README's claims and commands, run as written."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from manyfest.cli.process.command_group import COMMANDS, GROUPS
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
COMMANDS_PAGE = (ROOT / "docs" / "reference" / "commands.md").read_text()
EXAMPLE = README.partition("## A real example")[2].partition("\n## ")[0]
HOME = "registry.example.com/team"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_table_and_has_help(manyfest: CommandLine, name: str) -> None:
    assert re.search(rf"^\| `manyfest {name}\b", COMMANDS_PAGE, re.MULTILINE)
    assert manyfest(name, "--help").stdout.startswith(f"Usage: manyfest {name}".encode())


@pytest.mark.parametrize("group", ["", *GROUPS])
def test_what_help_says_of_a_command_is_not_cut_short(manyfest: CommandLine, group: str) -> None:
    assert b"..." not in manyfest(*group.split(), "--help").stdout.partition(b"Commands:")[2]


@pytest.mark.parametrize("command", ["ls", "cache stats", "cache gc"])
def test_what_takes_no_arguments_says_so(manyfest: CommandLine, command: str) -> None:
    refused = manyfest(*command.split(), "more")
    said = f"error: 'manyfest {command}' accepts no arguments\n"
    assert (refused.code, refused.stdout, refused.stderr) == (2, b"", said)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_by_itself_shows_its_help_in_plain_text(manyfest: CommandLine, group: str) -> None:
    shown = manyfest(group)
    assert (shown.code, shown.stdout) == (0, manyfest(group, "--help").stdout)
    assert shown.stdout.startswith(f"Usage: manyfest {group} ".encode())


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_library_example_runs(
    tmp_path: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    assert manyfest("demo").code == 0
    ended = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=True, timeout=60
    )
    platforms = [line.split()[0] for line in ended.stdout.splitlines()]
    assert platforms[:3] == ["linux/amd64", "linux/arm64/v8", "linux/arm/v7"]


def test_what_goes_beyond_docker_runs_as_it_stands(
    tmp_path: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = (ROOT / "docs" / "tutorial" / "beyond-docker.md").read_text()
    section = section.partition("```\n")[2]  # after the block that sets up
    setup, *before = _steps(EXAMPLE.partition("with no registry")[2])
    commands = [*(step for step in before if "skopeo" not in step[0]), *_steps(section)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    assert manyfest("demo").code == 0
    assert len(commands) >= 10
    for command, code in commands:
        shell = f"{setup[0]}; {command}"
        ended = subprocess.run(["bash", "-c", shell], capture_output=True, check=False, timeout=60)
        assert ended.returncode == int(code or 0), (command, ended.stderr)


def _steps(section: str) -> list[tuple[str, str]]:
    """The commands that it shows, each with the exit code that a comment says, if one does."""
    line = r"^\$ ((?:.*\\\n)*.*?)(?: +# (?:exits with (\d+)|.*))?$"
    shown = re.findall(line, section, re.MULTILINE)
    return [(command.replace("\\\n", " "), code) for command, code in shown]


def test_the_real_example_runs_with_a_real_registry(
    tmp_path: Path,
    docker_registry: RunningRegistry,
    repository: str,
    manyfest: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = f"{docker_registry.host}/{repository}"
    monkeypatch.chdir(tmp_path)
    assert manyfest("demo").code == 0
    for tag in ("amd64", "arm64"):
        name = f"{home}/app:1.4-{tag}"
        assert manyfest("copy", f"oci:manyfest-demo/images:{tag}", name).code == 0
    steps = _steps(EXAMPLE.partition("with no registry")[0])
    ended = [manyfest(*shlex.split(step.replace(HOME, home))[1:]) for step, _ in steps]
    created, annotated, draft, pushed, seen = ended
    assert [one.code for one in ended] == [0] * 5
    assert created.stdout.decode().replace(home, HOME).strip() in EXAMPLE
    assert annotated.stdout == b""
    assert re.fullmatch(rb"sha256:[0-9a-f]{64}\n", pushed.stdout)
    assert draft.stdout == seen.stdout


def test_the_checks_run_the_command_that_the_readme_gives() -> None:
    run = (ROOT / ".ci" / "run").read_text()
    assert "README.md" in run
    assert len(re.findall(r"^\$ .*\.venv/bin/pytest", README, re.MULTILINE)) == 1


def test_the_tests_that_the_fault_table_names_are_there() -> None:
    section = (ROOT / "docs" / "explanation" / "faults.md").read_text()
    named = re.findall(r"tests/[\w/]+(?:\.\w+)?", section)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []
