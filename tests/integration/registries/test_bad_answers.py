"""Wrong answers of a registry: one line, the right exit code, and nothing is stored."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, push_image
from manyfest.domain import media_types
from manyfest.domain.references import Reference
from manyfest.store.store import open_store
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import (
    Endless,
    Fault,
    Reset,
    html,
    redirect,
    truncated,
    unavailable,
    with_body,
    with_header,
    with_status,
)
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

Run = Callable[..., Result]

IMAGE = docker_image("linux/amd64")
MANIFEST = "/v2/app/manifests/*"
CONFIG = f"/v2/app/blobs/{IMAGE.manifest.config.digest}"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/app:1"), IMAGE)
    push_image(registry, Reference.parse(f"{REGISTRY}/list:1"), docker_list(IMAGE))
    with FaultServer(RegistryApp(registry)) as server:
        yield server


@pytest.fixture
def manyfest(short_pauses: None) -> Run:
    """Our command line in this process, where tries follow each other at once."""
    return run_here


def assert_failed(result: Result, code: int, *words: str) -> None:
    assert (result.code, result.stdout) == (code, b""), result
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert len(line) <= 400
    assert "Traceback" not in line
    for word in words:
        assert word in line


def served_as(body: bytes, media_type: str) -> Fault:
    """A well-formed answer with a body of the test's own, announcing no digest."""
    return Answer(200, body, (("Content-Type", media_type),))


def image_document(**members: object) -> bytes:
    return json.dumps(dict(IMAGE.manifest.document) | members).encode()


DOCKER, LIST, OCI = media_types.DOCKER_MANIFEST, media_types.DOCKER_LIST, media_types.OCI_MANIFEST

# The answer to the manifest's GET, our exit code, and words of our line.
DOCUMENTS: dict[str, tuple[Fault, int, str]] = {
    "wrong digest announced": (with_body(image_document(x=1)), 7, "verification failed"),
    "not JSON": (served_as(b"{", DOCKER), 1, "not JSON"),
    "a JSON list": (served_as(b"[]", DOCKER), 1, "not a JSON object"),
    "image and list": (served_as(image_document(manifests=[]), DOCKER), 1, "ambiguous"),
    "another media type": (served_as(image_document(), LIST), 1, "calls itself"),
    "duplicate keys": (served_as(b'{"schemaVersion":2,"schemaVersion":2}', OCI), 1, "twice"),
    "over 4 MiB": (served_as(b"{}" + b" " * 4_194_304, DOCKER), 1, "larger than 4194304"),
    "a page for people": (html(), 1, "registry"),
    "schema 1": (
        served_as(b'{"schemaVersion":1}', "application/vnd.docker.distribution.manifest.v1+json"),
        1,
        "schema 1",
    ),
    "unknown type": (served_as(b"{}", "application/json"), 1, "unsupported manifest media type"),
    "truncated": (truncated(20), 5, "tried"),
    "gzip": (with_header("Content-Encoding", "gzip"), 1, "compressed"),
    "no size": (with_header("Content-Length", "1000000000000"), 1, "larger than"),
    "401 without challenge": (Answer(401), 4, "app:1"),
    "403": (Answer(403), 4, "app:1"),
    "404": (Answer(404), 3, "no such manifest"),
    "404 page": (html(404), 3, "no such manifest"),
    "418": (Answer(418, b"I'm a teapot"), 1, "418"),
    "408": (Answer(408), 5, "408"),
    "429": (unavailable(429), 5, "toomanyrequests"),
    "500": (with_status(500), 5, "500"),
    "503": (unavailable(503), 5, "503"),
    "asked to wait too long": (unavailable(503, "3600"), 5, "3600"),
    "reset": (Reset(), 5, "tried"),
    "redirect in a circle": (redirect("/v2/app/manifests/1"), 1, "redirect"),
}


