"""``demo --explore``: a made-up fleet in its own store, with something to find on each page."""

import signal
import subprocess
from datetime import UTC, datetime

import httpx
import pytest
from attrs import evolve

from manyfest.cli.demo.fleet import ALPINE, SHOP, WEB, WORKER, fill_fleet
from manyfest.cli.explorer.access import Guard, Keys
from manyfest.cli.explorer.application import Explorer
from manyfest.cli.settings import settings_from
from manyfest.store.store import open_store
from tests.support.http.asgi_client import HOST, AsgiClient
from tests.support.programs.our_program import run_here

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = tmp_path_factory.mktemp("demo") / "store.db"
    store = open_store(made)
    fill_fleet(store.contents, store.drafts, NOW)
    store.close()
    return made


@pytest.fixture
def pages(path):
    keys = Keys()
    explorer = Explorer(evolve(settings_from(), store=path, offline=True), keys, query_seconds=60)
    client = AsgiClient(Guard(explorer.application(), keys, [HOST], 8080))
    client.get(f"/?token={keys.token}")
    return client


def data(pages, path):
    answer = pages.get(f"{path}{'&' if '?' in path else '?'}format=json")
    assert answer.status_code == 200, path
    return answer.json()


def test_a_tag_moved_three_times_once_by_its_list_alone(pages):
    states = data(pages, f"/history/{WEB}:latest")["states"]
    assert len(states) == 3
    assert states[0]["changes"] == {"added": ["linux/arm/v7"], "removed": [], "changed": []}
    compared = data(pages, f"/compare?a={WEB}:latest@%7B1%7D&b={WEB}:latest")["comparison"]
    assert compared["onlyList"]
    old = data(pages, f"/compare?a={WEB}:1.0&b={WEB}:1.1")["comparison"]
    assert {"layers", "config"} <= set(old["kinds"])


def test_a_release_lacks_a_platform_and_a_list_an_image(pages):
    groups = data(pages, f"/repositories/{WEB}")["groups"]
    tags = {tag["name"]: group["platforms"] for group in groups for tag in group["tags"]}
    assert "linux/arm/v7" not in tags["1.1"]
    assert "linux/arm/v7" in tags["1.2"]
    assert data(pages, "/store")["missing"]
    assert data(pages, f"/manifests/{SHOP}:2026.11")["findings"]


def test_a_list_has_two_entries_for_one_platform(pages):
    findings = data(pages, f"/manifests/{WORKER}:nightly")["findings"]
    assert "duplicate-platform" in {one["rule"] for one in findings}


def test_the_sbom_the_provenance_and_the_signature_are_found(pages):
    shown = pages.get(f"/attached/{WEB}:1.0?platform=linux/amd64").text
    assert "openssl" in shown
    assert "SBOM (SPDX)" in shown
    assert "https://git.example.com/acme/web.git" in shown
    assert "Sigstore bundle" in shown


def test_there_is_a_draft_and_states_that_a_server_claims(pages):
    assert data(pages, "/drafts")["drafts"]
    sources = {state["source"] for state in data(pages, f"/history/{ALPINE}:3.20")["states"]}
    assert "docker-library/repo-info" in sources


def test_every_image_of_it_is_sound(path, monkeypatch):
    monkeypatch.setenv("MANYFEST_STORE", str(path))
    assert run_here("cache", "fsck").code == 0


def test_it_is_served_from_a_folder_of_its_own(started_manyfest, tmp_path, monkeypatch):
    own = tmp_path / "own.db"
    monkeypatch.setenv("MANYFEST_STORE", str(own))
    command = [*started_manyfest.command, "demo", "--explore", str(tmp_path / "play")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        answer = httpx.get(url, follow_redirects=True, cookies=httpx.Cookies())
        assert answer.status_code in {200, 403}
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0
    assert errors.startswith("note: a made-up fleet is in ")
    assert (tmp_path / "play" / "store.db").is_file()
    assert not own.exists()


def test_a_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "x").touch()
    result = run_here("demo", "--explore", tmp_path)
    assert (result.code, result.stdout) == (6, b"")


def test_open_goes_with_explore():
    assert run_here("demo", "--open").code == 2
