"""Our program as a process of its own, which may do less than the test: in room, files, rights."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from manyfest.store.store import open_store
from tests.support.programs.docker_client import Result
from tests.support.programs.forked import ForkedCommandLine
from tests.support.stores.children import AS_NOBODY

PROGRAM = str(Path(sys.executable).parent / "manyfest")
CHILDREN = ("amd64", "arm64", "386", "s390x", "ppc64le", "riscv64", "arm/v6", "arm/v7")
SOURCES = tuple(f"oci:app:c{number}" for number in range(len(CHILDREN)))

# Runs what does not depend on how a program starts, where a fixture has set it.
forks: ForkedCommandLine | None = None
_FOR_FORKS = {resource.RLIMIT_FSIZE}  # they begin with more memory and open files than a program

_IMPORTED_BEFORE = """
import os, sys
from importlib import import_module
from manyfest.cli.process.command_group import COMMANDS
from manyfest.cli.process.main import main
for module in COMMANDS.values():
    import_module(f"manyfest.cli.commands.{module}")
import manyfest.cli.advice.advise
import selectors, signal, subprocess
import platformdirs.unix
import manyfest.adapters.oci_layout.registry, manyfest.cli.rendering.manifest_text
import tempfile, sqlite_utils, encodings.idna, resource, concurrent.futures.thread
"""


def layout_of_eight(folder: Path) -> None:
    """The layout ``app`` in ``folder``, with an image for each of ``SOURCES``."""
    for number, platform in enumerate(CHILDREN):
        reference = Reference(Layout(str(folder / "app")), f"c{number}")
        push_image(LayoutRegistry(), reference, oci_image(f"linux/{platform}"))


def run(*words: str, limits: Mapping[int, int] | None = None, **variables: str) -> Result:
    """Run our program with these resource limits and these environment variables on top."""
    if forks and set(limits or {}) <= _FOR_FORKS:
        return forks(*words, limits=limits, **variables)
    return _run([PROGRAM, *words], limiting(limits or {}), variables)


def run_as_nobody(*words: str, without: str = "") -> Result:
    """Run our program with no powers, as a user who owns nothing; ``without`` a variable."""
    code = f"{_IMPORTED_BEFORE}{AS_NOBODY}\nos.environ.pop({without!r}, None)"
    return _run([sys.executable, "-c", f"{code}\nsys.exit(main(sys.argv[1:]))", *words])


def limiting(limits: Mapping[int, int]) -> Callable[[], None]:
    """Return a function that sets these limits (``resource.RLIMIT_...``) in a new process."""

    def limit() -> None:
        for kind, most in limits.items():
            resource.setrlimit(kind, (most, most))

    return limit


def drafts() -> dict[str, list[str]]:
    """The drafts in the test's store, as the sources of each."""
    with closing(open_store(os.environ["MANYFEST_STORE"])) as store:
        return {
            str(draft.name): [str(entry.source) for entry in draft.entries]
            for draft in store.drafts.drafts()
        }


def _run(
    command: list[str],
    before: Callable[[], None] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Result:
    ended = subprocess.run(
        command,
        capture_output=True,
        check=False,
        timeout=60,
        preexec_fn=before,
        env=os.environ | (variables or {}),
    )
    return Result(ended.stdout, ended.stderr.decode(errors="replace"), ended.returncode)
