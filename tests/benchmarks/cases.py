"""What a benchmark is: a case, the tools that do its job side by side, and where they do it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from attrs import frozen

from tests.benchmarks.figures import Row

Command = tuple[str, ...]

MANYFEST = str(Path(sys.executable).parent / "manyfest")  # of the environment that runs this
_LONGEST = 600.0  # seconds that one command may take


class FailedError(Exception):
    """A command failed; the message has its beginning, and the end of what it said."""


@frozen
class Site:
    """One case's ground: a folder for all its runs, and a repository that stands far away.

    ``near`` and ``far`` are ``HOST:PORT`` of the same registry, without and with the delay.
    """

    folder: Path
    near: str
    far: str
    repository: str

    def image(self, number: int) -> str:
        """The name of an image, as a tool far from the registry gives it."""
        return f"{self.far}/{self.repository}:{number}"

    def images(self, count: int) -> tuple[str, ...]:
        """The names of the first ``count`` images."""
        return tuple(map(self.image, range(count)))


@frozen
class Place:
    """Where one tool (``slug``) does the job once: a home of its own, and the number of the run."""

    site: Site
    home: Path
    number: int
    slug: str

    @property
    def list_name(self) -> str:
        """The list to publish, in the repository of its images; another one in each run."""
        return f"{self.site.far}/{self.site.repository}:{self.slug}-{self.number}"

    def run(self, command: Command) -> None:
        """Run ``command`` to its end, seeing nothing of this machine's own settings.

        Raises FailedError when it fails.
        """
        ended = subprocess.run(
            command, env=self._environment(), capture_output=True, check=False, timeout=_LONGEST
        )
        if ended.returncode:
            said = (ended.stdout + ended.stderr).decode(errors="replace")
            raise FailedError(f"{' '.join(command)[:100]} failed: {said[-300:].strip()}")

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home),
            "MANYFEST_STORE": str(self.home / "store.db"),
        }


def nothing(_: object) -> tuple[()]:
    """No preparation."""
    return ()


@frozen
class Contender:
    """A tool's way of doing a case's job, in the form that its users type.

    ``before`` is not timed. ``needs`` exits with 0 where the tool, or the option, is there. With a
    ``scale`` only that part of the job is done, and the figures are multiplied.
    """

    tool: str
    needs: Command
    commands: Callable[[Place], Iterable[Command]]
    before: Callable[[Place], object] = nothing
    scale: int = 1

    @property
    def slug(self) -> str:
        """The tool's name as a part of tags and paths."""
        return "_".join(re.findall(r"[\w-]+", self.tool))


@frozen
class Case:
    """A job, ``rtt`` milliseconds from the registry, done ``runs`` times by each contender.

    ``prepare`` makes what all need, once; the figures that it took on the way are rows, too. A
    home is new in each run, or with ``warm`` the same in all, and made ready once.
    """

    name: str
    title: str
    contenders: tuple[Contender, ...]
    rtt: float = 0
    runs: int = 5
    prepare: Callable[[Site], Iterable[Row]] = nothing
    warm: bool = False
    baseline: str = "docker"
