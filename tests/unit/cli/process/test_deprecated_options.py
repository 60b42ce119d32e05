"""Options that are to go: they work, and warn on standard error."""

from typing import Annotated

import pytest

from manyfest.cli.arguments.options import docker_command
from manyfest.cli.process.command import Option
from manyfest.cli.process.command_group import parse
from manyfest.cli.process.help import command_help


@docker_command("test", "[NAME]")
def command(
    names,
    old: Annotated[str | None, Option("--old", help="The old name.", deprecated="--new")] = None,
) -> None:
    print(old)


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        (["--old", "value"], "warning: --old is deprecated; use --new\n"),
        ([], ""),
    ],
)
def test_a_deprecated_option_works_and_warns_where_it_is_given(words, warned, capsys):
    command.run(parse(words, command.flags, "manyfest test"), "manyfest test")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (f"{'value' if words else None}\n", warned)


def test_help_says_what_to_use_instead():
    assert "The old name. Deprecated: use --new." in command_help(command, "manyfest test")
