"""The table of summaries, help pages, and the PowerShell script, which no shell runs here."""

import re

import pytest

from manyfest.cli.process.command_group import COMMANDS, command_of
from manyfest.cli.process.completion_scripts import SCRIPTS
from manyfest.cli.process.help import command_help
from manyfest.cli.process.summaries import SUMMARIES


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_the_first_line_of_the_help(name: str) -> None:
    assert SUMMARIES[name] == command_of(name).doc.partition("\n")[0]


def test_no_summary_is_left_over() -> None:
    assert list(SUMMARIES) == list(COMMANDS)


# What click and typer write where an option has no words of its own.
LEAKS = re.compile(r"\b(TEXT|INTEGER|FLOAT|PATH|BOOLEAN|int range|<[a-z ]+>)(?![A-Za-z])")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_page_has_examples_and_names_of_our_own(name: str) -> None:
    shown = command_help(command_of(name), f"manyfest {name}")
    examples = [line for line in shown.splitlines() if f"manyfest {name}" in line[4:]]
    assert len(examples) >= 2
    assert shown.startswith(f"Usage: manyfest {name} ")
    assert LEAKS.findall(shown.replace("PATH=", "")) == []
    assert "default: (" not in shown


def test_the_powershell_script_asks_as_the_others_do() -> None:
    script = SCRIPTS["powershell"]
    code = re.sub(r"#.*|'[^']*'|\"[^\"]*\"", "", script)
    assert [code.count(mark) for mark in "{(["] == [code.count(mark) for mark in "})]"]
    assert script.count("Register-ArgumentCompleter -Native -CommandName manyfest") == 1
    assert "& manyfest __complete @words 2>$null" in script
    # The word under the cursor, even an empty one, is the last that is asked for.
    assert "if (-not $wordToComplete) { $words += '' }" in script
    # Directives are no candidates, and a description follows a tab.
    assert r"-notmatch '^:\d+$'" in script
    assert '-split "`t", 2' in script
    # Each variable that is read is a parameter, assigned, or PowerShell's own.
    read = set(re.findall(r"\$(\w+)", script)) - {"PROFILE", "null", "_"}
    assigned = set(re.findall(r"\$(\w+)(?:, \$\w+)* \+?=", script))
    assigned |= set(re.findall(r"\$\w+, \$(\w+) =", script))
    parameters = set(re.findall(r"\$(\w+)", script.partition("param(")[2].partition(")")[0]))
    assert read <= assigned | parameters
