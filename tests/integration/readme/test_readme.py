"""The README's claims and commands, run as written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from manyfest.cli.process.command_group import COMMANDS, GROUPS
from tests.support.programs.docker_client import CommandLine

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
COMMANDS_PAGE = (ROOT / "docs" / "reference" / "commands.md").read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_table_and_has_help(manyfest: CommandLine, name: str) -> None:
    assert re.search(rf"^\| `manyfest {name}\b", COMMANDS_PAGE, re.MULTILINE)
    assert manyfest(name, "--help").stdout.startswith(f"Usage: manyfest {name}".encode())


@pytest.mark.parametrize("group", ["", *GROUPS])
def test_what_help_says_of_a_command_is_not_cut_short(manyfest: CommandLine, group: str) -> None:
    assert b"..." not in manyfest(*group.split(), "--help").stdout.partition(b"Commands:")[2]


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        ("ls", " (manyfest tags lists the tags of a repository)"),
        ("cache stats", ""),
        ("cache gc", ""),
    ],
)
def test_what_takes_no_arguments_says_so(manyfest: CommandLine, command: str, advice: str) -> None:
    refused = manyfest(*command.split(), "more")
    said = f"error: 'manyfest {command}' accepts no arguments{advice}\n"
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
        [sys.executable, "-c", example], capture_output=True, text=True, check=True, timeout=300
    )
    platforms = [line.split()[0] for line in ended.stdout.splitlines()]
    assert platforms[:3] == ["linux/amd64", "linux/arm64/v8", "linux/arm/v7"]


def test_the_checks_run_the_command_that_the_readme_gives() -> None:
    run = (ROOT / ".ci" / "run").read_text()
    assert "README.md" in run
    assert len(re.findall(r"^\$ .*\.venv/bin/pytest", README, re.MULTILINE)) == 1


def test_the_tests_that_the_fault_table_names_are_there() -> None:
    section = (ROOT / "docs" / "explanation" / "faults.md").read_text()
    named = re.findall(r"tests/[\w/]+(?:\.\w+)?", section)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []
