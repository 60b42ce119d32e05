"""Each request of the distribution-spec: method, URL, headers, content and scopes, in one table."""

from contextlib import contextmanager

import pytest
from attrs import evolve

from manyfest.adapters.http_registry.auth.scope import AccessRequest, pull, push
from manyfest.adapters.http_registry.session import requests
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import InvalidDigestError, InvalidReferenceError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference, Repository

DIGEST = Digest.of(b"x")
QUOTED = f"sha256%3A{DIGEST.hex}"
HOME = Repository("r.example:5000", "team/app")
TAGGED = Reference(HOME, "v1")
PINNED = Reference(HOME, "v1", DIGEST)
BLOB = Reference(HOME, None, DIGEST)
LIST = Manifest(media_types.OCI_INDEX, b"{}")

ACCEPT = {
    "Accept": "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, */*"
}
LINES = tuple(ACCEPT["Accept"].split(", "))
INDEX = {"Accept": "application/vnd.oci.image.index.v1+json"}
TYPE = {"Content-Type": media_types.OCI_INDEX}
SENT = {"Content-Type": "application/octet-stream", "Content-Length": "3"}
REPOSITORY = "/v2/team/app"
PULL, PUSH = pull("team/app"), push("team/app")


@contextmanager
def source():
    yield iter([b"abc"])


def read(method, url, headers=None, of=TAGGED):
    return requests.RegistryRequest(
        method, url, AccessRequest(str(of), "team/app", PULL), headers or {}
    )


def write(method, url, headers=None, content=None, *, of=BLOB, scopes=PUSH):
    access = AccessRequest(str(of), "team/app", scopes)
    return requests.RegistryRequest(method, url, access, headers or {}, content)


TABLE = {
    "put a manifest with tags": (
        requests.put_with_tags(BLOB, LIST, ["v1", "v1.2"]),
        write("PUT", f"{REPOSITORY}/manifests/{DIGEST}?tag=v1&tag=v1.2", TYPE, b"{}"),
    ),
    "ping": (
        requests.ping("r.example:5000"),
        requests.RegistryRequest("GET", "/v2/", AccessRequest("r.example:5000", "", frozenset())),
    ),
    "get a manifest by tag": (
        requests.get_manifest(TAGGED),
        read("GET", f"{REPOSITORY}/manifests/v1", ACCEPT),
    ),
    "get a manifest by tag and digest": (
        requests.get_manifest(PINNED),
        read("GET", f"{REPOSITORY}/manifests/{DIGEST}", ACCEPT, PINNED),
    ),
    "get a manifest, with a header of several lines": (
        requests.get_manifest(TAGGED, requests.OTHER_ACCEPTS[0]),
        evolve(
            read("GET", f"{REPOSITORY}/manifests/v1", {"Accept": LINES[0]}), more_accept=LINES[1:]
        ),
    ),
    "head a manifest, of one type": (
        requests.head_manifest(TAGGED, requests.OTHER_ACCEPTS[1]),
        read("HEAD", f"{REPOSITORY}/manifests/v1", INDEX),
    ),
    "head a manifest": (
        requests.head_manifest(TAGGED),
        read("HEAD", f"{REPOSITORY}/manifests/v1", ACCEPT),
    ),
    "put a manifest": (
        requests.put_manifest(TAGGED, LIST),
        write("PUT", f"{REPOSITORY}/manifests/v1", TYPE, b"{}", of=TAGGED),
    ),
    "put a manifest by digest": (
        requests.put_manifest(BLOB, LIST),
        write("PUT", f"{REPOSITORY}/manifests/{DIGEST}", TYPE, b"{}"),
    ),
    "put a manifest over a known one": (
        requests.put_manifest(TAGGED, LIST, Expectation(DIGEST)),
        write(
            "PUT",
            f"{REPOSITORY}/manifests/v1",
            TYPE | {"If-Match": f'"{DIGEST}"'},
            b"{}",
            of=TAGGED,
        ),
    ),
    "put a manifest under a new tag": (
        requests.put_manifest(TAGGED, LIST, Expectation(None)),
        write("PUT", f"{REPOSITORY}/manifests/v1", TYPE | {"If-None-Match": "*"}, b"{}", of=TAGGED),
    ),
    "head a blob": (
        requests.head_blob(BLOB),
        read("HEAD", f"{REPOSITORY}/blobs/{DIGEST}", of=BLOB),
    ),
    "get a blob": (
        requests.get_blob(BLOB),
        read("GET", f"{REPOSITORY}/blobs/{DIGEST}", of=BLOB),
    ),
    "get the rest of a blob": (
        requests.get_blob(BLOB, 1024),
        read("GET", f"{REPOSITORY}/blobs/{DIGEST}", {"Range": "bytes=1024-"}, BLOB),
    ),
    "mount a blob": (
        requests.mount_blob(BLOB, Repository("r.example:5000", "team/base")),
        write(
            "POST",
            f"{REPOSITORY}/blobs/uploads/?mount={QUOTED}&from=team%2Fbase",
            scopes=PUSH | pull("team/base"),
        ),
    ),
    "start an upload": (
        requests.start_upload(BLOB),
        write("POST", f"{REPOSITORY}/blobs/uploads/"),
    ),
    "finish an upload": (
        requests.finish_upload(BLOB, "https://r.example/up/1", 3, source),
        write("PUT", f"https://r.example/up/1?digest={QUOTED}", SENT, source),
    ),
    "finish an upload at a URL with a query": (
        requests.finish_upload(BLOB, "https://r.example/up?state=a%2Fb", 3, source),
        write("PUT", f"https://r.example/up?state=a%2Fb&digest={QUOTED}", SENT, source),
    ),
    "list tags": (
        requests.list_tags(Reference(HOME)),
        read("GET", f"{REPOSITORY}/tags/list?n=1000", of=Reference(HOME)),
    ),
    "list referrers": (
        requests.list_referrers(BLOB),
        read("GET", f"{REPOSITORY}/referrers/{DIGEST}", INDEX, BLOB),
    ),
    "list more referrers": (
        requests.next_page(requests.list_referrers(BLOB), "https://r.example/more?n=2"),
        read("GET", "https://r.example/more?n=2", INDEX, BLOB),
    ),
}


