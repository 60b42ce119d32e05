"""Help of commands, written by typer.

Nothing else imports typer (ADR 0009): importing it takes longer than most local commands.
"""

import re
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from manyfest.cli.process.command import Command
from manyfest.cli.process.command import Parameter as CommandParameter

_WIDEST = 120  # columns, as of the groups' help
_NAMES = ["-h", "--help"]
_AS_TYPED = "\b"  # before a paragraph that typer is to leave as it is


def command_help(command: Command, path: str) -> str:
    """Return the help of the command that is typed as ``path``."""
    return _help_of(_typer_command(path, command), path)


def _help_of(made: Any, path: str) -> str:
    context = typer.Context(
        made, info_name=path, help_option_names=_NAMES, max_content_width=_WIDEST
    )
    return str(made.get_help(context))


def _typer_command(name: str, command: Command) -> Any:
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    usage = f"[OPTIONS] {command.metavar}".strip()
    options = list(map(_option, command.parameters))
    single.command(name, options_metavar=usage)(_function(options, _with_examples(command.doc)))
    return typer.main.get_command(single)


def _with_examples(doc: str) -> str:
    """Keep the paragraph of examples as it is written, one a line."""
    return re.sub(r"\n\n( *)Examples:\n", rf"\n\n\1{_AS_TYPED}\n\1Examples:\n", doc)


def _option(parameter: CommandParameter) -> Parameter:
    """Return the parameter as typer reads it: a switch, or an option with a text."""
    option, is_switch = parameter.option, parameter.flag.is_switch
    shown = bool(parameter.default) and not is_switch and not option.default
    declared = typer.Option(
        *option.names,
        help=f"{option.help}  [default: {option.default}]" if option.default else option.help,
        metavar=None if is_switch else option.metavar,
        envvar=option.envvar or None,
        show_default=shown,
    )
    default = False if is_switch else str(parameter.default) if shown else None
    kind: Any = bool if is_switch else str | None
    return _parameter(parameter.keyword, Annotated[kind, declared], default=default)


def _parameter(name: str, annotation: Any, *, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _function(parameters: list[Parameter], doc: str) -> Callable[..., None]:
    def function() -> None: ...

    function.__doc__ = doc
    vars(function)["__signature__"] = Signature(parameters)
    return function
