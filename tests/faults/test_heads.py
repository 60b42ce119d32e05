"""Faults of HEAD: what it says, and does not say, decides nothing by itself."""

import json
from collections.abc import Callable

import pytest

from manyfest.contracts.images import docker_list, push_image, source_of
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from tests.support.faults.judged import refused, succeeded
from tests.support.faults.served import IMAGE, OTHER
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Fault, redirect, with_header, with_status, without_length
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.our_program import run_here

LIST = docker_list(IMAGE)
TAG, NEW_TAG = "/v2/app/manifests/list", "/v2/app/manifests/new"
SIGNED = "/storage/signed-for-get"

# Each with a registry that is known to answer so; GET works at all of them.
HEADS: dict[str, Fault] = {
    "401": Answer(401),
    "403": with_status(403),
    "404": with_status(404),
    "405": with_status(405),
    "412": with_status(412),
    "500": with_status(500),
    "503": with_status(503),
    "a URL that is signed for GET": redirect(SIGNED),
    "no length": without_length(0),
    "no digest": with_header("Docker-Content-Digest", None),
}
REFUSALS: dict[str, Fault] = {
    "401": Answer(401),
    "403": Answer(403, b'{"errors":[{"code":"DENIED","message":"no right to pull"}]}'),
    "412": Answer(412, b'{"errors":[{"code":"PROJECTPOLICYVIOLATION","message":"vulnerable"}]}'),
}

each_head = pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
each_refusal = pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)


@pytest.fixture
def server(memory):
    """``app`` has the images ``1`` and ``2``, and ``list`` of the first."""
    push_image(memory, Reference.parse(f"{REGISTRY}/app:2"), OTHER)
    push_image(memory, Reference.parse(f"{REGISTRY}/app:list"), LIST)
    with FaultServer(RegistryApp(memory)) as server:
        server.always("HEAD", SIGNED, Answer(403))
        yield server


@pytest.fixture
def draft(server) -> Callable[[str], str]:
    """Makes a draft of ``app:2``, under the tag that is given."""

    def make(tag: str) -> str:
        name = f"{server.host}/app:{tag}"
        succeeded("create", name, f"{server.host}/app:2")
        return name

    return make


def standing(memory, tag: str = "list") -> Digest:
    return memory.get_manifest(Reference.parse(f"{REGISTRY}/app:{tag}")).digest


def heads_and_gets(server, path: str) -> tuple[int, int]:
    return server.count("HEAD", path), server.count("GET", path)


# Where a writer only wants to know, it goes on


@each_head
def test_a_head_that_fails_keeps_nobody_from_pushing(server, memory, draft, head) -> None:
    name = draft("list")
    server.always("HEAD", TAG, head)
    assert succeeded("push", name).stdout.decode().strip() == str(standing(memory))
    assert standing(memory) != LIST.digest


@each_refusal
@pytest.mark.parametrize("command", ["push", "create --push", "copy"])
def test_what_may_not_be_pulled_may_be_overwritten(server, memory, command, answer) -> None:
    name, source = f"{server.host}/app:list", f"{server.host}/app:2"
    server.always("HEAD", TAG, answer)
    server.always("GET", TAG, answer)
    if command == "push":
        succeeded("create", name, source)
        succeeded("push", name)
    elif command == "copy":
        succeeded("copy", source, name)
    else:
        succeeded("create", "--push", name, source)
    assert standing(memory) != LIST.digest


