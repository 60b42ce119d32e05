"""The plugin, as the suite of another project meets it."""

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import pytest
from manyfest.testing import add_list

@pytest.fixture
def manyfest_registry(manyfest_registry):
    add_list(manyfest_registry, "host.example/app:1", ["linux/amd64", "linux/arm64"])
    return manyfest_registry

def test_a_release(manyfest_client, manyfest_store):
    assert len(manyfest_client.inspect("host.example/app:1").platforms) == 2
    assert manyfest_store.exists()

def test_another_has_a_store_of_its_own(manyfest_client, manyfest_store):
    assert not manyfest_store.exists()
    assert manyfest_client.drafts() == ()
    assert manyfest_client.cache.ls() == ()
"""
FAILING = """
from manyfest.testing import add_image

def test_that_looks_for_too_much(manyfest_client, manyfest_registry):
    add_image(manyfest_registry, "host.example/app:1")
    manyfest_client.inspect("host.example/app:2")
"""
IDLE = """
import sys

def test_that_asks_for_nothing():
    loaded = [name for name in sys.modules if name.startswith("manyfest")]
    assert len(loaded) <= 8, loaded
    assert not {"attr", "httpx", "sqlite3"} & set(sys.modules)
"""

QUIET = ("-q", "-p", "no:cacheprovider")


def test_its_fixtures_are_there_and_apart(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    pytester.runpytest_inprocess(*QUIET).assert_outcomes(passed=2)


def test_an_error_of_the_library_fails_a_test_by_its_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    ended = pytester.runpytest_inprocess(*QUIET)
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(["E*ManifestUnknownError: *host.example/app:2*"])


def test_its_fixtures_are_listed_with_their_docstrings(pytester: pytest.Pytester) -> None:
    listed = pytester.runpytest_inprocess(*QUIET, "--fixtures")
    listed.stdout.fnmatch_lines(
        [
            "manyfest_registry*",
            "    A registry in memory*",
            "manyfest_store*",
            "    The file of the store*",
            "manyfest_client*",
            "    A client that asks no network*",
        ]
    )


def test_it_loads_next_to_nothing_before_it_is_used(pytester: pytest.Pytester) -> None:
    """In a process of its own, since this one has loaded everything."""
    pytester.makepyfile(IDLE)
    pytester.runpytest_subprocess(*QUIET, timeout=300).assert_outcomes(passed=1)
