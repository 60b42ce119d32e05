"""``history --import``: what Quay and docker-library/repo-info recorded, as claims.

The servers are simulated: Quay's tag API after its source (quay ``endpoints/api/tag.py``), GitHub's
commits and files after its REST reference and the files of docker-library/repo-info.
``registries.conf`` says where they are.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import oci_image, oci_index, push_image
from manyfest.domain.references import Reference
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import html, redirect
from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_answers import plain, success
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.our_program import run_here

DAY = 86_400
START = 1_750_000_000
API = "/api/v1/repository/team/app/tag/"
COMMITS = "/repos/docker-library/repo-info/commits"
DIGESTS = [f"sha256:{number:064x}" for number in range(250)]
LIST = oci_index(oci_image("linux/amd64"))


def quay(request: Request) -> Answer:
    """A hundred states a page, the newest first; each ends where the next begins."""
    number, limit = (int(request.query[name][0]) for name in ("page", "limit"))
    if request.query["onlyActiveTags"] != ["false"] or request.query["specificTag"] != ["1"]:
        return success({"tags": [], "page": number, "has_additional": False})
    states = [
        {"name": "1", "manifest_digest": digest, "start_ts": START + place * DAY}
        | ({"end_ts": START + (place + 1) * DAY} if place + 1 < len(DIGESTS) else {})
        for place, digest in enumerate(DIGESTS)
    ]
    shown = states[::-1][(number - 1) * limit : number * limit]
    more = number * limit < len(states)
    return success({"tags": shown, "page": number, "has_additional": more})


def github(request: Request) -> Answer:
    """Two commits of a file, and one that removed it."""
    if request.path == COMMITS:
        dates = ("2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z")
        return success(
            [
                {"sha": digit * 40, "commit": {"committer": {"date": date}}}
                for digit, date in zip("cba", dates, strict=True)
            ]
        )
    name = request.path.split("/")[3]
    if name == "c" * 40:
        return plain(404, "404: Not Found")
    digest = DIGESTS["ab".index(name[0])]
    return plain(200, f"## `alpine:3`\n\n```console\n$ docker pull alpine@{digest}\n```\n")


@pytest.fixture
def memory() -> MemoryRegistry:
    made = MemoryRegistry()
    push_image(made, Reference.parse(f"{REGISTRY}/team/app:1"), LIST)
    return made


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, memory) -> Iterator[FaultServer]:
    """One server that answers as quay.io and as GitHub, by ``registries.conf``."""
    registry = RegistryApp(memory)

    def answer(request: Request) -> object:
        if request.path.startswith("/api/v1/"):
            return quay(request)
        if "repo-info" in request.path:
            return github(request)
        return registry(request)

    with ExitStack() as stack:
        made = stack.enter_context(FaultServer(answer))
        table = '[[registry]]\nprefix = "{}"\nlocation = "{}"\ninsecure = true\n'
        names = ("quay.io", "api.github.com", "raw.githubusercontent.com", "docker.io")
        conf = tmp_path / "registries.conf"
        conf.write_text("".join(table.format(name, made.host) for name in names))
        monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(conf))
        yield made


def states(name: str, *options: str) -> list[dict]:
    result = run_here("history", "--json", *options, name)
    assert result.code == 0, result.stderr
    return json.loads(result.stdout)


def refused(code: int, *arguments: str) -> str:
    result = run_here(*arguments)
    assert (result.code, result.stdout) == (code, b"")
    (line,) = result.stderr.splitlines()
    return line


def test_the_history_of_quay_is_read_page_by_page_and_shown_as_claimed(server) -> None:
    found = states("quay.io/team/app:1", "--import")
    assert [state["digest"] for state in found] == DIGESTS[::-1]
    assert server.count("GET", API) == 3
    assert all(state["claimed"] and state["source"] == "quay.io" for state in found)
    assert found[-1]["firstSeen"] == "2025-06-15T15:06:40+00:00"
    assert len(states("quay.io/team/app:1")) == len(DIGESTS)
    assert server.count() == 3


def test_the_import_says_how_much_is_new_and_again_changes_nothing(server) -> None:
    first, again = (run_here("history", "--import", "quay.io/team/app:1") for _ in range(2))
    assert first.stderr == "note: quay.io records 250 states, 250 of them new here\n"
    assert again.stderr == "note: quay.io records 250 states, 0 of them new here\n"
    assert b"(claimed by quay.io)" in again.stdout


def test_official_images_are_found_in_the_git_history_of_repo_info(server) -> None:
    found = states("alpine:3", "--import")
    assert [state["digest"] for state in found] == [DIGESTS[1], DIGESTS[0]]
    assert [state["lastSeen"][:10] for state in found] == ["2026-02-01", "2026-01-01"]
    assert {state["source"] for state in found} == {"docker-library/repo-info"}
    (asked,) = (request for request in server.requests if request.path == COMMITS)
    assert asked.query["path"] == ["repos/alpine/remote/3.md"]


def test_what_was_seen_here_stays_and_claims_are_not_undone_to(server) -> None:
    name = f"{server.host}/team/app:1"
    assert run_here("inspect", name).code == 0
    assert [state["claimed"] for state in states(name, "--import")].count(False) == 1
    assert "no earlier one" in refused(3, "undo", name)


def test_a_claim_does_not_answer_for_max_age(server) -> None:
    states("quay.io/team/app:1", "--import")
    assert run_here("inspect", "--max-age", "9000d", "quay.io/team/app:1").code == 0
    assert server.count("*", "/v2/*") > 0


def test_no_credentials_are_sent(server, tmp_path, monkeypatch) -> None:
    entry = {"auth": "dXNlcjpzZWNyZXQ="}
    hosts = ("quay.io", "api.github.com", server.host, "https://index.docker.io/v1/")
    config = {"auths": dict.fromkeys(hosts, entry), "HttpHeaders": {"X-Secret": "s3cret"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("quay.io/team/app:1", "alpine:3", f"{server.host}/team/app:1"):
        states(name, "--import")
    assert not any(one.header("Authorization") or one.header("X-Secret") for one in server.requests)


NO_RECORD = {
    "a registry that is not Quay": plain(404, "404 page not found\n"),
    "a registry with a web page for everything": html(),
}


@pytest.mark.parametrize("answer", NO_RECORD.values(), ids=NO_RECORD)
def test_a_host_without_records_is_named(server, answer) -> None:
    server.always("GET", API, answer)
    line = refused(3, "history", "--import", "quay.io/team/app:1")
    assert "no recorded history of quay.io/team/app:1: " in line


def test_other_images_of_docker_hub_have_no_record(server) -> None:
    line = refused(3, "history", "--import", "team/app:1")
    assert "docker-library/repo-info has official images only" in line
    assert server.count() == 0


def test_an_empty_record_is_told_from_none_at_all(server) -> None:
    line = refused(3, "history", "--import", "quay.io/team/app:2")
    assert "records no state of this tag" in line


BAD = {
    "malformed": success({"tags": [{"name": "1"}]}),
    "too large": success({"tags": [], "x": "x" * 2_000_000}),
    "not JSON": plain(200, "tags"),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_a_hostile_answer_is_refused_and_nothing_recorded(server, answer) -> None:
    server.always("GET", API, answer)
    refused(1, "history", "--import", "quay.io/team/app:1")
    refused(3, "history", "quay.io/team/app:1")


def test_a_later_page_that_fails_records_nothing(server) -> None:
    first = {"name": "1", "manifest_digest": DIGESTS[0], "start_ts": START}
    more = success({"tags": [first], "has_additional": True})
    server.on("GET", API, more, success({"tags": None}))
    refused(1, "history", "--import", "quay.io/team/app:1")
    refused(3, "history", "quay.io/team/app:1")


def test_a_listing_without_end_is_cut_at_ten_pages(server) -> None:
    more = {"name": "1", "manifest_digest": DIGESTS[0], "start_ts": START}
    server.always("GET", API, success({"tags": [more], "has_additional": True}))
    states("quay.io/team/app:1", "--import")
    assert server.count("GET", API) == 10


def test_the_hourly_limit_of_github_is_named(server) -> None:
    limited = Answer(403, b"{}", (("X-RateLimit-Remaining", "0"),))
    server.always("GET", COMMITS, limited)
    line = refused(5, "history", "--import", "alpine:3")
    assert "takes no more requests in this hour" in line


def test_a_redirect_to_this_machine_is_not_followed_from_outside(server) -> None:
    server.always("GET", API, redirect("http://169.254.169.254/latest/meta-data/"))
    refused(1, "history", "--import", "quay.io/team/app:1")


def test_offline_nothing_can_be_imported(server, monkeypatch) -> None:
    monkeypatch.setenv("MANYFEST_OFFLINE", "1")
    assert "offline" in refused(5, "history", "--import", "quay.io/team/app:1")
    assert server.count() == 0


def test_a_layout_has_no_server_that_records(server, tmp_path) -> None:
    line = refused(2, "history", "--import", f"oci:{tmp_path}/l:1")
    assert "is no tag of a registry" in line