@pytest.mark.parametrize("what", ["schema 1", "no JSON", "damaged"])
def test_a_tag_that_has_nothing_usable_may_be_overwritten(server, memory, draft, what) -> None:
    schema_1 = (("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),)
    json_type = (("Content-Type", "application/json"),)
    answers = {
        "schema 1": Answer(200, b'{"schemaVersion":1}', schema_1),
        "no JSON": Answer(200, b"{", json_type),
        "damaged": Answer(200, b"{}", (*json_type, ("Docker-Content-Digest", str(LIST.digest)))),
    }
    name = draft("list")
    server.always("HEAD", TAG, answers[what])
    server.always("GET", TAG, answers[what])
    succeeded("push", name)
    assert standing(memory) != LIST.digest


def test_a_new_tag_costs_a_head_and_a_put(server, draft) -> None:
    name = draft("new")
    succeeded("push", name)
    assert heads_and_gets(server, NEW_TAG) == (1, 0)
    assert server.count("PUT", NEW_TAG) == 1


# Guards rely on an absence only after a GET


@each_head
def test_an_absent_tag_is_not_expected_because_of_a_head(server, memory, draft, head) -> None:
    name = draft("list")
    server.always("HEAD", TAG, head)
    refused("push", "--expect", "absent", name, code=6, words=(str(LIST.digest),))
    refused("push", "--expect", "absent", "--dry-run", name, code=6, words=(str(LIST.digest),))
    assert standing(memory) == LIST.digest


@each_head
def test_the_expected_digest_is_found_whatever_a_head_says(server, memory, draft, head) -> None:
    name = draft("list")
    server.always("HEAD", TAG, head)
    succeeded("push", "--expect", str(LIST.digest), name)
    assert standing(memory) != LIST.digest


@each_head
def test_a_merge_keeps_what_a_head_hides(server, memory, draft, head) -> None:
    name = draft("list")
    server.always("HEAD", "/v2/app/manifests/*", head)
    succeeded("push", "--merge", name)
    merged = memory.get_manifest(Reference.parse(f"{REGISTRY}/app:list"))
    assert {entry.digest for entry in merged.entries} == {IMAGE.digest, OTHER.digest}


@each_head
def test_an_undo_goes_back_whatever_a_head_says(server, memory, draft, head) -> None:
    succeeded("inspect", "--raw", f"{server.host}/app:list")
    succeeded("push", name := draft("list"))
    server.always("HEAD", "*", head)
    succeeded("undo", name)
    assert standing(memory) == LIST.digest


@each_refusal
def test_a_guard_that_may_not_look_tells_the_reason(server, memory, draft, answer) -> None:
    name = draft("list")
    server.always("HEAD", TAG, answer)
    server.always("GET", TAG, answer)
    words = {401: (), 403: ("no right to pull",), 412: ("PROJECTPOLICYVIOLATION: vulnerable",)}
    code = 1 if answer.status == 412 else 4
    refused("push", "--expect", "absent", name, code=code, words=words[answer.status])
    refused("push", "--merge", name, code=code, words=words[answer.status])
    assert standing(memory) == LIST.digest


def test_an_expected_absence_is_confirmed_by_a_get(server, draft) -> None:
    name = draft("new")
    succeeded("push", "--expect", "absent", name)
    heads, gets = heads_and_gets(server, NEW_TAG)
    assert (heads, gets) == (3, 2)  # planned, right before the PUT, read back


# Reading


@each_head
def test_a_list_is_whole_whatever_heads_say(server, head) -> None:
    server.always("HEAD", "/v2/*", head)
    shown = succeeded("verify", f"{server.host}/app:list").stdout
    assert b"0 errors" in shown
    assert b"0 errors" in succeeded("verify", f"{server.host}/app@{LIST.digest}").stdout


def test_what_is_missing_is_missing_after_a_get(server, memory) -> None:
    server.always("*", f"/v2/app/manifests/{IMAGE.digest}", Answer(404))
    result = run_here("verify", f"{server.host}/app:list")
    assert (result.code, b"missing-manifest" in result.stdout) == (8, True)
    assert heads_and_gets(server, f"/v2/app/manifests/{IMAGE.digest}") == (1, 1)


# Blobs

BLOB_HEADS = {name: head for name, head in HEADS.items() if name != "no digest"}


@pytest.mark.parametrize("head", BLOB_HEADS.values(), ids=BLOB_HEADS)
def test_a_blob_is_uploaded_where_a_look_fails(server, memory, head) -> None:
    with FaultServer(RegistryApp(type(memory)())) as target:
        target.always("HEAD", SIGNED, Answer(403))
        target.always("HEAD", "/v2/*", head)
        succeeded("copy", f"{server.host}/app:list", f"{target.host}/app:list")
        assert target.count("PUT", "*/blobs/uploads/*") == len(IMAGE.blobs)
        assert target.count("GET", "*/blobs/*") == 0


def test_a_blob_of_no_announced_size_is_counted(server) -> None:
    server.always("*", "/v2/app/blobs/*", without_length(1000))
    assert b"0 errors" in succeeded("verify", f"{server.host}/app:list").stdout


def test_a_new_blob_costs_no_get(server, memory) -> None:
    with FaultServer(RegistryApp(type(memory)())) as target:
        succeeded("copy", f"{server.host}/app:list", f"{target.host}/app:list")
        assert target.count("GET") == 0
        assert target.count("HEAD", "*/blobs/*") == len(IMAGE.blobs)


def test_an_entry_that_is_a_blob_costs_no_get_either(server, memory) -> None:
    entry = {"mediaType": media_types.OCI_LAYER, "digest": str(Digest.of(b"x")), "size": 1}
    document = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": [entry]}
    cache = Reference.parse(f"{REGISTRY}/app:cache")
    memory.write_blob(cache.at(Digest.of(b"x")), 1, source_of(b"x"))
    memory.put_manifest(cache, Manifest(media_types.OCI_INDEX, json.dumps(document).encode()))
    with FaultServer(RegistryApp(type(memory)())) as target:
        succeeded("copy", f"{server.host}/app:cache", f"{target.host}/app:cache")
        assert (target.count("GET"), target.count("HEAD", "*/blobs/*")) == (0, 2)
