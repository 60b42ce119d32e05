"""The answers to a client that pulls (distribution-spec, "Pull", "Content Discovery")."""

import json
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest
from attrs import evolve

from manyfest.cli.server.content import open_store
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.store.store import open_store as open_sqlite
from tests.integration.server.conftest import (
    INDEX,
    LARGE,
    LIST,
    NOW,
    SBOM,
    SIGNATURE,
    keep,
    serving,
)

ALPINE = "/v2/library/alpine"
LAYER = INDEX.children[0].blobs[1]


def codes(response) -> list[str]:
    return [error["code"] for error in json.loads(response.body)["errors"]]


def test_the_base_says_that_this_is_a_registry(server):
    response = server.ask("/v2/")
    assert (response.status, json.loads(response.body)) == (200, {})
    assert response.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


@pytest.mark.parametrize(
    ("target", "image"),
    [
        (f"{ALPINE}/manifests/3", INDEX),
        ("/v2/alpine/manifests/3", INDEX),
        ("/v2/docker.io/library/alpine/manifests/3", INDEX),
        (f"{ALPINE}/manifests/3?ns=docker.io", INDEX),
        ("/v2/127.0.0.1_5000/team/app/manifests/1", LIST),
        ("/v2/team/app/manifests/1?ns=127.0.0.1:5000", LIST),
        ("/v2/team/app/manifests/1?ns=ghcr.io", INDEX),
        ("/v2/ghcr.io/team/app/manifests/1", INDEX),
        (f"{ALPINE}/manifests/{INDEX.digest}", INDEX),
        (f"/v2/any/name/manifests/{LIST.children[1].digest}", LIST.children[1]),
    ],
)
def test_a_manifest_is_its_bytes_with_type_and_digest(server, target, image):
    for method, body in (("GET", image.manifest.data), ("HEAD", b"")):
        response = server.ask(target, method)
        assert (response.status, response.body) == (200, body)
        assert response.headers["Content-Type"] == image.manifest.media_type
        assert response.headers["Docker-Content-Digest"] == str(image.digest)
        assert response.headers["Content-Length"] == str(image.manifest.size)


def test_a_claim_that_is_served_in_place_of_a_look_is_noted(settings, tmp_path):
    path, tag = tmp_path / "store.db", Reference.parse("ghcr.io/team/app:1")
    with closing(open_sqlite(path)) as store:
        keep(store, str(tag), INDEX)
        keep(store, None, LIST)
        keep(store, "ghcr.io/team/app:2", INDEX)
        with store.transaction():
            later = NOW + timedelta(days=1)
            store.contents.observe([Observation(tag, LIST.digest, later, is_claimed=True)])
    with serving(partial(open_store, evolve(settings, store=path))) as served:
        assert served.ask("/v2/team/app/manifests/2?ns=ghcr.io").status == 200
        assert served.notes == []
        for _ in range(2):
            assert served.ask("/v2/team/app/manifests/1?ns=ghcr.io").body == LIST.manifest.data
        (note,) = served.notes
        assert note.startswith(f"{tag} is {LIST.digest}, as a bundle or memory claims")
        assert str(INDEX.digest) in note


@pytest.mark.parametrize(
    ("kind", "reference", "digest"),
    [("manifests", "3", INDEX.digest), ("blobs", Digest.of(LARGE), Digest.of(LARGE))],
)
def test_what_the_client_has_is_not_sent_again(server, kind, reference, digest):
    for tag in (f'"{digest}"', f'"other", W/"{digest}"', "*"):
        response = server.ask(f"{ALPINE}/{kind}/{reference}", If_None_Match=tag)
        assert (response.status, response.body) == (304, b"")
        assert response.headers["Docker-Content-Digest"] == str(digest)
    again = server.ask(f"{ALPINE}/{kind}/{reference}", If_None_Match='"other"')
    assert (again.status, again.headers["Etag"]) == (200, f'"{digest}"')


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        (f"{ALPINE}/manifests/4", 404, "MANIFEST_UNKNOWN"),
        ("/v2/library/none/manifests/3", 404, "MANIFEST_UNKNOWN"),
        ("/v2/team/app/manifests/1?ns=quay.io", 404, "MANIFEST_UNKNOWN"),
        (f"{ALPINE}/manifests/sha256:{'0' * 64}", 404, "MANIFEST_UNKNOWN"),
        (f"{ALPINE}/manifests/sha256:abc", 400, "DIGEST_INVALID"),
        (f"{ALPINE}/blobs/sha256:{'0' * 64}", 404, "BLOB_UNKNOWN"),
        (f"{ALPINE}/blobs/latest", 400, "DIGEST_INVALID"),
        ("/v2/library/none/tags/list", 404, "NAME_UNKNOWN"),
        (f"{ALPINE}/tags/list?n=x", 400, "PAGINATION_NUMBER_INVALID"),
        (f"{ALPINE}/referrers/latest", 400, "DIGEST_INVALID"),
        ("/v2/UPPER/manifests/1", 400, "NAME_INVALID"),
        (f"{ALPINE}/tags/other", 404, "UNSUPPORTED"),
        ("/", 404, "UNSUPPORTED"),
    ],
)
def test_what_is_not_there_is_an_error_in_json(server, target, status, code):
    response = server.ask(target)
    assert (response.status, codes(response)) == (status, [code])
    assert response.headers["Content-Type"] == "application/json"


