"""Run a case: all contenders by turns, through a proxy that delays and counts."""

import resource
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median

from attrs import define, field, frozen

from tests.benchmarks.cases import Case, Command, Contender, FailedError, Place, Site
from tests.benchmarks.measurements import Row, Sample
from tests.support.http.delay_proxy import DelayProxy


@frozen
class RunOptions:
    """Options of the command line that override those of the cases."""

    rtt: float | None = None
    runs: int | None = None

    def rtt_of(self, case: Case) -> float:
        """Return the round-trip time in ms; cases without one have none."""
        return case.rtt if self.rtt is None or not case.rtt else self.rtt

    def runs_of(self, case: Case) -> int:
        return self.runs or case.runs

    def title_of(self, case: Case) -> str:
        """Return the job and the distance to the registry."""
        return f"{case.title}, {self.rtt_of(case):g} ms away" if case.rtt else case.title


def run_case(case: Case, choice: RunOptions, registry: str, folder: Path) -> Iterator[Row]:
    """Run ``case`` at ``registry`` (``HOST:PORT``) with its files in ``folder``; yield its rows."""
    with DelayProxy(registry, rtt=choice.rtt_of(case)) as line:
        site = Site(folder, registry, line.host, case.name)
        try:
            yield from case.prepare(site)
        except FailedError as error:
            yield Row(case.name, "preparation", note=str(error))
            return
        comparison = Comparison(site, line, warm=case.warm)
        comparison.run(case.contenders, choice.runs_of(case))
        for contender in case.contenders:
            yield comparison.row(case.name, contender)


@define
class Comparison:
    """Samples of each tool that ran, and the failures of the others."""

    _site: Site
    _line: DelayProxy
    _warm: bool
    _samples: dict[str, list[Sample]] = field(factory=dict)
    _failures: dict[str, str] = field(factory=dict)

    def run(self, contenders: Iterable[Contender], runs: int) -> None:
        """Run them by turns, so that other load on the machine affects all alike."""
        present = [contender for contender in contenders if exists(contender.needs)]
        for number in range(runs):
            for contender in present:
                if contender.tool not in self._failures:
                    self._try(contender, number)

    def row(self, case: str, contender: Contender) -> Row:
        tool = contender.tool
        if tool in self._failures:
            return Row(case, tool, note=self._failures[tool])
        if tool not in self._samples:
            return Row(case, tool, note="not there")
        return medians_of(case, contender, self._samples[tool])

    def _try(self, contender: Contender, number: int) -> None:
        try:
            place = ready_place(contender, number, self._site, warm=self._warm)
            taken = sample(contender.commands(place), place, self._line)
        except FailedError as error:
            self._failures[contender.tool] = str(error)
        else:
            self._samples.setdefault(contender.tool, []).append(taken)


def medians_of(case: str, contender: Contender, samples: Sequence[Sample]) -> Row:
    """Return the medians of ``samples``, times the contender's scale."""
    scale = contender.scale
    scaled = f"1/{scale} of it done, times {scale}" if scale > 1 else ""
    return Row(
        case,
        contender.tool,
        median(sample.seconds for sample in samples) * scale,
        median(sample.processor for sample in samples) * scale,
        median(sample.connections for sample in samples) * scale,
        median(sample.requests for sample in samples) * scale,
        scaled,
        tuple(sample.seconds * scale for sample in samples),
    )


def ready_place(contender: Contender, number: int, site: Site, *, warm: bool) -> Place:
    """Return the contender's place for this run; prepare it if it is new."""
    kept = site.folder / "homes" / contender.slug
    place = Place(site, kept if warm else kept / str(number), number, contender.slug)
    if not (warm and kept.exists()):
        place.home.mkdir(parents=True)  # raises if two contenders would share it
        contender.before(place)
    return place


def sample(commands: Iterable[Command], place: Place, line: DelayProxy) -> Sample:
    """Run ``commands`` one after the other and measure them together."""
    commands = tuple(commands)
    connections, requests = line.connections, len(line.requests)
    started, used = time.perf_counter(), used_by_ended_processes()
    for command in commands:
        place.run(command)
    return Sample(
        time.perf_counter() - started,
        used_by_ended_processes() - used,
        line.connections - connections,
        len(line.requests) - requests,
    )


def used_by_ended_processes() -> float:
    """Return processor seconds of ended children, so without the registry, which still runs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def exists(command: Command) -> bool:
    """Return whether ``command``, a check for a tool or an option, exits with 0."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
