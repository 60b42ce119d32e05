"""A store with lists, an artifact and layers, and a server of it in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import pytest
from attrs import evolve, frozen

from manyfest.cli.arguments.listen_address import ListenAddress, listening
from manyfest.cli.server.access import Guard, hosts_of
from manyfest.cli.server.content import OpenContent, open_store
from manyfest.cli.server.listener import Notes, Server
from manyfest.cli.server.passwords import Passwords
from manyfest.cli.settings import settings_from
from manyfest.contracts.images import Image, docker_image, docker_list, oci_image, oci_index
from manyfest.contracts.images import referrer as referrer_of
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.store.store import SqliteStore
from manyfest.store.store import open_store as open_sqlite

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
INDEX = oci_index(oci_image(), oci_image("linux/arm64", text="arm"))
LIST = docker_list(docker_image(), docker_image("linux/arm64", text="arm"))
SBOM = referrer_of(INDEX)
SIGNATURE = referrer_of(INDEX, "signature", "application/x-signature")
LARGE = b"0123456789abcdef" * 200_000  # bytes: more than one chunk
NAMES = {
    "docker.io/library/alpine:3": INDEX,
    "docker.io/library/alpine:3.20": INDEX,
    "docker.io/library/alpine:edge": LIST,
    "127.0.0.1:5000/team/app:1": LIST,
    "ghcr.io/team/app:1": INDEX,
}


def keep(store: SqliteStore, name: str | None, image: Image) -> None:
    """Keep an image or list with all its blobs, and perhaps its tag."""
    everything = (image, *image.children)
    with store.transaction():
        store.contents.keep_manifests([one.manifest for one in everything])
        store.contents.keep_blobs([one.blobs[0] for one in everything if one.blobs])
        if name:
            store.contents.observe([Observation(Reference.parse(name), image.digest, NOW)])
    for one in everything:
        for layer in one.blobs[1:]:
            store.layers.write(Digest.of(layer), len(layer), [layer])


@pytest.fixture(scope="session")
def served_store(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("served") / "store.db"
    store = open_sqlite(path)
    for name, image in NAMES.items():
        keep(store, name, image)
    keep(store, None, SBOM)
    keep(store, None, SIGNATURE)
    store.layers.write(Digest.of(LARGE), len(LARGE), [LARGE])
    store.close()
    return path


@frozen
class Served:
    """A running server: its address, and what it noted."""

    host: str
    notes: list[str]

    def ask(self, target: str, method: str = "GET", **headers: str):
        """Return the response to one request, with its ``body``."""
        connection = HTTPConnection(self.host, timeout=300)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, target, headers=named)
            response = connection.getresponse()
            response.body = response.read()
            return response
        finally:
            connection.close()


@contextmanager
def serving(content: OpenContent, passwords: Passwords | None = None) -> Iterator[Served]:
    """Serve ``content`` from a thread of this process."""
    with listening(ListenAddress("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        notes: list[str] = []
        guard = Guard(hosts_of(ListenAddress("127.0.0.1", port)), passwords)
        server = Server(content, guard, Notes(notes.append))
        Thread(target=server.run, args=(listener,), daemon=True).start()
        yield Served(f"127.0.0.1:{port}", notes)


@pytest.fixture
def settings(served_store):
    return evolve(settings_from(), store=served_store, offline=True)


@pytest.fixture
def server(settings) -> Iterator[Served]:
    with serving(partial(open_store, settings)) as served:
        yield served
