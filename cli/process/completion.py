"""Shell completion of commands and options, in the format of cobra's."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from manyfest.cli.process.command_group import app

# Cobra's ShellCompDirectiveNoFileComp: do not complete file names instead.
_NO_FILES = ":4"


def completions(words: Sequence[str]) -> str:
    """Return the lines that cobra's ``__complete`` prints.

    The last of ``words`` is incomplete. Each line is a candidate, a tab and a description; a
    directive comes last.
    """
    *before, prefix = words or [""]
    found = [line for line in _candidates(before, prefix) if line.startswith(prefix)]
    return "\n".join([*found, _NO_FILES])


def _candidates(before: Sequence[str], prefix: str) -> Iterator[str]:
    command: Any = typer.main.get_command(app)
    context = typer.Context(command, info_name="manyfest")
    for word in before:
        found = command.get_command(context, word) if isinstance(command, TyperGroup) else None
        if found is not None:
            command, context = found, typer.Context(found, info_name=word, parent=context)
    if prefix.startswith("-"):
        yield from _options(command.get_params(context))
    elif isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            named: Any = command.get_command(context, name)
            yield f"{name}\t{named.get_short_help_str(limit=80)}"


def _options(params: Sequence[Any]) -> Iterator[str]:
    for option in params:
        if option.param_type_name == "option":
            yield from (f"{name}\t{option.help}" for name in option.opts)
