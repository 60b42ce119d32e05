"""``manyfest completion``: completion in the shell."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from manyfest.cli.arguments.options import docker_command
from manyfest.cli.output import note, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError


@docker_command("completion", "bash|zsh|fish|powershell", 1, 1)
def command(
    names: Sequence[str],
    install: Annotated[
        bool, Option("--install", help="Write the script where the shell looks for it.")
    ] = False,
) -> None:
    """Print the script that completes commands in a shell.

    It completes commands, options, names of drafts and cached references, platforms, hosts with
    credentials, and files. docker manyfest is completed by the scripts of docker.

    Examples:
      eval "$(manyfest completion bash)"
      manyfest completion --install fish
    """
    from manyfest.cli.process.completion_scripts import SCRIPTS

    (shell,) = names
    if shell not in SCRIPTS:
        raise UsageError(f"no completion for {shell!r}: expected one of {', '.join(SCRIPTS)}")
    if not install:
        write_text(SCRIPTS[shell].rstrip("\n"))
        return
    file = _file_for(shell, os.environ)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SCRIPTS[shell])
    note(f"wrote {file}; it takes effect in a new shell{_FURTHER.get(shell, '')}")


# Further steps that a shell needs, besides the file.
_FURTHER = {"zsh": ", if its folder is in fpath before compinit runs"}


def _file_for(shell: str, environment: Mapping[str, str]) -> Path:
    """Return the file that the shell loads by itself. Raises UsageError: it has none."""
    home = Path(environment.get("HOME") or "/")
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    files = {
        "bash": data / "bash-completion" / "completions" / "manyfest",
        "zsh": data / "zsh" / "site-functions" / "_manyfest",
        "fish": config / "fish" / "completions" / "manyfest.fish",
    }
    if shell not in files:
        raise UsageError(f"--install is not for {shell}: add the script to its profile")
    return files[shell]
