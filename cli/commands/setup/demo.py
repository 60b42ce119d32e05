"""``manyfest demo``: make and publish a list in a folder, without a network."""

import os
import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from attr import evolve

from manyfest.cli.arguments.options import docker_command
from manyfest.cli.exit_codes import ExitError
from manyfest.cli.output import note, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import open_session
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

# The purpose of each step, and its commands.
_STEPS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    (
        "create makes a draft: a list on this machine that is not pushed yet.",
        (("create", _LIST, *(f"oci:images:{tag}" for tag in _IMAGES)),),
    ),
    (
        "annotate sets what two of the images do not say: the variant of ARM, the Windows version.",
        (
            ("annotate", "--variant", "v7", _LIST, "oci:images:armv7"),
            ("annotate", "--os-version", "10.0.26100.1742", _LIST, "oci:images:windows"),
        ),
    ),
    ("ls lists the drafts, and show shows one.", (("ls",), ("show", _LIST))),
    (
        "push copies the images next to the list, then writes the list, and sets its tag last.",
        (("push", _LIST),),
    ),
    (
        "verify checks the published list; --remote shows that, not the draft.",
        (("verify", _LIST), ("show", "--remote", _LIST)),
    ),
)

_SUMMARY = """
# Done: {list} is published, an OCI index with {number} platforms,
# {digest}.
# It is in the OCI layout {folder}/site, which other programs read, too, as in
# skopeo inspect --raw {list}
#
# Three things to try in {folder}:
#   manyfest show --platform linux/arm64 {list}    one image: what it runs, its layers
#   manyfest copy --platform linux/amd64 {list} oci:site:small    a part of the list
#   manyfest diff {list} oci:site:small    the difference between the two"""


@docker_command("demo", "[DIR]", 0, 1)
def command(
    names: Sequence[str],
    explore: Annotated[
        bool, Option("--explore", help="Browse a made-up fleet of images in a web browser.")
    ] = False,
    open_browser: Annotated[
        bool, Option("--open", help="With --explore: open the first page in the browser, too.")
    ] = False,
) -> None:
    """Show the main commands, without a network.

    Makes four small images, one for each platform, and publishes them as one list, step by step.
    DIR is a new or empty folder (default: manyfest-demo), which is left to play with. Drafts are
    kept in it, too, not among yours.

    --explore fills a store with a made-up fleet instead: tags that moved, SBOMs, missing platforms,
    a draft; and serves the pages of manyfest explore on it until Ctrl-C. The store is in DIR, or in
    a temporary folder that is removed at the end.

    Examples:
      manyfest demo
      manyfest demo /tmp/play
      manyfest demo --explore --open
    """
    if open_browser and not explore:
        raise UsageError("--open goes with --explore")
    if explore:
        _explore(Path(names[0]) if names else None, in_browser=open_browser)
        return
    folder = Path(*names or ("manyfest-demo",))
    _enter(folder)
    os.environ["MANYFEST_STORE"] = "store.db"
    _make_images()
    write_text(f"# Four images, one for each platform, are in the OCI layout {folder}/images.")
    write_text(f"$ cd {shlex.quote(str(folder))}\n$ export MANYFEST_STORE=store.db")
    for number, (sentence, commands) in enumerate(_STEPS, 1):
        write_text(f"\n# {number}. {sentence}")
        for arguments in commands:
            _show_and_run(arguments)
    write_text(_SUMMARY.format(list=_LIST, number=len(_IMAGES), digest=_digest(), folder=folder))


def _explore(folder: Path | None, *, in_browser: bool) -> None:
    from manyfest.cli.explorer.opening import require_packages

    require_packages("demo --explore")
    if folder is None:
        with TemporaryDirectory(prefix="manyfest-demo-") as temporary:
            _browse(Path(temporary), in_browser=in_browser)
    else:
        _make(folder)
        _browse(folder, in_browser=in_browser)


def _browse(folder: Path, *, in_browser: bool) -> None:
    """Fill a store in ``folder``, and serve it, asking no registry."""
    from manyfest.cli.arguments.listen_address import ListenAddress
    from manyfest.cli.demo.fleet import fill_fleet
    from manyfest.cli.explorer.opening import announce
    from manyfest.cli.explorer.server import serve

    settings = evolve(settings_from(), store=folder.absolute() / "store.db", offline=True)
    with open_session(settings) as session:
        fill_fleet(session.contents, session.drafts, session.now)
    note(f"a made-up fleet is in {settings.store}; Ctrl-C ends the explorer")
    place = ListenAddress.parse("127.0.0.1:0")
    serve(settings, place, "/", frozenset(), partial(announce, in_browser=in_browser))


def _enter(folder: Path) -> None:
    _make(folder)
    os.chdir(folder)


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConflictError(f"{folder} is not a folder; name another one for the demo")
    if folder.exists() and any(folder.iterdir()):
        raise ConflictError(f"{folder} is not empty; name another folder for the demo")
    folder.mkdir(parents=True, exist_ok=True)


def _make_images() -> None:
    from manyfest.adapters.oci_layout.registry import LayoutRegistry
    from manyfest.cli.demo.images import put_image, tiny_image

    registry = LayoutRegistry()
    for tag, platform in _IMAGES.items():
        image = tiny_image(Platform.parse(platform), f"Hello from {platform}.\n")
        put_image(image, Reference.parse(f"oci:images:{tag}"), registry)


def _show_and_run(arguments: Sequence[str]) -> None:
    from manyfest.cli.process.main import main

    write_text(f"$ manyfest {shlex.join(arguments)}")
    if code := main(arguments):
        raise ExitError(code)


def _digest() -> str:
    from manyfest.adapters.oci_layout.registry import LayoutRegistry

    return str(LayoutRegistry().head_manifest(Reference.parse(_LIST)).digest)
