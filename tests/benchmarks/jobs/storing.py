"""Benchmark: a store of 100,000 manifests, its creation, use and size on disk."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from manyfest.contracts.images import docker_image
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.store import Store
from manyfest.domain.references import Reference
from manyfest.store.store import open_store
from tests.benchmarks.jobs.seed import numbered
from tests.benchmarks.measuring.cases import MANYFEST, Case, Command, Contender, Place, Site
from tests.benchmarks.measuring.measurements import Row, Target

_NAME = "store-100000"
_MANY = 100_000
_LOOKED_UP = 2000
_HOME = "registry.example.com/team/app"


def prepare(site: Site) -> Iterator[Row]:
    """Make a large store and one with a single manifest; yield the cost of the large one."""
    fill(site.folder / "small.db", 1)
    path = site.folder / "large.db"
    seconds, contained = timed(lambda: fill(path, _MANY))
    grown = (path.stat().st_size - (site.folder / "small.db").stat().st_size) / _MANY
    note = f"{grown:.0f} bytes on disk each, {contained / _MANY:.0f} of them the manifest"
    yield Row(_NAME, f"keep {_MANY} manifests, each with a tag", seconds, note=note)
    yield Row(_NAME, "one look-up by digest, in a process", resolve(path))


def timed(work: Callable[[], int]) -> tuple[float, int]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def manifests(count: int) -> Iterator[Manifest]:
    one = docker_image()
    return (numbered(one, number).manifest for number in range(count))


def fill(path: Path, count: int) -> int:
    """Make a store of ``count`` manifests, each with a tag; return their total size in bytes."""
    with closing(open_store(path)) as store:
        return keep(store, count)


def keep(store: Store, count: int) -> int:
    """Keep ``count`` manifests, each with a tag; return their total size in bytes."""
    made, now = tuple(manifests(count)), datetime.now(UTC)
    with store.contents.transaction():
        store.contents.keep_manifests(made)
        store.contents.observe(
            Observation(Reference.parse(f"{_HOME}:{number}"), manifest.digest, now)
            for number, manifest in enumerate(made)
        )
    return sum(len(manifest.data) for manifest in made)


def resolve(path: Path) -> float:
    """Return the seconds to read and hash one manifest, averaged over many across the store."""
    sought = [made.digest for made in islice(manifests(_MANY), 0, None, _MANY // _LOOKED_UP)]
    with closing(open_store(path)) as store:
        store.contents.manifest(sought[0])  # opens it
        seconds, found = timed(lambda: sum(map(bool, map(store.contents.manifest, sought))))
    return seconds / found


def uses(store: str) -> Callable[[Place], None]:
    return lambda place: (place.home / "store.db").symlink_to(place.site.folder / store)


def ours(
    *arguments: str, store: str = "large.db", tool: str = "", aim: float | None = None
) -> Contender:
    """Return our command; ``{home}`` in an argument is the folder of the run, ``aim`` seconds."""

    def commands(place: Place) -> Iterable[Command]:
        return ((MANYFEST, *(argument.format(home=place.home) for argument in arguments)),)

    needs = (MANYFEST, *arguments, "--help")
    tool = tool or f"manyfest {' '.join(arguments).replace('{home}/', '')}"
    target = Target(plus=aim) if aim else None
    return Contender(tool, needs, commands, uses(store), aim=target)


_INSPECT = ("inspect", "--offline", f"{_HOME}:0")

CASES = (
    Case(
        _NAME,
        f"a store of {_MANY} manifests",
        (
            ours(*_INSPECT, store="small.db", tool="manyfest inspect --offline, store of one"),
            ours(*_INSPECT, tool="manyfest inspect --offline"),
            ours("ls"),
            ours("cache", "ls", aim=1.5),
            ours("cache", "stats"),
            ours("cache", "gc", "--dry-run"),
            ours("cache", "fsck", aim=2),
            ours("cache", "export", "{home}/export.tar", aim=5),
        ),
        runs=3,
        prepare=prepare,
        baseline="manyfest inspect --offline, store of one",
    ),
)
