"""The command group: a table of commands, each imported when it runs."""

from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from manyfest.cli.output import COLOR_MODES, choose_color
from manyfest.cli.process import pflag
from manyfest.domain.errors import shortened
from manyfest.domain.version import VERSION

# Name -> module. Help shows them in this order, the way a list is made; a module's folder says to
# which group of commands it belongs (``cli.commands``).
COMMANDS = {
    # Make a draft and publish it; publish what a file declares; copy
    "inspect": "docker.inspect",
    "create": "docker.create",
    "add": "compose.add",
    "drop": "compose.drop",
    "annotate": "docker.annotate",
    "push": "docker.push",
    "apply": "compose.apply",
    "lock": "compose.lock",
    "copy": "copy.copy",
    # Drafts
    "rm": "docker.rm",
    "ls": "compose.ls",
    # Look
    "show": "look.show",
    "digest": "look.digest",
    "tags": "look.tags",
    "diff": "look.diff",
    "verify": "look.verify",
    "history": "look.history",
    "undo": "copy.undo",
    # Cache
    "cache fetch": "cache.fetch",
    "cache export": "cache.export",
    "cache import": "cache.import_",
    "cache ls": "cache.ls",
    "cache stats": "cache.stats",
    "cache query": "cache.query",
    "cache gc": "cache.gc",
    "cache fsck": "cache.fsck",
    # Registries and setup
    "import-docker": "setup.import_docker",
    "login": "setup.login",
    "logout": "setup.logout",
    "auth why": "setup.auth_why",
    "plugin install": "setup.plugin_install",
    "demo": "setup.demo",
}

# The first words of commands with two, and their help.
GROUPS = {
    "cache": "See, fill, carry and clean what is kept.",
    "auth": "See how registries let you in.",
    "plugin": "Be a command of docker: docker manyfest.",
}


# Every command takes it, before or after its name. Help shows it once, with the program.
_COLOR = pflag.Flag("color")


class DockerStyleCommand(TyperCommand):
    """A command that parses its arguments by docker's rules (ADR 0011).

    Help shows them as their metavars are written. To typer all are optional, so that we refuse a
    wrong number of them, in docker's words.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Parse ``args`` by pflag's rules, then let typer parse the result."""
        words = to_typer_arguments(args, self.get_params(ctx), ctx.command_path)
        if "--" in words and "--help" not in words and not self._arguments():
            raise typer.TyperException(f"'{ctx.command_path}' accepts no arguments")
        return super().parse_args(ctx, words)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command; show the usage line where the number of arguments is wrong."""
        try:
            return super().invoke(ctx)
        except pflag.ArgumentCountError as error:
            usage = " ".join((ctx.command_path, *self._arguments()))
            raise typer.TyperException(f"{error} (usage: {usage})") from error

    def collect_usage_pieces(self, _ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the parts of the usage line that follow the command's name."""
        return [self.options_metavar or "", *self._arguments()]

    def _arguments(self) -> list[str]:
        return [p.human_readable_name for p in self.params if p.param_type_name == "argument"]


class LazyGroup(TyperGroup):
    """A group that imports a command's module when it is looked up (ADR 0009).

    ``prefix`` is the first word, with a space, of the commands in a group within the group.
    """

    prefix = ""

    def list_commands(self, _ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the names in this group, that of a group within once."""
        own = (name.removeprefix(self.prefix) for name in COMMANDS if name.startswith(self.prefix))
        return list(dict.fromkeys(name.partition(" ")[0] for name in own))

    def get_command(self, _ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Return the command or group of this name, or None."""
        name = self.prefix + cmd_name
        if name in GROUPS:
            return _group(name, cmd_name)
        return _command(name, cmd_name) if name in COMMANDS else None

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Parse up to the first argument, which names the command of the rest.

        A group without arguments shows its help, as docker's do.
        """
        given = args or (["--help"] if self.prefix else [])
        words = to_typer_arguments(
            given, self.get_params(ctx), ctx.command_path, interspersed=False
        )
        return super().parse_args(ctx, words)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """Return the first argument's command; refuse an unknown one in docker's words."""
        if self.get_command(ctx, args[0]) is None:
            from manyfest.cli.advice.usage import on_unknown_command

            advice = on_unknown_command(ctx.command_path, args[0], self.list_commands(ctx))
            shown = f"unknown command: {ctx.command_path} {shortened(args[0])}"
            raise typer.TyperException(f"{shown} ({advice})")
        return super().resolve_command(ctx, args)


@cache  # typer looks a command up twice, and making one is slow
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


def to_typer_arguments(
    args: list[str], params: list[Any], path: str, *, interspersed: bool = True
) -> list[str]:
    """Parse ``args`` by pflag's rules; return them as typer's parser expects.

    ``params`` are typer's parameters, whose options are the flags; ``path`` is the command, as in
    ``manyfest inspect``. Raises InputError, with advice where a flag is unknown.
    """
    flags = [flag_of(param) for param in params if param.param_type_name == "option"]
    try:
        parsed = pflag.parse(args, [*flags, _COLOR], interspersed=interspersed)
    except pflag.UnknownFlagError as error:
        from manyfest.cli.advice.usage import on_unknown_flag

        advice = on_unknown_flag(path, error.flag, [f"--{flag.name}" for flag in flags])
        raise pflag.UnknownFlagError(error.flag, f"{error} ({advice})") from error
    given = parsed.last_values()
    _apply_color(given.pop(_COLOR, None))
    return [
        *(f"--{flag.name}" for flag, value in given.items() if flag.is_switch and value == "true"),
        *(
            f"--{flag.name}={value}"
            for flag, value in parsed.flags
            if flag in given and not flag.is_switch
        ),
        *(["--"] if parsed.arguments else []),
        *parsed.arguments,
    ]


def _apply_color(mode: str | None) -> None:
    if mode is None:
        return
    if mode not in COLOR_MODES:
        pflag.refuse_value(_COLOR, mode, f"must be one of {', '.join(COLOR_MODES)}")
    choose_color(mode)


def flag_of(option: Any) -> pflag.Flag:
    """Return the pflag flag for a typer option."""
    names = sorted((name.lstrip("-") for name in option.opts), key=len)
    letter = names[0] if len(names[0]) == 1 else ""
    return pflag.Flag(names[-1], letter, option.is_flag)


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
    color: Annotated[  # noqa: ARG001 -- for help: it is taken out before typer parses
        str | None,
        typer.Option(
            "--color",
            metavar="auto|always|never",
            help="Use colours, in any command; auto: on terminals, unless NO_COLOR is set.",
        ),
    ] = None,
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
