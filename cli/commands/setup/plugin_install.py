"""``manyfest plugin install``: install ``docker manyfest``."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from manyfest.adapters.files.atomic_file import atomic_symlink
from manyfest.assembly.settings import docker_config_folder
from manyfest.cli.arguments.options import docker_command
from manyfest.cli.output import write_text

_PROGRAM = "docker-manyfest"


@docker_command("plugin install", "[DIR]", 0, 1)
def command(names: Sequence[str]) -> None:
    """Install the plugin for docker, so that docker manyfest works.

    Puts a link to this program into DIR (default: cli-plugins in docker's configuration folder),
    and prints its path.

    Examples:
      manyfest plugin install
      manyfest plugin install /usr/local/lib/docker/cli-plugins
    """
    usual = docker_config_folder(os.environ) / "cli-plugins"
    place = Path(*names[:1] or (usual,)).absolute()
    place.mkdir(parents=True, exist_ok=True)
    link = place / _PROGRAM
    atomic_symlink(link, _program())
    write_text(f"Installed {link}")


def _program() -> Path:
    """Find the plugin's program: beside the one that runs, or its target, else in PATH."""
    ran = Path(sys.argv[0]).absolute()
    for folder in (ran.parent, ran.resolve().parent):
        if (folder / _PROGRAM).is_file():
            return folder / _PROGRAM
    if found := shutil.which(_PROGRAM):
        return Path(found).absolute()
    raise FileNotFoundError(f"{_PROGRAM} is not installed beside {ran}")
