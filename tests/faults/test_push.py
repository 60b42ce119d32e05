"""Faults during publication: the tag does not move, and the draft is kept."""

import hashlib
import json
from collections.abc import Iterator
from itertools import count

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, oci_index, push_image
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.operations.steps import conditional_put
from manyfest.domain.references import Reference
from tests.support.faults.confined import with_small_files
from tests.support.faults.judged import error_line, refused, store_dump, succeeded
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import (
    Fault,
    Reset,
    lost,
    redirect,
    unavailable,
    with_header,
    with_status,
)
from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_answers import failure
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryApp
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.our_program import run_here

AMD, ARM = docker_image("linux/amd64", text="amd"), docker_image("linux/arm64", text="arm")
OLD = docker_list(docker_image(text="old"))
TAG = "/v2/app/manifests/list"
CHILD = f"/v2/app/manifests/{AMD.digest}"
NOWHERE = f"sha256:{'0' * 64}"


@pytest.fixture
def memory() -> MemoryRegistry:
    """``from`` has the images ``amd`` and ``arm``; ``app:list`` is an old list."""
    registry = MemoryRegistry()
    for name, image in {"from:amd": AMD, "from:arm": ARM, "app:list": OLD}.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/{name}"), image)
    return registry


@pytest.fixture
def server(memory) -> Iterator[FaultServer]:
    with FaultServer(RegistryApp(memory)) as server:
        yield server


@pytest.fixture
def name(server) -> str:
    """A draft that is ready to be pushed, of images that the target lacks."""
    name = f"{server.host}/app:list"
    succeeded("create", name, f"{server.host}/from:amd", f"{server.host}/from:arm")
    return name


def standing(memory: MemoryRegistry) -> Digest:
    return memory.get_manifest(Reference.parse(f"{REGISTRY}/app:list")).digest


def writes(server: FaultServer) -> list[Request]:
    return [request for request in server.requests if request.method in ("PUT", "POST", "PATCH")]


def pushed(name: str) -> Digest:
    """The last line that ``push`` prints."""
    return Digest.parse(succeeded("push", name).stdout.decode().splitlines()[-1])


def test_children_come_before_the_list_and_blobs_before_them(server, memory, name) -> None:  # P1
    assert pushed(name) == standing(memory)
    paths = [request.path for request in writes(server)]
    blobs = [place for place, path in enumerate(paths) if "/blobs/" in path]
    children = [place for place, path in enumerate(paths) if "/manifests/sha256:" in path]
    assert max(blobs) < min(children)
    assert max(children) < paths.index(TAG) == len(paths) - 1


UNREADABLE = b'{"errors": [{"code": "DIGEST_INVALID", "message": "provided digest did not match"}]}'

PASSING: dict[str, Fault] = {
    "500": with_status(500),  # P2: the registry did it, and says otherwise
    "503": unavailable(503),
    "429": unavailable(429, "1"),  # P3
    "reset before": Reset(),
    "reset after": lost,  # P4
    "a link that another push writes": Answer(400, body=UNREADABLE),  # P35
}


