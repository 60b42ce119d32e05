"""The explorer on a store in PostgreSQL, whose server may take no queries."""

from contextlib import closing

import pytest
from attrs import evolve

from manyfest.cli.explorer.access import Guard, Keys
from manyfest.cli.explorer.application import Explorer
from manyfest.cli.settings import settings_from
from manyfest.contracts.garbage_collector import see
from manyfest.contracts.images import oci_image, oci_index
from manyfest.store.postgres.store import PostgresStore
from tests.integration.explorer.conftest import PATIENCE, PORT
from tests.support.http.asgi_client import HOST, AsgiClient

LAYER = {"mediaType": "text/x", "digest": "sha256:" + "a" * 64, "size": 1}
AMD = oci_image("linux/amd64", layers=[LAYER], annotations={"team": "core"})
ARM = oci_image("linux/arm64", layers=[LAYER])
APP = "registry.example/app"
PAGES = (
    *("/", "/store", "/drafts", f"/repositories/{APP}", f"/history/{APP}:1"),
    *(f"/manifests/{APP}:1", f"/attached/{APP}:1", f"/content/{AMD.digest}"),
    *(f"/manifests/{APP}@{AMD.digest}", "/search?q=core", f"/compare?a={APP}:1&b={APP}:2"),
)


@pytest.fixture(scope="module")
def url(postgres, tmp_path_factory):
    url = postgres.create("explored")
    with closing(PostgresStore(url, tmp_path_factory.mktemp("layers"))) as store:
        see(store.contents, f"{APP}:1", oci_index(AMD, ARM))
        see(store.contents, f"{APP}:2", ARM)
        see(store.contents, f"{APP}:3", AMD)
    return url


@pytest.fixture
def client(url):
    keys = Keys()
    settings = evolve(settings_from(), store=url, offline=True)
    explorer = Explorer(settings, keys, query_seconds=PATIENCE)
    client = AsgiClient(Guard(explorer.application(), keys, [HOST], PORT))
    client.get(f"/?token={keys.token}")
    return client


def found(client, path: str):
    answer = client.get(f"{path}{'&' if '?' in path else '?'}format=json")
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


def test_pages_of_a_server_that_takes_no_queries_lack_what_these_answer(client) -> None:
    for path in PAGES:
        assert client.get(path).status_code == 200, path
    assert found(client, "/search?q=core")["texts"] is None
    assert found(client, f"/manifests/{APP}@{AMD.digest}")["sharing"] is None


def test_every_page_answers_from_a_server_that_takes_queries(client, postgres) -> None:
    postgres.allow_queries("explored")
    for path in PAGES:
        assert client.get(path).status_code == 200, path
    assert [one["value"] for one in found(client, "/search?q=core")["texts"]] == ["core"]
    assert found(client, f"/manifests/{APP}@{AMD.digest}")["sharing"] == {LAYER["digest"]: 1}
    assert found(client, "/store")["missing"] == []