@pytest.mark.parametrize(("request_made", "expected"), TABLE.values(), ids=TABLE)
def test_a_request_is_what_the_specification_says(request_made, expected):
    assert request_made == expected


MAKERS = {
    "get_manifest": requests.get_manifest,
    "head_manifest": requests.head_manifest,
    "put_manifest": lambda reference: requests.put_manifest(reference, LIST),
    "head_blob": requests.head_blob,
    "get_blob": requests.get_blob,
    "mount_blob": lambda reference: requests.mount_blob(reference, HOME),
    "start_upload": requests.start_upload,
    "list_tags": requests.list_tags,
    "list_referrers": requests.list_referrers,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_no_request_is_about_a_layout(make):
    with pytest.raises(InvalidReferenceError, match="not in a registry"):
        make(Reference(Layout("folder"), None, DIGEST))


@pytest.mark.parametrize(
    "tag", ["../../../prod/app/manifests/latest", "a/b", "a?b", "a#b", "..", ""]
)
@pytest.mark.parametrize(
    "make",
    [
        requests.get_manifest,
        requests.head_manifest,
        requests.delete_manifest,
        lambda reference: requests.put_manifest(reference, LIST),
    ],
)
def test_no_request_is_about_a_tag_that_leads_elsewhere(make, tag):
    with pytest.raises(InvalidReferenceError, match="no tag"):
        make(Reference(HOME, tag))


@pytest.mark.parametrize("name", ["head_blob", "get_blob", "mount_blob"])
def test_a_blob_is_named_by_its_digest(name):
    with pytest.raises(InvalidDigestError, match="named by its digest"):
        MAKERS[name](TAGGED)


def test_nothing_that_may_be_secret_is_shown():
    request = requests.finish_upload(BLOB, "https://r.example/up?signature=canary", 3, source)
    assert "canary" not in repr(request)
