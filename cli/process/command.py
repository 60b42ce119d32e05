"""A command as its module declares it: its function, its options, and its command line.

Theory of operation. A command is a function whose keyword parameters are options, each declared as
``Annotated[TYPE, Option("--name", help="…")]``, as typer has it. Words are parsed by pflag's rules
(ADR 0011), and a value is made of what was given, else of an environment variable, else it is the
default. typer writes the help (``help``) and is imported for it only (ADR 0009).
"""

import os
from collections.abc import Callable, Mapping, Sequence
from enum import EnumMeta
from functools import cached_property
from inspect import signature
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from manyfest.cli.output import warn
from manyfest.cli.process import pflag

HELP = pflag.Flag("help", "h", is_switch=True)

# Makes a value of a text and the name of its flag or variable. Raises InputError.
Parser = Callable[[str, str], Any]


class Option:
    """An option: its names, its help, and how a value is read where its type does not say it.

    ``metavar`` stands for the value in help, the option's own name unless given; ``envvar`` is the
    variable that replaces the option; ``default`` is shown in the place of the parameter's default.
    A deprecated option still works, and warns; ``deprecated`` is what to use instead.
    """

    def __init__(
        self,
        *names: str,
        help: str,  # noqa: A002 - typer's name for it
        metavar: str = "",
        envvar: str = "",
        default: str = "",
        parser: Parser | None = None,
        deprecated: str = "",
    ) -> None:
        self.names = names
        self.help = f"{help} Deprecated: use {deprecated}." if deprecated else help
        self.metavar = metavar or max(names, key=len).lstrip("-").upper()
        self.envvar = envvar
        self.default = default
        self.parser = parser
        self.deprecated = deprecated


class Parameter:
    """A keyword parameter of a command: its option, type and default.

    The types are bool, str, Path, an Enum, list[str], or what the option's parser returns; each may
    be optional.
    """

    def __init__(self, keyword: str, annotation: Any, default: Any) -> None:
        declared, self.option = get_args(annotation)
        types = [kind for kind in get_args(declared) if kind is not NoneType]
        self.type = types[0] if NoneType in get_args(declared) else declared
        self.keyword = keyword
        self.default = default
        names = sorted((name.lstrip("-") for name in self.option.names), key=len)
        letter = names[0] if len(names[0]) == 1 else ""
        self.flag = pflag.Flag(names[-1], letter, is_switch=self.type is bool)

    def value(self, texts: Sequence[str], environment: Mapping[str, str]) -> Any:
        """Return the value of the ``texts`` given, else of the variable, else the default."""
        if texts:
            if self.option.deprecated:
                warn(f"--{self.flag.name} is deprecated; use {self.option.deprecated}")
            return self._parse(texts, f"--{self.flag.name}")
        variable = self.option.envvar
        text = environment.get(variable, "") if variable else ""
        return self._parse([text], variable) if text else self.default

    def _parse(self, texts: Sequence[str], name: str) -> Any:
        if self.type == list[str]:
            return list(texts)
        return (self.option.parser or _parser_of(self.type))(texts[-1], name)


def _parser_of(kind: Any) -> Parser:
    if isinstance(kind, EnumMeta):
        return lambda text, name: _parse_choice(kind, text, name)
    if kind is bool:
        from manyfest.assembly.settings import parse_boolean

        return parse_boolean
    return (lambda text, _: Path(text)) if kind is Path else lambda text, _: text


def _parse_choice(kind: Any, text: str, name: str) -> Any:
    choices: dict[str, Any] = {str(member.value): member for member in kind}
    if text not in choices:
        raise pflag.UsageError(f"{name} wants one of {', '.join(choices)}, not {text!r}")
    return choices[text]


class Command:
    """A command: ``function`` takes the arguments, and the options by keyword.

    ``metavar`` are the arguments as help shows them; without it the command takes none. ``doc`` is
    the text of its help.
    """

    def __init__(
        self, function: Callable[..., None], metavar: str, parameters: Sequence[Parameter], doc: str
    ) -> None:
        self.metavar = metavar
        self.parameters = tuple(parameters)
        self.doc = doc
        self._function = function

    @cached_property
    def flags(self) -> tuple[pflag.Flag, ...]:
        """The flags that the command takes."""
        return (*(parameter.flag for parameter in self.parameters), HELP)

    def run(self, given: pflag.ParsedArguments, path: str) -> None:
        """Run the command; ``path`` is the command as typed, such as ``manyfest inspect``.

        Raises UsageError: arguments or values that the command cannot take.
        """
        if given.arguments and not self.metavar:
            from manyfest.cli.advice.usage import on_arguments

            raise pflag.UsageError(f"'{path}' accepts no arguments{on_arguments(path)}")
        try:
            self._function(given.arguments, **self._values(given))
        except pflag.ArgumentCountError as error:
            raise pflag.UsageError(f"{error} (usage: {path} {self.metavar})") from error

    def _values(self, given: pflag.ParsedArguments) -> dict[str, Any]:
        texts: dict[pflag.Flag, list[str]] = {}
        for flag, text in given.flags:
            texts.setdefault(flag, []).append(text)
        return {
            parameter.keyword: parameter.value(texts.get(parameter.flag, ()), os.environ)
            for parameter in self.parameters
        }


def parameters_of(function: Callable[..., None]) -> list[Parameter]:
    """Return the parameters of ``function`` that declare options, in order."""
    return [
        Parameter(name, parameter.annotation, parameter.default)
        for name, parameter in signature(function).parameters.items()
        if any(isinstance(part, Option) for part in get_args(parameter.annotation))
    ]