@pytest.mark.parametrize("path", [CHILD, TAG], ids=["child", "tag"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_put_that_fails_once_is_repeated(server, memory, name, path, fault) -> None:  # P2 to P4
    server.on("PUT", path, fault)
    assert pushed(name) == standing(memory)
    first, second = [request for request in writes(server) if request.path == path]
    assert first.body == second.body


def test_a_digest_that_is_refused_for_ever_is_told(server, memory, name) -> None:  # P35
    server.always("PUT", TAG, Answer(400, body=UNREADABLE))
    refused("push", name, code=1, words=("DIGEST_INVALID", "tried 5 times"))


FINAL: dict[str, tuple[Fault, int]] = {  # P5, P6, P9: the answer, our exit code
    "302": (redirect("/login", 302), 1),
    "303": (redirect("/login", 303), 1),
    "307": (redirect("/login", 307), 1),
    "400": (Answer(400), 1),
    "403": (Answer(403), 4),
    "405": (Answer(405), 1),
    "413": (Answer(413), 1),
}


@pytest.mark.parametrize("path", [CHILD, TAG], ids=["child", "tag"])
@pytest.mark.parametrize(("fault", "code"), FINAL.values(), ids=FINAL)
def test_a_put_that_is_refused_is_not_repeated(server, memory, name, path, fault, code) -> None:
    server.always("PUT", path, fault)
    refused("push", "--purge", name, code=code, words=(server.host,))
    assert server.count("PUT", path) == 1
    assert standing(memory) == OLD.digest


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_vague_success_that_stored_nothing_is_a_failure(server, memory, name, status) -> None:
    server.always("PUT", TAG, Answer(status, b"<html>", (("Content-Type", "text/html"),)))  # P6
    refused("push", "--purge", name, code=7, words=(server.host, str(OLD.digest)))
    assert standing(memory) == OLD.digest


def test_a_confirmation_of_other_bytes_names_both(server, name) -> None:  # P7
    server.always("PUT", TAG, with_header("Docker-Content-Digest", NOWHERE))
    digest = json.loads(succeeded("push", "--dry-run", "--json", name).stdout)["digest"]
    refused("push", name, code=7, words=(NOWHERE, digest))


def test_a_tag_that_another_moves_right_after_is_told_to_who_expects_it(
    server, memory, name, monkeypatch
) -> None:  # P8
    monkeypatch.setattr(conditional_put, "_PAUSES", (0.01,))

    def overtaken(good: Answer) -> Answer:
        memory.put_manifest(Reference.parse(f"{REGISTRY}/app:list"), OLD.manifest)
        return good

    server.always("PUT", TAG, overtaken)
    refused("push", "--expect", str(OLD.digest), name, code=6, words=("the tag moved", name))


MOUNTS: dict[str, Fault] = {  # P10
    "202": lambda good: good,
    "401": Answer(401),
    "404": Answer(404),
    "405": Answer(405),
}


@pytest.mark.parametrize("fault", MOUNTS.values(), ids=MOUNTS)
def test_what_is_not_mounted_is_uploaded(memory, fault) -> None:  # P10
    app = RegistryApp(memory, quirks=Quirks(mounts=False))
    with FaultServer(app) as server:
        name = f"{server.host}/app:list"
        succeeded("create", name, f"{server.host}/from:amd")
        server.on("POST", "*", fault)
        assert pushed(name) == standing(memory)
        assert server.count("PUT", "*/blobs/uploads/*") == len(AMD.blobs)


def test_a_mount_that_only_seems_to_work_is_found_out(server, memory, name) -> None:  # P10
    server.always("POST", "*", Answer(201, headers=(("Location", "/v2/app/blobs/x"),)))
    refused("push", name, code=1, words=(server.host, "MANIFEST_BLOB_UNKNOWN"))
    assert standing(memory) == OLD.digest


LOCATIONS = {  # P11
    "none": None,
    "nothing": "",
    "a file": "file:///etc/passwd",
    "no URL": "http://[",
    "no address": ":A://[",
    "with a user": "http://user@127.0.0.1/",
}


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_an_upload_that_leads_nowhere_is_refused(memory, location) -> None:  # P11
    with FaultServer(RegistryApp(memory, quirks=Quirks(mounts=False))) as server:
        name = f"{server.host}/app:list"
        succeeded("create", name, f"{server.host}/from:amd")
        server.always("POST", "*", with_header("Location", location))
        refused("push", name, code=1, words=(server.host,))
        assert server.count("PUT") == 0


@pytest.mark.parametrize("status", [404, 416])
def test_an_upload_that_the_registry_lost_begins_again(memory, status) -> None:  # P12
    with FaultServer(RegistryApp(memory, quirks=Quirks(mounts=False))) as server:
        name = f"{server.host}/app:list"
        succeeded("create", name, f"{server.host}/from:amd")
        server.on("PUT", "*/blobs/uploads/*", Answer(status))
        assert pushed(name) == standing(memory)
        assert server.count("PUT", "*/blobs/uploads/*") == len(AMD.blobs) + 1


def test_a_child_that_the_registry_lacks_is_named(server, memory) -> None:  # P13
    push_image(memory, Reference.parse(f"{REGISTRY}/app:amd"), AMD)
    name = f"{server.host}/app:list"
    succeeded("create", name, f"{server.host}/app:amd")
    server.always("PUT", TAG, failure("MANIFEST_BLOB_UNKNOWN", detail=str(AMD.digest)))
    refused("push", name, code=1, words=(str(AMD.digest), name))


@pytest.mark.parametrize("done", range(11))
def test_the_second_push_sends_no_blob_that_the_first_has_sent(server, memory, done) -> None:  # P14
    """Cut off after as many of its eleven writes: four uploads of two each, two images, the tag."""
    target, writing = MemoryRegistry(), count(1)
    push_image(target, Reference.parse(f"{REGISTRY}/app:list"), OLD)

    def gate(request: Request) -> Answer | None:
        written = next(writing) if request.method in ("POST", "PUT") else 0
        return Answer(403) if written > done else None

    with FaultServer(RegistryApp(target, gate=gate)) as there:
        name = f"{there.host}/app:list"
        succeeded("create", name, f"{server.host}/from:amd", f"{server.host}/from:arm")
        refused("push", "--jobs", "1", name, code=4)
        assert standing(target) == OLD.digest
    with FaultServer(RegistryApp(target)) as healed:
        again = f"{healed.host}/app:list"
        succeeded("create", again, f"{server.host}/from:amd", f"{server.host}/from:arm")
        assert pushed(again) == standing(target)
        assert healed.count("PUT", "*/blobs/*") == 4 - min(done, 8) // 2


def test_a_push_that_fails_keeps_the_draft_that_it_was_to_purge(server, name) -> None:  # P15
    server.on("PUT", TAG, Answer(403))
    draft = succeeded("inspect", name).stdout
    refused("push", "--purge", name, code=4)
    assert succeeded("inspect", name).stdout == draft
    succeeded("push", "--purge", name)
    assert run_here("rm", name).code == 3


def test_of_two_lists_pushed_to_one_tag_one_is_there_whole(
    server, memory, forks: ForkedCommandLine, tmp_path, monkeypatch
) -> None:  # P16
    name, digests = f"{server.host}/app:list", set()
    stores = [str(tmp_path / f"{one}.sqlite") for one in ("amd", "arm")]
    for store, one in zip(stores, ("amd", "arm"), strict=True):
        monkeypatch.setenv("MANYFEST_STORE", store)
        succeeded("create", name, f"{server.host}/from:{one}")
        shown = succeeded("push", "--dry-run", "--json", name).stdout
        digests.add(json.loads(shown)["digest"])
    with (
        forks.start("push", name, MANYFEST_STORE=stores[0]) as first,
        forks.start("push", name, MANYFEST_STORE=stores[1]) as second,
    ):
        assert [process.result().code for process in (first, second)] == [0, 0]
    assert str(standing(memory)) in digests
    assert server.count("PUT", TAG) == 2


def test_a_full_disk_publishes_nothing_or_says_what_it_could_not_note(
    server, memory, name, manyfest: CommandLine
) -> None:  # P17
    limited = with_small_files(manyfest, 512)
    before = store_dump()
    line = error_line(limited("create", f"{server.host}/new:1", f"{server.host}/from:amd"), 1)
    assert "store" in line
    ended = limited("push", name)
    assert store_dump() == before
    if ended.code == 0:
        assert "published, but the draft could not be marked" in ended.stderr
        assert standing(memory) != OLD.digest
    else:
        assert standing(memory) == OLD.digest


BODIES = {  # P18
    "nothing": b"",
    "no errors": b"{}",
    "null": b'{"errors": null}',
    "a text": b'{"errors": "no"}',
    "nested": b'{"errors": [[{"errors": [{}]}]]}',
    "deep": b"[" * 60_000,
    "another charset": '{"errors": [{"message": "ä"}]}'.encode("utf-16"),
    "10 MiB": b"x" * 10 * 2**20,
    "a page": b"<html>\n\n<body>\x1b[31mno</body>",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("media_type", ["application/json", "text/html"])
def test_any_refusal_is_a_short_line_with_its_status(server, name, body, media_type) -> None:  # P18
    server.always("PUT", TAG, Answer(409, body, (("Content-Type", media_type),)))
    refused("push", name, code=1, words=("409 Conflict", name))


@pytest.mark.parametrize("kind", ["docker", "oci"])
def test_what_arrives_is_what_was_shown_and_named(server, memory, name, kind) -> None:  # P19
    succeeded("create", "-a", "--type", kind, name, f"{server.host}/from:amd")
    shown = succeeded("inspect", "--raw", name).stdout
    digest = pushed(name)
    (put,) = [request for request in writes(server) if request.path == TAG]
    assert put.body == shown
    assert f"sha256:{hashlib.sha256(put.body).hexdigest()}" == str(digest)
    expected = media_types.DOCKER_LIST if kind == "docker" else oci_index().manifest.media_type
    assert put.header("Content-Type") == expected
