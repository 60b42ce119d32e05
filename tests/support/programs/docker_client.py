"""Two command lines with one face: docker's manifest commands and ours, run as programs.

A differential test is a table of argument lists run through both::

    assert manyfest("inspect", image).stdout == docker_manifest("inspect", image).stdout
"""

import os
import subprocess
import sys
from pathlib import Path

from attrs import frozen

from tests.support.programs.programs import require_program

TIMEOUT = 300.0  # seconds: for a program that hangs, and not for a busy machine


@frozen
class Result:
    """The result of a program: bytes on stdout, text on stderr, and its exit code."""

    stdout: bytes
    stderr: str
    code: int


@frozen
class CommandLine:
    """A program with its first arguments; a call adds the rest and waits for the end."""

    command: tuple[str, ...]

    def __call__(
        self,
        *arguments: str | Path,
        input: bytes = b"",  # noqa: A002
        **variables: str,
    ) -> Result:
        """Run with ``arguments``, in the folder and environment of the test, with ``variables``."""
        ended = subprocess.run(
            [*self.command, *map(str, arguments)],
            input=input,
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
            env=os.environ | variables,
        )
        return Result(ended.stdout, ended.stderr.decode(errors="replace"), ended.returncode)


def docker_manifest(config: Path) -> CommandLine:
    """``docker manifest`` with its credentials and drafts in the folder ``config``."""
    return CommandLine((require_program("docker"), "--config", str(config), "manifest"))


def manyfest() -> CommandLine:
    """Our console script, as installed beside the interpreter that runs the tests."""
    return CommandLine((str(Path(sys.executable).parent / "manyfest"),))
