"""The plugin, as the suite of another project meets it."""

import subprocess
import sys
from pathlib import Path

SUITE = """
from manyfest.testing import add_list

def test_a_release(manyfest_client, manyfest_registry, manyfest_store):
    add_list(manyfest_registry, "host.example/app:1", ["linux/amd64", "linux/arm64"])
    assert len(manyfest_client.inspect("host.example/app:1").platforms) == 2
    assert manyfest_store.exists()

def test_another_has_a_registry_of_its_own(manyfest_client):
    assert manyfest_client.drafts() == ()
"""
IDLE = """
import sys

def test_that_asks_for_nothing():
    loaded = [name for name in sys.modules if name.startswith("manyfest")]
    assert len(loaded) <= 8, loaded
    assert not {"attr", "httpx", "sqlite3"} & set(sys.modules)
"""


def run(folder: Path, text: str) -> str:
    """The summary of a run of pytest on one file, in a folder of its own."""
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    return ended.stdout + ended.stderr


def test_its_fixtures_are_there(tmp_path):
    assert "2 passed" in run(tmp_path, SUITE)


def test_it_loads_next_to_nothing_before_it_is_used(tmp_path):
    assert "1 passed" in run(tmp_path, IDLE)
