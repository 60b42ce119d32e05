"""Shell completion of commands and options, in the format of cobra's."""

from collections.abc import Iterator, Sequence

from manyfest.cli.process.command import Command
from manyfest.cli.process.command_group import COMMANDS, GROUPS, command_of, members, summary

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
    name = ""
    for word in before:
        longer = f"{name} {word}".strip()
        name = longer if longer in GROUPS or longer in COMMANDS else name
    if prefix.startswith("-"):
        yield from _options(command_of(name)) if name in COMMANDS else ()
        yield from (f"{option}\tShow this message and exit." for option in ("-h", "--help"))
    elif name not in COMMANDS:
        yield from (f"{word}\t{summary(f'{name} {word}'.strip())}" for word in members(name))


def _options(command: Command) -> Iterator[str]:
    for parameter in command.parameters:
        option = parameter.option
        yield from (f"{name}\t{option.help}" for name in option.names)