def test_what_is_not_there_is_noted_once(server):
    for _ in range(3):
        server.ask(f"{ALPINE}/manifests/4")
    assert server.notes == ["not here: library/alpine:4"]


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE", "OPTIONS"])
def test_writes_are_refused(server, method):
    response = server.ask(f"{ALPINE}/manifests/3", method)
    assert (response.status, codes(response)) == (405, ["UNSUPPORTED"])
    assert response.headers["Allow"] == "GET, HEAD"


def test_a_blob_is_its_bytes(server):
    target = f"{ALPINE}/blobs/{Digest.of(LARGE)}"
    response = server.ask(target)
    assert (response.status, response.body) == (200, LARGE)
    assert response.headers["Docker-Content-Digest"] == str(Digest.of(LARGE))
    head = server.ask(target, "HEAD")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(LARGE)))


def test_configs_are_blobs(server):
    config = INDEX.children[0].blobs[0]
    assert server.ask(f"{ALPINE}/blobs/{Digest.of(config)}").body == config


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=1500000-1600000", 1_500_000, 1_600_001),
        ("bytes=3199990-", 3_199_990, 3_200_000),
        ("bytes=-5", 3_199_995, 3_200_000),
    ],
)
def test_a_range_is_a_part_of_the_blob(server, asked, start, stop):
    response = server.ask(f"{ALPINE}/blobs/{Digest.of(LARGE)}", Range=asked)
    assert (response.status, response.body) == (206, LARGE[start:stop])
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(LARGE)}"


def test_a_range_behind_the_end_is_refused(server):
    response = server.ask(f"{ALPINE}/blobs/{Digest.of(LAYER)}", Range="bytes=9999-")
    assert response.status == 416
    assert response.headers["Content-Range"] == f"bytes */{len(LAYER)}"


def test_a_range_of_other_content_is_all_of_it(server):
    target = f"{ALPINE}/blobs/{Digest.of(LAYER)}"
    response = server.ask(target, Range="bytes=0-1", If_Range='"sha256:other"')
    assert (response.status, response.body) == (200, LAYER)


def test_tags_are_listed_by_pages(server):
    response = server.ask(f"{ALPINE}/tags/list")
    assert json.loads(response.body) == {"name": "library/alpine", "tags": ["3", "3.20", "edge"]}
    first = server.ask(f"{ALPINE}/tags/list?n=2")
    assert json.loads(first.body)["tags"] == ["3", "3.20"]
    target = first.headers["Link"].removeprefix("<").partition(">")[0]
    second = server.ask(target)
    assert (json.loads(second.body)["tags"], second.headers["Link"]) == (["edge"], None)
    assert json.loads(server.ask(f"{ALPINE}/tags/list?n=0").body)["tags"] == []


def test_repositories_are_listed_by_their_served_names(server):
    names = ["127.0.0.1_5000/team/app", "library/alpine", "ghcr.io/team/app"]
    assert json.loads(server.ask("/v2/_catalog").body) == {"repositories": names}
    first = server.ask("/v2/_catalog?n=2")
    target = first.headers["Link"].removeprefix("<").partition(">")[0]
    assert json.loads(server.ask(target).body) == {"repositories": names[2:]}


def test_referrers_are_found_by_their_subject_and_filtered_by_type(server):
    target = f"/v2/ghcr.io/team/app/referrers/{INDEX.digest}"
    listed = {each["digest"] for each in json.loads(server.ask(target).body)["manifests"]}
    assert listed == {str(SBOM.digest), str(SIGNATURE.digest)}
    filtered = server.ask(f"{target}?artifactType=application/x-sbom")
    assert filtered.headers["OCI-Filters-Applied"] == "artifactType"
    (only,) = json.loads(filtered.body)["manifests"]
    assert (only["digest"], only["artifactType"]) == (str(SBOM.digest), "application/x-sbom")
    kinds = "artifactType=application/x-sbom&artifactType=application%2Fx-none"
    assert json.loads(server.ask(f"{target}?{kinds}&ns=").body)["manifests"] == [only]
    none = server.ask(f"/v2/ghcr.io/team/app/referrers/{LIST.digest}")
    assert json.loads(none.body)["manifests"] == []
