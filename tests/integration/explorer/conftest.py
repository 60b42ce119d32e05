"""An explorer over the store of a small fleet, and a client that was let in."""

import pytest
from attrs import evolve

from manyfest.cli.explorer.access import Guard, Keys
from manyfest.cli.explorer.application import Explorer
from manyfest.cli.explorer.export import export_pages
from manyfest.cli.settings import settings_from
from tests.support.content.fleet import fill
from tests.support.http.asgi_client import HOST, AsgiClient

PORT = 8080
PATIENCE = 60.0  # seconds of a query, on a machine that has more to do


@pytest.fixture(scope="session")
def fleet(tmp_path_factory):
    path = tmp_path_factory.mktemp("fleet") / "store.db"
    fill(path)
    return path


@pytest.fixture(scope="session")
def site(fleet, tmp_path_factory):
    """All pages as files."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("HOME", str(folder / "home"))
        settings = evolve(settings_from(), store=fleet, offline=True)
        export_pages(settings, folder / "site")
    return folder / "site"


@pytest.fixture
def settings(fleet):
    return evolve(settings_from(), store=fleet, offline=True)


@pytest.fixture
def keys():
    return Keys()


@pytest.fixture
def outsider(settings, keys):
    """A client without a cookie."""
    explorer = Explorer(settings, keys, query_seconds=PATIENCE)
    return AsgiClient(Guard(explorer.application(), keys, [HOST], PORT))


@pytest.fixture
def client(outsider, keys):
    outsider.get(f"/?token={keys.token}")
    return outsider
