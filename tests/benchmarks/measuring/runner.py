"""Run a case: all contenders by turns, through a proxy that delays and counts."""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import reduce
from pathlib import Path
from statistics import median

from attrs import define, evolve, field, frozen

from tests.benchmarks.measuring.cases import Case, Command, Contender, Place, Site
from tests.benchmarks.measuring.measurements import Row, Sample, Target, duration
from tests.benchmarks.measuring.servers import Servers
from tests.benchmarks.measuring.stopwatch import FailedError
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
        """Return the job, the distance to the registry, and whether TLS is spoken."""
        distance = f", {self.rtt_of(case):g} ms away" if case.rtt else ""
        return f"{case.title}{distance}{', TLS' if case.tls else ''}"


@frozen
class Lines:
    """The proxies that lead to the registries, as far away as the case says."""

    proxies: tuple[DelayProxy, ...]

    @property
    def connections(self) -> int:
        return sum(proxy.connections for proxy in self.proxies)

    @property
    def requests(self) -> int:
        return sum(len(proxy.requests) for proxy in self.proxies)


def run_case(case: Case, choice: RunOptions, servers: Servers, folder: Path) -> Iterator[Row]:
    """Run ``case`` at ``servers`` with its files in ``folder``; yield its rows."""
    with ExitStack() as running:
        hosts = (
            (servers.secure, servers.other_secure)
            if case.tls
            else (servers.plain, servers.other_plain)
        )
        name = servers.name if case.tls else "127.0.0.1"
        proxies = tuple(
            running.enter_context(DelayProxy(host, rtt=choice.rtt_of(case), name=name))
            for host in hosts
            if host
        )
        far, other = (*(proxy.host for proxy in proxies), "")[:2]
        authority = servers.authority if case.tls else None
        site = Site(folder, servers.plain, far, case.name, other, authority)
        try:
            yield from case.prepare(site)
        except FailedError as error:
            yield Row(case.name, "preparation", note=str(error))
            return
        comparison = Comparison(site, Lines(proxies), warm=case.warm)
        comparison.run(case.contenders, choice.runs_of(case))
        yield from judged([comparison.row(case.name, one) for one in case.contenders], case)


@define
class Comparison:
    """Samples of each tool that ran, and the failures of the others."""

    _site: Site
    _lines: Lines
    _warm: bool
    _samples: dict[str, list[tuple[Sample, int, int]]] = field(factory=dict)
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
            taken = sample(contender.commands(place), place, self._lines)
        except FailedError as error:
            self._failures[contender.tool] = str(error)
        else:
            self._samples.setdefault(contender.tool, []).append(taken)
            if not self._warm:
                emptied(place.home)  # a copy in it may be large


def medians_of(case: str, contender: Contender, samples: Sequence[tuple[Sample, int, int]]) -> Row:
    """Return the medians of ``samples``, times the contender's scale; of peaks the highest."""
    scale = contender.scale
    taken, connections, requests = zip(*samples, strict=True)
    return Row(
        case,
        contender.tool,
        median(one.seconds for one in taken) * scale,
        median(one.processor for one in taken) * scale,
        median(connections) * scale,
        median(requests) * scale,
        max(one.peak for one in taken),
        f"1/{scale} of it done, times {scale}" if scale > 1 else "",
        tuple(one.seconds * scale for one in taken),
    )


def judged(rows: Sequence[Row], case: Case) -> Iterator[Row]:
    """Yield the rows with a note on each target: the limit, and whether it is kept."""
    seconds = {row.tool: row.seconds for row in rows}
    peaks = {row.tool: row.peak for row in rows}
    for row, contender in zip(rows, case.contenders, strict=True):
        notes = (
            row.note,
            _verdict(row.seconds, contender.aim, seconds, duration),
            _verdict(row.peak, contender.peak_aim, peaks, "{:.0f} MiB".format),
        )
        yield evolve(row, note="; ".join(filter(None, notes)))


def _verdict(
    figure: float | None,
    target: Target | None,
    figures: dict[str, float | None],
    shown: Callable[[float], str],
) -> str:
    limit = target.limit(figures) if target else None
    if figure is None or limit is None:
        return ""
    return f"aim {shown(limit)}: {'reached' if figure <= limit else 'missed'}"


def ready_place(contender: Contender, number: int, site: Site, *, warm: bool) -> Place:
    """Return the contender's place for this run; prepare it if it is new."""
    kept = site.folder / "homes" / contender.slug
    place = Place(site, kept if warm else kept / str(number), number, contender.slug)
    if not (warm and kept.exists()):
        place.home.mkdir(parents=True)  # raises if two contenders would share it
        contender.before(place)
    return place


def emptied(folder: Path) -> None:
    """Remove what is in ``folder``; it stays, and tells that this home had an owner."""
    shutil.rmtree(folder)
    folder.mkdir()


def sample(commands: Iterable[Command], place: Place, lines: Lines) -> tuple[Sample, int, int]:
    """Run ``commands`` one after the other; return what they took, connections and requests."""
    commands = tuple(commands)
    connections, requests = lines.connections, lines.requests
    taken = reduce(Sample.followed_by, [place.run(command) for command in commands])
    return taken, lines.connections - connections, lines.requests - requests


def exists(command: Command) -> bool:
    """Return whether ``command``, a check for a tool or an option, exits with 0."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
