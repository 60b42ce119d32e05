"""A benchmark case, the tools that compete in it, and the folders and repository they use."""

import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from attrs import frozen

from tests.benchmarks.measuring.measurements import Row, Sample, Target
from tests.benchmarks.measuring.stopwatch import run

Command = tuple[str, ...]

MANYFEST = str(Path(sys.executable).parent / "manyfest")  # from the environment that runs this


@frozen
class Site:
    """A case's folder for all its runs, and its repository.

    ``near`` and ``far`` are ``HOST:PORT`` of the same registry, without and with the delay;
    ``other`` is that of another registry, as far away. ``near`` speaks plain HTTP. The two others
    do, too, on loopback; or TLS by a name that is not loopback, with the certificate of
    ``authority``.
    """

    folder: Path
    near: str
    far: str
    repository: str
    other: str = ""
    authority: Path | None = None

    def unless_tls(self, *options: str) -> Command:
        """Return the options by which a tool speaks plain HTTP, where that is needed."""
        return () if self.authority else options

    def image(self, number: int) -> str:
        """Return the name of an image, reached through the delay."""
        return f"{self.far}/{self.repository}:{number}"

    def images(self, count: int) -> tuple[str, ...]:
        """Return the names of the first ``count`` images."""
        return tuple(map(self.image, range(count)))


@frozen
class Place:
    """The place of one run of one tool (``slug``): its home folder and the number of the run."""

    site: Site
    home: Path
    number: int
    slug: str

    @property
    def list_name(self) -> str:
        """The list to publish, in the repository of its images; different in each run."""
        return f"{self.site.far}/{self.site.repository}:{self.slug}-{self.number}"

    @property
    def copy_name(self) -> str:
        """The image or list in the other registry that a copy makes; different in each run."""
        return f"{self.site.other}/{self.site.repository}/{self.slug}-{self.number}:1"

    def run(self, command: Command) -> Sample:
        """Run ``command`` to its end, isolated from this machine's settings. Raises FailedError."""
        return run(command, self._environment())

    def _environment(self) -> dict[str, str]:
        authority = {"SSL_CERT_FILE": str(self.site.authority)} if self.site.authority else {}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home),
            "MANYFEST_STORE": str(self.home / "store.db"),
            **authority,
        }


def nothing(_: object) -> tuple[()]:
    """Prepare nothing."""
    return ()


@frozen
class Contender:
    """A tool with the commands its users type to do a case's job.

    ``before`` is not timed. ``needs`` exits with 0 if the tool and the option exist. With a
    ``scale`` of N it does 1/N of the job, and its measurements are multiplied by N. It aims at
    taking no more than the seconds of ``aim`` and the MiB of ``peak_aim``.
    """

    tool: str
    needs: Command
    commands: Callable[[Place], Iterable[Command]]
    before: Callable[[Place], object] = nothing
    scale: int = 1
    aim: Target | None = None
    peak_aim: Target | None = None

    @property
    def slug(self) -> str:
        """The tool's name in a form for tags and paths."""
        return "_".join(re.findall(r"[\w-]+", self.tool))


@frozen
class Case:
    """A job that each contender does ``runs`` times, ``rtt`` milliseconds from the registry.

    ``prepare`` runs once for all contenders, and may return rows that it measured. The home folder
    is new in each run; with ``warm`` all runs share one, which is prepared once. With ``tls`` the
    registries speak TLS, by a name that is not loopback.
    """

    name: str
    title: str
    contenders: tuple[Contender, ...]
    rtt: float = 0
    runs: int = 5
    prepare: Callable[[Site], Iterable[Row]] = nothing
    warm: bool = False
    baseline: str = "docker"
    tls: bool = False
