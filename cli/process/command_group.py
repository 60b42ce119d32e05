"""The command group: which commands there are, each loaded only when it is the one asked for."""

from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from manyfest.cli.process import pflag as pflags
from manyfest.domain.errors import shortened
from manyfest.domain.version import VERSION

# Name -> module, in the order in which help shows them: the way a list is made.
COMMANDS = {
    "inspect": "docker.inspect",
    "create": "docker.create",
    "add": "compose.add",
    "drop": "compose.drop",
    "annotate": "docker.annotate",
    "push": "docker.push",
    "apply": "compose.apply",
    "lock": "compose.lock",
    "copy": "copy.copy",
    "rm": "docker.rm",
    "ls": "compose.ls",
    "diff": "look.diff",
    "verify": "look.verify",
    "history": "look.history",
    "undo": "copy.undo",
    "cache fetch": "cache.fetch",
    "cache export": "cache.export",
    "cache import": "cache.import_",
    "cache ls": "cache.ls",
    "cache stats": "cache.stats",
    "cache query": "cache.query",
    "cache gc": "cache.gc",
    "cache fsck": "cache.fsck",
    "import-docker": "setup.import_docker",
    "login": "setup.login",
    "logout": "setup.logout",
    "auth why": "setup.auth_why",
    "plugin install": "setup.plugin_install",
    "demo": "setup.demo",
}

# Commands of two words: what help says of the first.
GROUPS = {
    "cache": "See, fill, carry and clean what is kept.",
    "auth": "See how registries let you in.",
    "plugin": "Be a command of docker: docker manyfest.",
}


class DockerStyleCommand(TyperCommand):
    """Reads its arguments as docker's commands do, and shows them as their metavars write them.

    To typer they are all optional, so that it is we who refuse a wrong number, in docker's words.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Typer's reading of what pflag reads in ``args``."""
        words = as_typer_reads(args, self.get_params(ctx))
        if "--" in words and "--help" not in words and not self._arguments():
            raise typer.TyperException(f"'{ctx.command_path}' accepts no arguments")
        return super().parse_args(ctx, words)

    def collect_usage_pieces(self, _ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """What follows the command's name."""
        return [self.options_metavar or "", *self._arguments()]

    def _arguments(self) -> list[str]:
        return [p.human_readable_name for p in self.params if p.param_type_name == "argument"]


class LazyGroup(TyperGroup):
    """Finds commands by importing ``manyfest.cli.commands.NAME`` (ADR 0009).

    The names of a group within start with ``prefix``.
    """

    prefix = ""

    def list_commands(self, _ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """All names, that of a group once."""
        own = (name.removeprefix(self.prefix) for name in COMMANDS if name.startswith(self.prefix))
        return list(dict.fromkeys(name.partition(" ")[0] for name in own))

    def get_command(self, _ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """The command or group of this name, or None."""
        name = self.prefix + cmd_name
        if name in GROUPS:
            return _group(name, cmd_name)
        return _command(name, cmd_name) if name in COMMANDS else None

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """As a command, up to the first argument: what follows is for the command it names.

        A group by itself shows its help, as docker's do.
        """
        given = args or (["--help"] if self.prefix else [])
        words = as_typer_reads(given, self.get_params(ctx), interspersed=False)
        return super().parse_args(ctx, words)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """The command named first; refused in docker's words if there is none of the name."""
        if self.get_command(ctx, args[0]) is None:
            shown = shortened(args[0])
            raise typer.TyperException(f"unknown command: {ctx.command_path} {shown}")
        return super().resolve_command(ctx, args)


@cache  # typer asks twice, and making one takes a while
def _command(name: str, last_word: str) -> Any:
    module = import_module(f"manyfest.cli.commands.{COMMANDS[name]}")
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(last_word, cls=DockerStyleCommand)(module.command)
    return typer.main.get_command(single)


@cache
def _group(name: str, last_word: str) -> LazyGroup:
    group = LazyGroup(name=last_word, help=GROUPS[name], rich_markup_mode=None)
    group.prefix = f"{name} "
    return group


def as_typer_reads(args: list[str], params: list[Any], *, interspersed: bool = True) -> list[str]:
    """``args``, read by pflag's rules with the flags in ``params``, spelled for typer's parser."""
    flags = [flag_of(param) for param in params if param.param_type_name == "option"]
    given = pflags.read(args, flags, interspersed=interspersed)
    switches = {flag: value for flag, value in given.last().items() if flag.is_switch}
    return [
        *(f"--{flag.name}" for flag, value in switches.items() if value == "true"),
        *(f"--{flag.name}={value}" for flag, value in given.flags if not flag.is_switch),
        *(["--"] if given.arguments else []),
        *given.arguments,
    ]


def flag_of(option: Any) -> pflags.Flag:
    """How pflag would know an option of typer's."""
    names = sorted((name.lstrip("-") for name in option.opts), key=len)
    letter = names[0] if len(names[0]) == 1 else ""
    return pflags.Flag(names[-1], letter, option.is_flag)


app = typer.Typer(
    cls=LazyGroup,
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
    Wherever a registry reference may stand, so may oci:DIR:TAG, an OCI layout folder. A draft is a
    list on this machine, until push publishes it.

    Exit codes: 1 failed, 2 usage, 3 not found, 4 denied, 5 network or server trouble, 6 conflict,
    7 damaged or false content, 8 findings of diff or verify.
    """
    if version:
        typer.echo(f"manyfest {VERSION}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
