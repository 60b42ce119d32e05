"""Shell completion of commands, options and values, in the format of cobra's.

The scripts of ``manyfest completion`` and docker's own ask by ``__complete`` with the words typed
so far, the last of which is incomplete.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from manyfest.cli.process.command import Command, Parameter
from manyfest.cli.process.command_group import COMMANDS, GROUPS, command_of, members, summary

if TYPE_CHECKING:
    from manyfest.cli.process.completion_values import Values

# Cobra's ShellCompDirective: complete names of files, if there is no candidate; or never.
_FILES, _NO_FILES = ":0", ":4"


def completions(words: Sequence[str]) -> str:
    """Return the lines that cobra's ``__complete`` prints.

    The last of ``words`` is incomplete. Each line is a candidate, a tab and a description; a
    directive comes last.
    """
    *before, prefix = words or [""]
    name, rest = _command_in(before)
    if name in COMMANDS:
        found, directive = _of_command(command_of(name), rest, prefix)
    elif prefix.startswith("-"):
        found, directive = _HELP, _NO_FILES
    else:
        found, directive = _members(name), _NO_FILES
    return "\n".join([*(line for line in found if line.startswith(prefix)), directive])


_HELP = ("-h\tShow this message and exit.", "--help\tShow this message and exit.")


def _command_in(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the command or group that ``words`` name, and the words behind its name."""
    name, end = "", 0
    for place, word in enumerate(words, 1):
        longer = f"{name} {word}".strip()
        if name not in COMMANDS and (longer in GROUPS or longer in COMMANDS):
            name, end = longer, place
    return name, words[end:]


def _members(group: str) -> Iterator[str]:
    return (f"{word}\t{summary(f'{group} {word}'.strip())}" for word in members(group))


def _of_command(command: Command, rest: Sequence[str], prefix: str) -> tuple[Iterable[str], str]:
    """Complete an option, its value, or an argument."""
    option, arguments = _read(command, rest)
    is_name = option is None and prefix.startswith("-") and "=" not in prefix
    if is_name:
        return (*_options(command), *_HELP), _NO_FILES
    from manyfest.cli.process import completion_values as values

    if option is not None:
        return _values(values.of_option(option), prefix)
    if prefix.startswith("--") and "=" in prefix:
        name, _, begun = prefix.partition("=")
        named = _option_of(command, name)
        found, directive = _values(values.of_option(named) if named else None, begun)
        return (f"{name}={value}" for value in found), directive
    return _values(values.of_argument(command.metavar, arguments), prefix)


def _values(source: "Values | None", prefix: str) -> tuple[Iterable[str], str]:
    from manyfest.cli.process.completion_values import files

    if source is None:
        return (), _NO_FILES
    return source(prefix), _FILES if source is files else _NO_FILES


def _read(command: Command, words: Sequence[str]) -> tuple[Parameter | None, int]:
    """Return the option that still needs a value, and the number of arguments before."""
    waiting, arguments = None, 0
    for word in words:
        if waiting is not None:
            waiting = None
        elif word.startswith("-") and word != "-":
            option = None if "=" in word else _option_of(command, word)
            waiting = option if option is not None and not option.flag.is_switch else None
        else:
            arguments += 1
    return waiting, arguments


def _option_of(command: Command, name: str) -> Parameter | None:
    return next((p for p in command.parameters if name in p.option.names), None)


def _options(command: Command) -> Iterator[str]:
    for parameter in command.parameters:
        option = parameter.option
        yield from (f"{name}\t{option.help}" for name in option.names)
