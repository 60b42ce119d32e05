"""Servers that read ``Accept`` simply: they are asked in another way before a command gives up."""

import json
from collections.abc import Callable

import pytest

from manyfest.contracts.images import docker_list, oci_image, oci_index, push_image
from manyfest.domain.media_types import ACCEPTED
from manyfest.domain.references import Reference
from tests.support.faults.judged import refused, succeeded
from tests.support.faults.served import IMAGE, OTHER
from tests.support.http.fault_server import FaultServer
from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_server import REGISTRY, RegistryApp

OCI = oci_image()
TAGS = {
    "image": IMAGE,
    "list": docker_list(IMAGE, OTHER),
    "oci": OCI,
    "index": oci_index(OCI),
}
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"


def words(status: int, code: str, message: str) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Answer(status, body, (("Content-Type", "application/json"),))


HIDDEN = "OCI index found, but accept header does not support OCI indexes"
# What servers answer where they think that the client does not take the type.
ANSWERS: dict[str, Answer] = {
    "404": words(404, "MANIFEST_UNKNOWN", HIDDEN),
    "406": Answer(406),
    "415": words(415, "UNSUPPORTED", ""),
    "400": words(400, "MANIFEST_INVALID", "unsupported media type in Accept"),
    "schema 1": Answer(200, b'{"schemaVersion": 1}', (("Content-Type", SCHEMA_1),)),
}
# Which types a server reads from the lines of the header.
READERS: dict[str, Callable[[list[str]], list[str]]] = {
    "whole lines": lambda lines: lines,
    "the first line as one type": lambda lines: lines[:1],
    "a header of one line": lambda lines: lines if len(lines) == 1 else [],
}


class SimpleApp:
    """A registry that answers ``otherwise`` where ``reads`` gives not the type of a manifest."""

    def __init__(self, app: RegistryApp, reads, otherwise: Answer) -> None:
        self._app, self._reads, self._otherwise = app, reads, otherwise

    def __call__(self, request: Request) -> Answer:
        good = self._app(_accepting_all(request))
        is_read = request.method in ("GET", "HEAD") and "/manifests/" in request.path
        lines = [value for name, value in request.headers if name.lower() == "accept"]
        if is_read and good.status == 200 and good.header("Content-Type") not in self._reads(lines):
            return self._otherwise
        return good


def _accepting_all(request: Request) -> Request:
    others = tuple(pair for pair in request.headers if pair[0].lower() != "accept")
    headers = (*others, ("Accept", ", ".join(ACCEPTED)))
    return Request(request.method, request.target, headers, request.body, request.scheme)


@pytest.fixture
def simple(memory):
    """Makes a server that has all ``TAGS``."""
    for name, image in TAGS.items():
        push_image(memory, Reference.parse(f"{REGISTRY}/app:{name}"), image)

    def make(reads, otherwise: Answer) -> FaultServer:
        return FaultServer(SimpleApp(RegistryApp(memory), reads, otherwise))

    return make


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("reads", READERS.values(), ids=READERS)
@pytest.mark.parametrize("tag", TAGS)
def test_every_kind_is_read_from_every_server(simple, reads, answer, tag) -> None:
    with simple(reads, answer) as server:
        shown = succeeded("inspect", "--raw", f"{server.host}/app:{tag}").stdout
    assert shown == TAGS[tag].manifest.data


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_lines_that_a_host_reads_are_used_for_the_next_manifest(simple, answer) -> None:
    with simple(READERS["whole lines"], answer) as server:
        names = [f"{server.host}/app:{tag}" for tag in ("image", "oci")]
        succeeded("create", "--jobs", "1", "--push", f"{server.host}/app:new", *names)
        assert server.count("GET", "/v2/app/manifests/image") == 2
        assert server.count("GET", "/v2/app/manifests/oci") == 1


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_guards_hold_at_such_servers(simple, answer) -> None:
    with simple(READERS["whole lines"], answer) as server:
        name, listed = f"{server.host}/app:list", TAGS["list"]
        succeeded("create", name, f"{server.host}/app:image")
        refused("push", "--expect", "absent", name, code=6, words=(str(listed.digest),))
        succeeded("push", "--expect", str(listed.digest), name)


@pytest.mark.parametrize("status", [400, 406, 415])
def test_an_absence_is_believed_in_the_lines_that_a_server_reads(simple, status) -> None:
    """Such a server refuses a header of one line before it looks for anything."""
    one_line = words(status, "UNSUPPORTED", "what is this media type?")
    with simple(lambda lines: lines, one_line) as server:
        name = f"{server.host}/app:new"
        succeeded("create", name, f"{server.host}/app:image")
        server.on("GET", "/v2/app/manifests/new", one_line)
        server.on("HEAD", "/v2/app/manifests/new", one_line)
        succeeded("push", "--expect", "absent", name)


def test_a_server_that_takes_none_of_our_types_is_left_with_its_words(simple) -> None:
    with simple(lambda _: [], words(406, "UNSUPPORTED", "come back in ten years")) as server:
        refused("inspect", f"{server.host}/app:list", code=1, words=("come back in ten years",))
        assert server.count("GET", "/v2/app/manifests/list") == 6


def test_what_is_missing_is_not_asked_for_in_other_ways(server) -> None:
    refused("inspect", f"{server.host}/app:none", code=3)
    assert server.count() == 1
