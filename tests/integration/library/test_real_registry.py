"""One client on a real registry: from many threads, over few connections."""

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import manyfest
from manyfest import events
from manyfest.contracts.images import docker_image, docker_list, oci_image
from tests.integration.conftest import Seed, seed  # noqa: F401 - a fixture
from tests.support.programs.docker_registry import RunningRegistry

THREADS = 8


@pytest.fixture
def base(docker_registry: RunningRegistry, repository: str, seed: Seed) -> str:  # noqa: F811
    base = f"{docker_registry.host}/{repository}"
    seed(f"{base}:list", docker_list(docker_image(), docker_image("linux/arm64")))
    for number in range(THREADS):
        seed(f"{base}:{number}", oci_image(text=f"image {number}"))
    return base


def test_eight_threads_share_a_client(base: str, tmp_path: Path) -> None:
    with manyfest.Client(store=tmp_path / "store.db", jobs=4) as client:

        def work(number: int) -> tuple[str, str, str]:
            name = f"{base}:made-{number}"
            draft = client.create(name, [f"{base}:{number}", f"{base}:list"])
            pushed = draft.push()
            copied = client.copy(name, f"{base}-copy-{number}:1")
            return str(pushed.digest), str(client.digest(name)), str(copied.digest)

        with ThreadPoolExecutor(THREADS) as pool:
            rounds = [list(pool.map(work, range(THREADS))) for _ in range(2)]
        assert rounds[0] == rounds[1]
        assert all(len(set(digests)) == 1 for digests in rounds[0])
        assert len({digests[0] for digests in rounds[0]}) == THREADS
        assert len(client.drafts()) == THREADS


def test_calls_keep_their_connection(base: str, tmp_path: Path) -> None:
    opened: list[str] = []

    class Counted(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions["trace"] = self.count
            return super().handle_request(request)

        def count(self, event: str, _: object) -> None:
            if event == "connection.connect_tcp.complete":
                opened.append(event)

    with Counted() as transport:
        with manyfest.Client(store=tmp_path / "store.db", transport=transport) as client:
            digests = {client.digest(f"{base}:list") for _ in range(5)}
        assert (len(digests), len(opened)) == (1, 1)
        with manyfest.Client(store=tmp_path / "store.db", transport=transport) as client:
            client.inspect(f"{base}:0")  # the first client left it open
        assert len(opened) == 1


def test_what_is_seen_once_is_there_offline(base: str, tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    online = manyfest.inspect(f"{base}:list", store=store)
    assert manyfest.inspect(f"{base}:list", store=store, offline=True).raw == online.raw


def test_a_failure_leaves_the_client_usable(base: str, tmp_path: Path) -> None:
    with manyfest.Client(store=tmp_path / "store.db") as client:
        for _ in range(2):
            with pytest.raises(manyfest.errors.NotFoundError):
                client.create(f"{base}:bad", [f"{base}:0", f"{base}:none", f"{base}:nor"])
            assert client.inspect(f"{base}:0").platforms == ()


@pytest.mark.parametrize("failure", [ValueError("mine"), KeyboardInterrupt(), SystemExit(3)])
def test_what_a_callback_raises_comes_out_as_it_is(base: str, tmp_path: Path, failure) -> None:
    """Beside the transfer: the transport takes a ValueError of its own for a wrong address."""
    told: list[events.Event] = []

    def fail(event: events.Event) -> None:
        if isinstance(event, events.BlobMoved) and not told:
            told.append(event)
            raise failure

    layout = f"oci:{tmp_path}/layout:1"
    with manyfest.Client(store=tmp_path / "store.db") as client:
        client.copy(f"{base}:list", layout)
    with manyfest.Client(store=tmp_path / "store.db", on_event=fail) as client:
        with pytest.raises(type(failure)) as raised:
            client.copy(layout, f"{base}-{type(failure).__name__.lower()}:1")
        assert raised.value.args == failure.args
        assert client.copy(layout, f"{base}-again:1").written


def test_close_closes_every_connection(base: str, tmp_path: Path) -> None:
    """A socket that is left open is an error of this suite, once it is collected."""
    with manyfest.Client(store=tmp_path / "store.db", jobs=4) as client:
        assert client.verify(f"{base}:list").findings == ()
    gc.collect()
