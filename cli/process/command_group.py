"""The command group: a table of commands, each imported when it runs."""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated

from manyfest.cli.output import COLOR_MODES, choose_color, write_text
from manyfest.cli.process import pflag
from manyfest.cli.process.command import HELP, Command, Option, Parameter
from manyfest.domain.errors import shortened
from manyfest.domain.version import VERSION

# The options of the program. Every command takes --color, too, before or after its name.
_OPTIONS = (
    Parameter(
        "version",
        Annotated[bool, Option("--version", help="Print the version and exit.")],
        default=False,
    ),
    Parameter(
        "color",
        Annotated[
            str | None,
            Option(
                "--color",
                metavar="auto|always|never",
                help="Use colours, in any command; auto: on terminals, unless NO_COLOR is set.",
            ),
        ],
        default=None,
    ),
)
_VERSION, _COLOR = (option.flag for option in _OPTIONS)

# Title of a section of the help -> name of a command -> its module, in the order of the help. A
# module's folder says to which group of commands it belongs (``cli.commands``).
SECTIONS = {
    "Docker-compatible": {
        "create": "docker.create",
        "annotate": "docker.annotate",
        "inspect": "docker.inspect",
        "push": "docker.push",
        "rm": "docker.rm",
    },
    "Compose and publish": {
        "add": "compose.add",
        "drop": "compose.drop",
        "ls": "compose.ls",
        "publish": "compose.publish",
        "imagetools create": "compose.imagetools_create",
        "imagetools inspect": "compose.imagetools_inspect",
        "apply": "compose.apply",
        "lock": "compose.lock",
    },
    "Look": {
        "show": "look.show",
        "digest": "look.digest",
        "tags": "look.tags",
        "diff": "look.diff",
        "verify": "look.verify",
        "history": "look.history",
        "who": "look.who",
        "outdated": "look.outdated",
        "attached": "look.attached",
        "sbom": "look.sbom",
        "provenance": "look.provenance",
        "explore": "look.explore",
    },
    "Copy and cache": {
        "copy": "copy.copy",
        "promote": "copy.promote",
        "undo": "copy.undo",
        "untag": "copy.untag",
        "serve": "copy.serve",
        "cache fetch": "cache.fetch",
        "cache export": "cache.export",
        "cache import": "cache.import_",
        "cache push": "cache.push",
        "cache pull": "cache.pull",
        "cache copy": "cache.copy",
        "cache ls": "cache.ls",
        "cache stats": "cache.stats",
        "cache query": "cache.query",
        "cache gc": "cache.gc",
        "cache fsck": "cache.fsck",
    },
    "Registries and setup": {
        "login": "setup.login",
        "logout": "setup.logout",
        "auth why": "setup.auth_why",
        "doctor": "setup.doctor",
        "import-docker": "setup.import_docker",
        "plugin install": "setup.plugin_install",
        "completion": "setup.completion",
        "schema": "setup.schema",
        "demo": "setup.demo",
    },
}
COMMANDS = {name: module for section in SECTIONS.values() for name, module in section.items()}

# The first words of commands with two, and their help.
GROUPS = {
    "imagetools": "Publish and inspect lists with the arguments of docker buildx imagetools.",
    "cache": "Manage the local cache: list, fetch, export, import, clean up.",
    "auth": "Inspect registry credentials.",
    "plugin": "Manage the Docker CLI plugin (docker manyfest).",
}


_DOC = """Make, edit, look at and publish multi-platform image lists.

create, annotate, inspect, push and rm take the arguments of docker manifest. An OCI layout, written
oci:DIR[:TAG], can be used wherever a registry reference can. A draft is a list on this machine that
is not pushed yet.

Examples:
  manyfest create --push host/app:1 host/app:amd64 host/app:arm64
  manyfest show alpine:3

Exit codes: 1 failed, 2 usage, 3 not found, 4 unauthorised or denied, 5 network or server trouble,
6 conflict, 7 integrity error (wrong digest, damaged cache), 8 diff, verify or outdated found
something, or platforms are not as expected.
"""


