"""The button that fetches what is not cached, and whom it asks."""

from urllib.parse import quote

import pytest
from attrs import evolve

from manyfest.cli.explorer.access import Guard
from manyfest.cli.explorer.application import Explorer
from manyfest.cli.explorer.fetching import fetchable
from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.store.store import open_store
from tests.integration.explorer.conftest import PATIENCE, PORT
from tests.support.content.fleet import NOW
from tests.support.http.asgi_client import HOST, AsgiClient

SHOWN = docker_list(docker_image())


@pytest.fixture
def online(settings, tmp_path):
    return evolve(settings, store=tmp_path / "store.db", offline=False)


def client_of(settings, keys, named=()):
    explorer = Explorer(settings, keys, frozenset(named), PATIENCE)
    client = AsgiClient(Guard(explorer.application(), keys, [HOST], PORT))
    client.get(f"/?token={keys.token}")
    return client


def observe(path, name, *, claimed):
    store = open_store(path)
    with store.transaction():
        store.contents.keep_manifests([SHOWN.manifest])
        reference = Reference.parse(name)
        store.contents.observe([Observation(reference, SHOWN.digest, NOW, NOW, is_claimed=claimed)])
    store.close()


def form(keys, name):
    return {"key": keys.form, "reference": name}


def test_what_is_not_cached_is_fetched_on_request(docker_registry, online, keys, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:1", SHOWN)
    client = client_of(online, keys, [docker_registry.host])
    answer = client.get(f"/manifests/{name}")
    assert answer.status_code == 404
    assert f"Fetch {name} from its registry" in answer.text
    fetched = client.post("/fetch", form(keys, name), origin=f"http://{HOST}")
    assert fetched.status_code == 303
    assert client.get(fetched.headers["location"]).status_code == 200


def test_what_is_attached_is_fetched_on_request(docker_registry, online, keys, repository, seed):
    name = seed(f"{docker_registry.host}/{repository}:1", SHOWN)
    tag = f"sha256-{SHOWN.digest.hex}.sbom"
    seed(f"{docker_registry.host}/{repository}:{tag}", docker_image(text="attached"))
    client = client_of(online, keys, [docker_registry.host])
    client.post("/fetch", form(keys, name), origin=f"http://{HOST}")
    shown = client.get(f"/attached/{name}").text
    assert "Fetch what is attached from its registry" in shown
    assert 'name="shown" value="attached"' in shown
    asked = form(keys, name) | {"shown": "attached"}
    fetched = client.post("/fetch", asked, origin=f"http://{HOST}")
    assert fetched.headers["location"] == f"/attached/{quote(name)}"
    found = client.get(fetched.headers["location"], accept="application/json").json()
    assert [one["form"] for one in found["documents"]] == ["digest tag"]
    offline = client_of(evolve(online, offline=True), keys)
    assert "from its registry" not in offline.get(f"/attached/{name}").text


@pytest.mark.parametrize(
    ("key", "origin", "why"),
    [
        ("", f"http://{HOST}", "not of a page from here"),
        ("wrong", f"http://{HOST}", "not of a page from here"),
        (None, "http://evil.example", "not of a page from here"),
        (None, "null", "not of a page from here"),
        (None, f"https://{HOST}", "not of a page from here"),
    ],
)
def test_a_form_of_another_page_asks_nothing(online, keys, key, origin, why):
    client = client_of(online, keys, ["127.0.0.1:1"])
    given = form(keys, "127.0.0.1:1/a:1") | ({} if key is None else {"key": key})
    answer = client.post("/fetch", given, origin=origin)
    assert answer.status_code == 403
    assert why in answer.text


def test_a_form_without_a_cookie_asks_nothing(online, keys):
    client = client_of(online, keys, ["127.0.0.1:1"])
    client.cookies.clear()
    answer = client.post("/fetch", form(keys, "127.0.0.1:1/a:1"), origin=f"http://{HOST}")
    assert answer.status_code == 403


def test_a_registry_that_nobody_named_is_not_asked(online, keys):
    client = client_of(online, keys)
    name = "127.0.0.1:1/a:1"
    assert "from its registry" not in client.get(f"/manifests/{name}").text
    answer = client.post("/fetch", form(keys, name), origin=f"http://{HOST}")
    assert answer.status_code == 400
    assert "only registries that the store knows" in answer.text


@pytest.mark.parametrize(("claimed", "may_ask"), [(False, True), (True, False)])
def test_a_name_that_a_bundle_brought_opens_no_registry(online, claimed, may_ask):
    observe(online.store, "127.0.0.1:1/known:1", claimed=claimed)
    found = fetchable("127.0.0.1:1/other:1", online, frozenset())
    assert (found is not None) == may_ask


@pytest.mark.parametrize("name", ["oci:/etc:1", "docker-archive:/etc/passwd", "other://x"])
def test_only_registries_are_asked(online, name):
    observe(online.store, "127.0.0.1:1/known:1", claimed=False)
    assert fetchable(name, online, frozenset({"127.0.0.1:1"})) is None


def test_a_failed_fetch_says_why(online, keys):
    client = client_of(online, keys, ["127.0.0.1:1"])
    answer = client.post("/fetch", form(keys, "127.0.0.1:1/a:1"), origin=f"http://{HOST}")
    assert answer.status_code == 422
    assert "cannot reach 127.0.0.1:1" in answer.text


def test_offline_there_is_no_button(online, keys):
    offline = evolve(online, offline=True)
    client = client_of(offline, keys, ["127.0.0.1:1"])
    assert "from its registry" not in client.get("/manifests/127.0.0.1:1/a:1").text
    answer = client.post("/fetch", form(keys, "127.0.0.1:1/a:1"), origin=f"http://{HOST}")
    assert answer.status_code == 400


def test_a_large_form_is_refused(online, keys):
    client = client_of(online, keys)
    answer = client.post("/fetch", form(keys, "a" * 9000), origin=f"http://{HOST}")
    assert answer.status_code == 413
