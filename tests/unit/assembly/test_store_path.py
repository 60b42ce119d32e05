"""The store's path: the one platformdirs gives, without importing it."""

import sys
from pathlib import Path

import pytest
from platformdirs import user_data_path

from manyfest.assembly.settings import store_path

ENVIRONMENTS = {
    "a home": {"HOME": "/home/ann"},
    "a data folder": {"HOME": "/home/ann", "XDG_DATA_HOME": "/data"},
    "an empty one": {"HOME": "/home/ann", "XDG_DATA_HOME": " "},
}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is platformdirs that says it")
@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_it_is_where_platformdirs_says(monkeypatch, environment):
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert store_path(environment) == user_data_path("manyfest", appauthor=False) / "store.db"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is platformdirs that says it")
def test_a_relative_data_folder_is_ignored():
    """As the XDG specification says; platformdirs does so since 4.11 or 4.12."""
    environment = {"HOME": "/home/ann", "XDG_DATA_HOME": "data"}
    assert store_path(environment) == Path("/home/ann/.local/share/manyfest/store.db")


def test_a_variable_names_another_file_or_another_store():
    assert store_path({"MANYFEST_STORE": "/srv/store.db"}) == Path("/srv/store.db")
    assert store_path({"MANYFEST_STORE": "s3://bucket/store"}) == "s3://bucket/store"