def run(words: Sequence[str], program: str) -> None:
    """Run the command that ``words`` name; ``program`` is the name that messages show.

    Raises UsageError: there is no such command, or it cannot be run so.
    """
    given = parse(words, (_VERSION, HELP), program, interspersed=False)
    if _is_on(HELP, given):
        _write_group_help("", program)
    elif _is_on(_VERSION, given):
        write_text(f"manyfest {VERSION}")
    elif given.arguments:
        _run_member("", given.arguments, program)
    else:
        print(_group_help("", program), file=sys.stderr)  # noqa: T201 - help, not an error


def _run_group(group: str, words: Sequence[str], path: str) -> None:
    """Run a command of a group within the group; show the group's help without one."""
    given = parse(words, (HELP,), path, interspersed=False)
    if given.arguments and not _is_on(HELP, given):
        _run_member(f"{group} ", given.arguments, path)
    else:
        _write_group_help(group, path)


def _run_member(prefix: str, words: Sequence[str], path: str) -> None:
    word, *rest = words
    name, member = prefix + word, f"{path} {word}"
    if name in GROUPS:
        _run_group(name, rest, member)
    elif name in COMMANDS:
        _run_command(command_of(name), rest, member)
    else:
        from manyfest.cli.advice.usage import on_unknown_command

        group = prefix.strip()
        advice = on_unknown_command(path, group, words, members(group))
        raise pflag.UsageError(f"unknown command: {path} {shortened(word)} ({advice})")


def _run_command(command: Command, words: Sequence[str], path: str) -> None:
    given = parse(words, command.flags, path)
    if _is_on(HELP, given):
        from manyfest.cli.process.help import command_help

        write_text(command_help(command, path))
    else:
        command.run(given, path)


def command_of(name: str) -> Command:
    """Import the command of this name."""
    command = import_module(f"manyfest.cli.commands.{COMMANDS[name]}").command
    assert isinstance(command, Command)  # noqa: S101 - a mistake of ours
    return command


def members(group: str) -> list[str]:
    """Return the names of a group's commands, or of all commands and groups for an empty name."""
    prefix = f"{group} " if group else ""
    own = (name.removeprefix(prefix) for name in COMMANDS if name.startswith(prefix))
    return list(dict.fromkeys(name.partition(" ")[0] for name in own))


def summary(name: str) -> str:
    """Return the line that says what a command or a group is for."""
    from manyfest.cli.process.summaries import SUMMARIES

    return GROUPS.get(name) or SUMMARIES[name]


def _write_group_help(group: str, path: str) -> None:
    write_text(_group_help(group, path))


def _group_help(group: str, path: str) -> str:
    from manyfest.cli.process.group_help import group_help

    if group:
        return group_help(path, GROUPS[group], {"Commands": _summaries(group, COMMANDS)})
    sections = {title: _summaries("", section) for title, section in SECTIONS.items()}
    return group_help(path, _DOC, sections, _OPTIONS)


def _summaries(group: str, names: Iterable[str]) -> dict[str, str]:
    """Return the words that follow the group's in ``names``, each with what it is for."""
    prefix = f"{group} " if group else ""
    words = [n.removeprefix(prefix).partition(" ")[0] for n in names if n.startswith(prefix)]
    return {word: summary(prefix + word) for word in words}


def parse(
    words: Sequence[str], flags: Iterable[pflag.Flag], path: str, *, interspersed: bool = True
) -> pflag.ParsedArguments:
    """Parse ``words`` by pflag's rules, for the command ``path``, as in ``manyfest inspect``.

    Raises InputError, with advice where a flag is unknown.
    """
    known = tuple(flags)
    try:
        given = pflag.parse(words, (*known, _COLOR), interspersed=interspersed)
    except pflag.UnknownFlagError as error:
        from manyfest.cli.advice.usage import on_unknown_flag

        advice = on_unknown_flag(path, error.flag, [f"--{flag.name}" for flag in known])
        raise pflag.UnknownFlagError(error.flag, f"{error} ({advice})") from error
    if (mode := given.last_values().get(_COLOR)) is not None:
        _apply_color(mode)
    return given


def _apply_color(mode: str) -> None:
    if mode not in COLOR_MODES:
        pflag.refuse_value(_COLOR, mode, f"must be one of {', '.join(COLOR_MODES)}")
    choose_color(mode)


def _is_on(switch: pflag.Flag, given: pflag.ParsedArguments) -> bool:
    return given.last_values().get(switch) == "true"
