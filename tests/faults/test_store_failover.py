"""A server of the store that fails over in the middle of commands that write."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.operations.store.check_store import check_store
from manyfest.domain.references import Reference
from manyfest.store.postgres.store import PostgresStore
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Barrier
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.docker_client import Result
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.our_program import run_here
from tests.support.programs.waiting import wait_until
from tests.support.stores.postgres_server import PostgresServer

NAME = "failover"
_LOCK = "LOCK TABLE drafts, entries, manifests, blobs, observations IN SHARE MODE"
_WAITING = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
_HELD = {
    "create": ("GET", "b"),
    "push": ("PUT", "push"),
    "copy": ("PUT", "copy"),
    "cache fetch": ("GET", "d"),
}
Commands = dict[str, tuple[str, ...]]
Middle = Callable[[int], Callable[[], object]]


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> str:
    url = postgres.create(NAME)
    with closing(PostgresStore(url, Path("/nonexistent"))) as store, store.contents.transaction():
        pass
    return url


@pytest.fixture
def server() -> Iterator[FaultServer]:
    registry = MemoryRegistry()
    for tag in "abcd":
        push_image(registry, Reference.parse(f"{REGISTRY}/app:{tag}"), oci_image(text=tag))
    with FaultServer(RegistryApp(registry)) as server:
        yield server


@pytest.fixture
def commands(
    postgres: PostgresServer,
    database: str,
    server: FaultServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Commands:
    """A command of each kind that writes, on an empty store but for what it needs."""
    monkeypatch.chdir(tmp_path)
    app = f"{server.host}/app"
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "file.db"))
    for words in (
        ("inspect", f"{app}:a"),
        ("cache", "export", f"{app}:a", "one.tar.zst"),
    ):
        assert run_here(*words).code == 0
    postgres.empty(NAME)
    monkeypatch.setenv("MANYFEST_STORE", database)
    for name in ("annotate", "push"):
        assert run_here("create", f"{app}:{name}", f"{app}:a").code == 0
    return {
        "create": ("create", f"{app}:create", f"{app}:b"),
        "annotate": ("annotate", f"{app}:annotate", f"{app}:a", "--os-version", "1"),
        "push": ("push", f"{app}:push"),
        "copy": ("copy", f"{app}:c", f"{app}:copy"),
        "cache fetch": ("cache", "fetch", f"{app}:d"),
        "import": ("cache", "import", "one.tar.zst"),
        "cache copy": ("cache", "copy", "file.db", database),
    }


def restarted_in_the_middle(
    postgres: PostgresServer,
    forks: ForkedCommandLine,
    commands: Commands,
    mode: str,
    middle: Middle,
) -> dict[str, Result]:
    """Start ``commands``, wait for ``middle``, and restart the server; return how they end."""
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(forks.start(*words)) for name, words in commands.items()
        }
        go_on = middle(len(running))
        postgres.stop(mode)
        postgres.start()
        go_on()
        return {name: each.result() for name, each in running.items()}


def told(result: Result) -> list[str]:
    """Return what it wrote but for notes, which tell how far a slow command is."""
    return [line for line in result.stderr.splitlines() if not line.startswith("note: ")]


def run_again(commands: Commands) -> None:
    for name, words in commands.items():
        assert run_here(*words).code == 0, name


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_what_waits_for_a_registry_goes_on(commands, postgres, server, forks, mode) -> None:
    barriers = [Barrier() for _ in _HELD]
    for barrier, (method, tag) in zip(barriers, _HELD.values(), strict=True):
        server.on(method, f"/v2/app/manifests/{tag}", barrier)

    def middle(_number: int):
        assert all(barrier.reached() for barrier in barriers)
        return lambda: [barrier.open() for barrier in barriers]

    held = {name: commands[name] for name in _HELD}
    ended = restarted_in_the_middle(postgres, forks, held, mode, middle)
    assert {name: result.code for name, result in ended.items()} == dict.fromkeys(held, 0)
    assert not any("store" in result.stderr for result in ended.values())
    assert run_here("push", commands["create"][1]).code == 0


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_what_is_within_a_transaction_keeps_nothing_and_says_so(
    commands, postgres, database, forks, mode
) -> None:
    """All wait for a lock of a table: the connection breaks before they have written."""
    with (
        closing(psycopg.connect(postgres.url(NAME, "postgres"))) as holder,
        closing(PostgresStore(database, Path("/nonexistent"))) as store,
    ):
        before = store.drafts.drafts(), {*store.contents.latest()}
        holder.execute("SET search_path = manyfest")
        holder.execute(_LOCK)

        def middle(number: int):
            wait_until(lambda: postgres.execute(_WAITING, NAME) == [(number,)])
            return lambda: None

        ended = restarted_in_the_middle(postgres, forks, commands, mode, middle)
        for name, result in ended.items():
            (line,) = told(result)
            assert line.endswith("the connection broke; run the command again"), name
        pushed = ended.pop("push")
        assert (pushed.code, "published, but the draft" in pushed.stderr) == (0, True)
        assert {result.code for result in ended.values()} == {5}
        assert (store.drafts.drafts(), {*store.contents.latest()}) == before
        assert check_store(store.integrity).damaged == ()
        run_again(commands)
        assert len(store.drafts.drafts()) == 3
