"""Benchmark: the same store in SQLite and in PostgreSQL, and twelve machines that write at once."""

import atexit
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from manyfest.contracts.images import docker_image
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.store.postgres.store import PostgresStore
from tests.benchmarks.jobs import storing
from tests.benchmarks.jobs.seed import numbered
from tests.benchmarks.measuring.cases import MANYFEST, Case, Command, Contender, Place, Site
from tests.benchmarks.measuring.measurements import Row
from tests.support.stores.postgres_server import running_postgres

_NAME = "store-shared"
_MANY = 100_000
_MACHINES = 12
_SECONDS = 5.0  # that each machine writes
_SERVERS = ExitStack()  # until the end of this program
_TAG = "registry.example.com/team/app:0"
_QUERY = "SELECT registry, count(*) FROM tags GROUP BY registry"
_COMMANDS: tuple[Command, ...] = (
    ("inspect", "--offline", _TAG),
    ("cache", "ls"),
    ("cache", "gc", "--dry-run"),
    ("cache", "query", _QUERY),
)


def prepare(site: Site) -> Iterator[Row]:
    """Start a server, and make the same store on both; yield the rates of writers."""
    server = _SERVERS.enter_context(running_postgres())
    atexit.register(_SERVERS.close)
    url = server.create("shared")
    (site.folder / "url").write_text(url)
    storing.fill(site.folder / "shared.db", _MANY)
    with closing(PostgresStore(url, site.folder)) as store:
        seconds, _ = storing.timed(lambda: storing.keep(store, _MANY))
    yield Row(_NAME, f"keep {_MANY} manifests in PostgreSQL, each with a tag", seconds)
    server.allow_queries("shared")
    server.execute("VACUUM ANALYZE", "shared")
    yield from _writers(url)


def _writers(url: str) -> Iterator[Row]:
    """Yield how often a second one machine records an image, and how often many do together."""
    for machines in (1, _MACHINES):
        with ProcessPoolExecutor(machines) as pool:
            counts = list(pool.map(_records, [url] * machines, range(machines)))
        rate = sum(counts) / _SECONDS
        yield Row(_NAME, f"{machines} at once record", 1 / rate, note=f"{rate:.0f} a second in all")


def _records(url: str, machine: int) -> int:
    """Record images under tags of this machine for some seconds; return how many."""
    image, number = docker_image(), 0
    with closing(PostgresStore(url, Path("/nonexistent"))) as store:
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            number += 1
            made = numbered(image, (machine + 1) * 10_000_000 + number).manifest
            tag = Reference.parse(f"registry.example.com/m{machine}:{number}")
            with store.contents.transaction():
                store.contents.keep_manifests([made])
                store.contents.observe([Observation(tag, made.digest, datetime.now(UTC))])
    return number


def _contenders(command: Command) -> Iterator[Contender]:
    name = f"manyfest {' '.join(command)}"

    def sqlite(_: Place) -> Iterable[Command]:
        return ((MANYFEST, *command),)

    def postgres(place: Place) -> Iterable[Command]:
        url = (place.site.folder / "url").read_text()
        return (("env", f"MANYFEST_STORE={url}", MANYFEST, *command),)

    before: Callable[[Place], object] = storing.uses("shared.db")
    needs = (MANYFEST, "--version")
    yield Contender(f"{name}, SQLite", needs, sqlite, before)
    yield Contender(f"{name}, PostgreSQL", needs, postgres)


CASES = (
    Case(
        _NAME,
        f"a store of {_MANY} manifests in SQLite and in PostgreSQL",
        tuple(contender for command in _COMMANDS for contender in _contenders(command)),
        runs=3,
        prepare=prepare,
        baseline=f"manyfest {' '.join(_COMMANDS[0])}, SQLite",
    ),
)
