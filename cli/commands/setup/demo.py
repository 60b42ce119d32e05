"""``manyfest demo``: make and publish a list in a folder, without a network."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from manyfest.cli.arguments.options import docker_command
from manyfest.cli.exit_codes import ExitError
from manyfest.cli.output import write_text
from manyfest.domain.errors import ConflictError
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

_IMAGES = {
    "amd64": "linux/amd64",
    "arm64": "linux/arm64/v8",
    "armv7": "linux/arm",  # annotate sets the variant
    "windows": "windows/amd64",
}
_LIST = "oci:site:v1"

# The commands to run, in this order.
_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("create", _LIST, *(f"oci:images:{tag}" for tag in _IMAGES)),
    ("annotate", "--variant", "v7", _LIST, "oci:images:armv7"),
    ("annotate", "--os-version", "10.0.26100.1742", _LIST, "oci:images:windows"),
    ("ls",),
    ("inspect", _LIST),
    ("push", _LIST),
    ("inspect", "--offline", _LIST),
)


@docker_command("demo", "[DIR]", 0, 1)
def command(names: Sequence[str]) -> None:
    """Show the main commands, without a network.

    Four small images become one list. Works in DIR, a new or empty folder (manyfest-demo unless
    named), and leaves it to play with; drafts are kept in DIR, too, not among yours.
    """
    folder = Path(*names or ("manyfest-demo",))
    _enter(folder)
    os.environ["MANYFEST_STORE"] = "store.db"
    _make_images()
    write_text(f"# Four images, one for each platform, stand in {folder}/images, an OCI layout.")
    write_text(f"$ cd {shlex.quote(str(folder))}\n$ export MANYFEST_STORE=store.db")
    for arguments in _COMMANDS:
        _show_and_run(arguments)
    write_text(f"\n# The list stands in {folder}/site, an OCI layout. Go there and try the rest.")


def _enter(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(f"{folder} is no empty folder; name another one for the demo")
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)


def _make_images() -> None:
    from manyfest.adapters.oci_layout.registry import LayoutRegistry
    from manyfest.cli.demo_images import put_image, tiny_image

    registry = LayoutRegistry()
    for tag, platform in _IMAGES.items():
        image = tiny_image(Platform.parse(platform), f"Hello from {platform}.\n")
        put_image(image, Reference.parse(f"oci:images:{tag}"), registry)


def _show_and_run(arguments: Sequence[str]) -> None:
    from manyfest.cli.process.main import main

    write_text(f"\n$ manyfest {shlex.join(arguments)}")
    if code := main(arguments):
        raise ExitError(code)
