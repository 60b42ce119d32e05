"""The command group: which commands there are, each loaded only when it is the one asked for."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

# Name -> module, in the order in which help shows them: the way a list is made.
COMMANDS = {
    "inspect": "inspect",
    "create": "create",
    "annotate": "annotate",
    "push": "push",
    "rm": "rm",
    "ls": "ls",
    "demo": "demo",
}


class CommandAsWritten(TyperCommand):
    """Shows its arguments in the usage line as their metavars write them.

    To typer they are all optional, so that it is we who refuse a wrong number, in docker's words.
    """

    def collect_usage_pieces(self, _ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """What follows the command's name."""
        arguments = (p for p in self.params if p.param_type_name == "argument")
        return [self.options_metavar or "", *(p.human_readable_name for p in arguments)]


class CommandsOnDemand(TyperGroup):
    """Finds commands by importing ``manyfest.cli.commands.NAME`` (ADR 0009)."""

    def list_commands(self, _ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """All names."""
        return list(COMMANDS)

    def get_command(self, _ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"manyfest.cli.commands.{COMMANDS[cmd_name]}")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name, cls=CommandAsWritten)(module.command)
        return typer.main.get_command(single)


app = typer.Typer(
    cls=CommandsOnDemand,
    add_completion=False,
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def manyfest(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,  # noqa: FBT002
) -> None:
    """Make, edit, look at and publish multi-platform image lists.

    A drop-in for docker manifest: inspect, create, annotate, push and rm take the same arguments.
    Wherever a registry reference may stand, so may oci:DIR:TAG, an OCI layout folder.
    """
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"manyfest {version_of('manyfest')}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
