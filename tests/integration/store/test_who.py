"""``who`` as a person runs it: by name, by digest, by its beginning; without any network."""

import json

import pytest

from manyfest.contracts.garbage_collector import see
from manyfest.contracts.images import oci_image, oci_index
from manyfest.store.store import open_store
from tests.support.programs.our_program import run_here

AMD, ARM = oci_image("linux/amd64", text="amd64"), oci_image("linux/arm64", text="arm64")
LIST = oci_index(AMD, ARM)
APP = "registry.invalid/app:1"


@pytest.fixture(autouse=True)
def cached(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "store.db"))
    store = open_store(tmp_path / "store.db")
    see(store.contents, APP, LIST)
    store.close()


def lines(*arguments: str) -> list[str]:
    done = run_here("who", *arguments)
    assert (done.code, done.stderr) == (0, "")
    return done.stdout.decode().splitlines()


def test_a_platform_of_a_list_is_needed_by_the_list_and_its_tag() -> None:
    assert lines("-q", "--platform", "linux/arm64", APP) == [APP, str(LIST.digest)]
    heading, tag, listing = lines("--columns", "kind,platform", str(ARM.digest))
    assert heading.split() == ["KIND", "PLATFORM"]
    assert (tag.split(), listing.split()) == (["tag"], ["list", "linux/arm64"])


@pytest.mark.parametrize("name", [str(ARM.digest), str(ARM.digest)[:19], ARM.digest.hex[:12]])
def test_a_digest_may_be_given_by_its_beginning(name) -> None:
    assert lines("-q", name) == [APP, str(LIST.digest)]


def test_json_has_all_of_it() -> None:
    found = json.loads("\n".join(lines("--json", APP)))
    assert found["digest"] == str(LIST.digest)
    assert [one["name"] for one in found["dependents"]] == [APP]
    assert (found["complete"], found["sharing"]["images"], found["base"]["guess"]) == (
        True,
        0,
        None,
    )


def test_what_the_cache_does_not_know_is_refused_with_what_to_fetch() -> None:
    for name in ("sha256:0123456789", "registry.invalid/other:1", "0123456"):
        done = run_here("who", name)
        assert (done.code, done.stdout) == (3, b"")
        assert "is not cached" in done.stderr
        assert "manyfest cache fetch" in done.stderr


@pytest.mark.parametrize("name", ["sha256:10", "sha256:abcdef", "sha512:0", "sha256:"])
def test_a_beginning_that_is_too_short_is_told_so(name) -> None:
    done = run_here("who", name)
    assert (done.code, done.stdout) == (2, b"")
    assert f"{name}: the beginning of a digest needs 7 digits or more" in done.stderr


def test_a_script_asks_by_the_exit_code() -> None:
    assert run_here("who", "--exit-code", "-q", APP).code == 8
    done = run_here("who", "--exit-code", f"registry.invalid/app@{AMD.digest}")
    assert done.code == 8