@pytest.mark.parametrize("command", ["inspect", "create"])
@pytest.mark.parametrize(("fault", "code", "words"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_bad_manifest_is_one_line_and_nothing_is_kept(
    server: FaultServer,
    manyfest: Run,
    store_dump: Callable[[], object],
    command: str,
    fault: Fault,
    code: int,
    words: str,
) -> None:
    server.always("GET", MANIFEST, fault)
    name = f"{server.host}/app:1"
    before = store_dump()
    target = [f"{server.host}/new:1"] if command == "create" else []
    assert_failed(manyfest(command, *target, name), code, server.host, words)
    assert store_dump() == before
    assert server.count() <= 11


CONFIGS: dict[str, tuple[Fault, int, str]] = {
    "wrong bytes": (with_body(b"x" * IMAGE.manifest.config.size), 7, "digest"),
    "too short": (with_body(b"{}"), 7, "bytes long"),
    "too long": (with_body(b"x" * 10_000), 7, "bytes long"),
    "missing": (Answer(404), 3, "no such blob"),
    "endless": (Endless(), 7, "bytes long"),
}


@pytest.mark.parametrize(("fault", "code", "words"), CONFIGS.values(), ids=CONFIGS.keys())
def test_a_bad_config_fails_the_whole_create(
    server: FaultServer,
    manyfest: Run,
    store_dump: Callable[[], object],
    fault: Fault,
    code: int,
    words: str,
) -> None:
    server.always("GET", CONFIG, fault)
    before = store_dump()
    result = manyfest(
        "create", f"{server.host}/new:1", f"{server.host}/list:1", f"{server.host}/app:1"
    )
    assert_failed(result, code, words)
    assert store_dump() == before


PASSING: dict[str, Fault] = {
    "500": with_status(500),
    "502": html(502),
    "503": unavailable(503),
    "429": unavailable(429, "0.1"),
    "reset": Reset(),
    "truncated": truncated(20),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_tried_again_once(server: FaultServer, manyfest: Run, fault: Fault) -> None:
    server.on("GET", MANIFEST, fault)
    result = manyfest("inspect", "--raw", f"{server.host}/app:1")
    assert (result.code, result.stdout) == (0, IMAGE.manifest.data)
    assert server.count() == 2


PUTS: dict[str, tuple[Fault, int, str]] = {
    "a login page": (html(), 1, ""),
    "a redirect": (redirect("/login", 302), 1, "302"),
    "another digest confirmed": (
        with_header("Docker-Content-Digest", f"sha256:{'0' * 64}"),
        7,
        "sha256:0000",
    ),
    "too large": (Answer(413), 1, "413"),
    "read only": (Answer(405), 1, "405"),
    "denied": (Answer(403), 4, "denied"),
}


@pytest.mark.parametrize(("fault", "code", "words"), PUTS.values(), ids=PUTS.keys())
def test_a_push_that_was_not_confirmed_is_none(
    server: FaultServer, manyfest: Run, fault: Fault, code: int, words: str
) -> None:
    name = f"{server.host}/app:new"
    assert manyfest("create", name, f"{server.host}/app:1").code == 0
    draft = manyfest("inspect", name).stdout
    server.always("PUT", MANIFEST, fault)
    assert_failed(manyfest("push", "--purge", name), code, server.host, words)
    assert manyfest("inspect", name).stdout == draft


def test_the_same_command_works_once_the_fault_is_healed(
    server: FaultServer, manyfest: Run
) -> None:
    command = ("create", f"{server.host}/new:1", f"{server.host}/app:1")
    server.on("GET", MANIFEST, Answer(403))
    assert manyfest(*command).code == 4
    assert manyfest(*command).code == 0


@pytest.fixture
def store_dump(tmp_path: Path) -> Callable[[], object]:
    """All that the store says: drafts, and whether the image is known."""

    def dump() -> object:
        store = open_store(tmp_path / "home" / "store.sqlite")
        try:
            return store.drafts.drafts(), store.contents.manifest(IMAGE.digest)
        finally:
            store.close()

    return dump
