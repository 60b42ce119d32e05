"""Our program as a process of its own, which may do less than the test: in room, files, rights."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from manyfest.store.store import open_store
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.forked import ForkedCommandLine
from tests.support.stores.children import AS_NOBODY

PROGRAM = str(Path(sys.executable).parent / "manyfest")
CHILDREN = ("amd64", "arm64", "386", "s390x", "ppc64le", "riscv64", "arm/v6", "arm/v7")
SOURCES = tuple(f"oci:app:c{number}" for number in range(len(CHILDREN)))

_KILLING = Path(__file__).parents[2] / "kill" / "run.py"
_AS_MAIN = "runpy.run_path(sys.argv[0], run_name='__main__')"

# Runs what does not depend on how a program starts, where a fixture has set it.
forks: ForkedCommandLine | None = None
_FOR_FORKS = {resource.RLIMIT_FSIZE}  # they begin with more memory and open files than a program


def layout_of_eight(folder: Path) -> None:
    """The layout ``app`` in ``folder``, with an image for each of ``SOURCES``."""
    for name, data in _files_of_eight().items():
        file = folder / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


@cache
def _files_of_eight() -> dict[Path, bytes]:
    """The layout's files, by their path in it; written once, by the adapter."""
    with TemporaryDirectory() as folder:
        for number, platform in enumerate(CHILDREN):
            reference = Reference(Layout(folder), f"c{number}")
            push_image(LayoutRegistry(), reference, oci_image(f"linux/{platform}"))
        files = [each for each in Path(folder).rglob("*") if each.is_file()]
        return {file.relative_to(folder): file.read_bytes() for file in files}


def run(*words: str, limits: Mapping[int, int] | None = None, **variables: str) -> Result:
    """Run our program with these resource limits and these environment variables on top."""
    if forks and set(limits or {}) <= _FOR_FORKS:
        return forks(*words, before=_limiting(limits or {}), **variables)
    return _run([PROGRAM, *words], limiting(limits or {}), variables)


def run_as_nobody(*words: str) -> Result:
    """Run our program with no powers, as a user who owns nothing."""
    assert forks, "a program that starts may not read this Python's folder as another user"
    return forks(*words, before=f"import os{AS_NOBODY}")


def run_killing(*words: str) -> Result:
    """Run ``tests/kill/run.py`` with these arguments, as a fork that has loaded our program."""
    assert forks
    command = [str(_KILLING), *words]
    return forks(before=f"import runpy, sys\nsys.argv = {command}\n{_AS_MAIN}")


def with_small_files(program: CommandLine, size: int) -> CommandLine:
    """Return the program with files of ``size`` bytes at most.

    Python would cut off the bytecode that it keeps, and fail to read it ever after.
    """
    limits = "env", "PYTHONDONTWRITEBYTECODE=1", "prlimit", f"--fsize={size}"
    return CommandLine((*limits, *program.command))


def _limiting(limits: Mapping[int, int]) -> str:
    """As ``limiting``, in Python of the process itself, which then keeps no bytecode."""
    lines = (f"resource.setrlimit({kind}, ({most}, {most}))" for kind, most in limits.items())
    alone = "import resource, sys", "sys.dont_write_bytecode = True"
    return "\n".join((*alone, *lines)) if limits else ""


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
        timeout=300,
        preexec_fn=before,
        env=os.environ | (variables or {}),
    )
    return Result(ended.stdout, ended.stderr.decode(errors="replace"), ended.returncode)
