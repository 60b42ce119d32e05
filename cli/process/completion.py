"""What may be typed next, for the shell: commands and options, as cobra's completion says them."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from manyfest.cli.process.command_group import app

# Cobra's ShellCompDirectiveNoFileComp: no names of files in the place of candidates.
_NO_FILES = ":4"


def completions(words: Sequence[str]) -> str:
    """The lines that cobra's ``__complete`` prints when the last of ``words`` is being typed.

    Each candidate is followed by a tab and a description; a directive comes last.
    """
    *before, begun = words or [""]
    found = [line for line in _candidates(before, begun) if line.startswith(begun)]
    return "\n".join([*found, _NO_FILES])


def _candidates(before: Sequence[str], begun: str) -> Iterator[str]:
    command: Any = typer.main.get_command(app)
    context = typer.Context(command, info_name="manyfest")
    for word in before:
        found = command.get_command(context, word) if isinstance(command, TyperGroup) else None
        if found is not None:
            command, context = found, typer.Context(found, info_name=word, parent=context)
    if begun.startswith("-"):
        yield from _options(command.get_params(context))
    elif isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            named: Any = command.get_command(context, name)
            yield f"{name}\t{named.get_short_help_str(limit=80)}"


def _options(params: Sequence[Any]) -> Iterator[str]:
    for option in params:
        if option.param_type_name == "option":
            yield from (f"{name}\t{option.help}" for name in option.opts)
