"""The registry in this process answers as the real one does, but for its quirks and gates."""

import base64
import json
import re
from collections.abc import Iterator

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index, push_image
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference, Repository
from tests.support.http.http_client import Seen, ask
from tests.support.http.registry_auth import BasicGate, TokenGate
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer

IMAGE, OCI = docker_image(), oci_image()
LIST, INDEX = docker_list(IMAGE), oci_index(OCI)
CONFIG = IMAGE.blobs[0]
CONFIG_DIGEST = str(Digest.of(CONFIG))
ABSENT = str(Digest.of(b"absent"))
EVERY_TYPE = {"Accept": ",".join(media_types.ACCEPTED)}
DOCKER_ONLY = {"Accept": media_types.DOCKER_MANIFEST}


def typed(media_type: str) -> dict[str, str]:
    return {"Content-Type": media_type}


# name: method, path after /v2/ (or whole), body, headers. {a} and {b} are repositories; {a} holds
# IMAGE as "image", OCI as "oci", and LIST as "list", INDEX as "index"; {b} holds nothing.
READS = {
    "base": ("GET", "", None, {}),
    "no such page": ("GET", "x", None, {}),
    "manifest by tag": ("GET", "{a}/manifests/image", None, EVERY_TYPE),
    "manifest by digest": ("GET", f"{{a}}/manifests/{IMAGE.digest}", None, EVERY_TYPE),
    "manifest head": ("HEAD", "{a}/manifests/image", None, EVERY_TYPE),
    "manifest not modified": (
        *("GET", "{a}/manifests/image", None),
        EVERY_TYPE | {"If-None-Match": f'"{IMAGE.digest}"'},
    ),
    "list": ("GET", "{a}/manifests/list", None, EVERY_TYPE),
    "index": ("GET", "{a}/manifests/index", None, EVERY_TYPE),
    "OCI image": ("GET", "{a}/manifests/oci", None, EVERY_TYPE),
    "OCI image not accepted": ("GET", "{a}/manifests/oci", None, DOCKER_ONLY),
    "index not accepted": ("HEAD", "{a}/manifests/index", None, {}),
    "list by tag not accepted": ("GET", "{a}/manifests/list", None, DOCKER_ONLY),
    "list by digest not accepted": ("GET", f"{{a}}/manifests/{LIST.digest}", None, DOCKER_ONLY),
    "unknown tag": ("GET", "{a}/manifests/absent", None, EVERY_TYPE),
    "unknown tag head": ("HEAD", "{a}/manifests/absent", None, EVERY_TYPE),
    "unknown manifest digest": ("GET", f"{{a}}/manifests/{ABSENT}", None, EVERY_TYPE),
    "unknown repository": ("GET", "{b}/manifests/absent", None, EVERY_TYPE),
    "manifest with a wrong method": ("POST", "{a}/manifests/image", b"", {}),
    "blob": ("GET", f"{{a}}/blobs/{CONFIG_DIGEST}", None, {}),
    "blob head": ("HEAD", f"{{a}}/blobs/{CONFIG_DIGEST}", None, {}),
    "blob range": ("GET", f"{{a}}/blobs/{CONFIG_DIGEST}", None, {"Range": "bytes=2-4"}),
    "blob from": ("GET", f"{{a}}/blobs/{CONFIG_DIGEST}", None, {"Range": "bytes=7-"}),
    "unknown blob": ("GET", f"{{a}}/blobs/{ABSENT}", None, {}),
    "unknown blob head": ("HEAD", f"{{a}}/blobs/{ABSENT}", None, {}),
    "blob of no digest": ("GET", "{a}/blobs/sha256:zz", None, {}),
}
WRITES = {
    "manifest": (
        *("PUT", "{a}/manifests/again", IMAGE.manifest.data),
        typed(media_types.DOCKER_MANIFEST),
    ),
    "manifest under another digest": (
        *("PUT", f"{{a}}/manifests/{ABSENT}", IMAGE.manifest.data),
        typed(media_types.DOCKER_MANIFEST),
    ),
    "manifest of another type": (
        *("PUT", "{a}/manifests/again", IMAGE.manifest.data),
        typed(media_types.OCI_MANIFEST),
    ),
    "manifest over 4 MiB": (
        *("PUT", "{a}/manifests/again", b" " * (4 * 1024 * 1024 + 1)),
        typed(media_types.DOCKER_MANIFEST),
    ),
    "list without its children": (
        *("PUT", "{b}/manifests/again", LIST.manifest.data),
        typed(media_types.DOCKER_LIST),
    ),
    "mount": ("POST", f"{{b}}/blobs/uploads/?mount={CONFIG_DIGEST}&from={{a}}", b"", {}),
    "mount of what is not there": (
        *("POST", f"{{b}}/blobs/uploads/?mount={ABSENT}&from={{a}}", b"", {}),
    ),
    "mount of no digest": ("POST", "{b}/blobs/uploads/?mount=bad&from={a}", b"", {}),
    "mount without origin": ("POST", f"{{b}}/blobs/uploads/?mount={CONFIG_DIGEST}", b"", {}),
    "whole blob in one request": ("POST", f"{{b}}/blobs/uploads/?digest={CONFIG_DIGEST}", b"x", {}),
    "unknown upload": ("PATCH", "{b}/blobs/uploads/absent", b"x", {}),
}
UPLOAD_ENDS = {
    "in one piece": [("PUT", "&digest=" + CONFIG_DIGEST, CONFIG)],
    "in two pieces": [("PATCH", "", CONFIG[:9]), ("PUT", "&digest=" + CONFIG_DIGEST, CONFIG[9:])],
    "by patch only": [("PATCH", "", CONFIG), ("PUT", "&digest=" + CONFIG_DIGEST, b"")],
    "with another digest": [("PUT", "&digest=" + ABSENT, CONFIG)],
    "with no digest": [("PUT", "&digest=bad", CONFIG)],
    "without digest": [("PUT", "", CONFIG)],
    "asked after": [("GET", "", None), ("PATCH", "", CONFIG), ("GET", "", None)],
    "cancelled": [("DELETE", "", None), ("PUT", "&digest=" + CONFIG_DIGEST, CONFIG)],
    "finished twice": [("PUT", "&digest=" + CONFIG_DIGEST, CONFIG)] * 2,
}


@pytest.fixture(scope="module")
def server() -> Iterator[RegistryServer]:
    with RegistryServer(MemoryRegistry()) as running:
        yield running


@pytest.fixture(scope="module")
def hosts(server, docker_registry) -> tuple[str, str]:
    """The fake and the real registry, with the same content in ``t/held``."""
    for host in (server.host, docker_registry.host):
        for tag, image in {"image": IMAGE, "oci": OCI}.items():
            for blob in image.blobs:
                upload(host, "t/held", [("PUT", f"&digest={Digest.of(blob)}", blob)])
            put(host, tag, image)
        put(host, "list", LIST)
        put(host, "index", INDEX)
    return server.host, docker_registry.host


def put(host, tag, image):
    path, headers = f"/v2/t/held/manifests/{tag}", typed(image.manifest.media_type)
    assert ask(host, "PUT", path, image.manifest.data, headers).status == 201


def upload(host, path, steps) -> list[Seen]:
    """Start an upload and take these steps, each at the newest Location."""
    seen = [ask(host, "POST", f"/v2/{path}/blobs/uploads/", b"")]
    location = seen[0].headers["location"]
    for method, suffix, body in steps:
        target = location.removeprefix(f"http://{host}") + suffix
        seen.append(ask(host, method, target, body))
        if "/uploads/" in seen[-1].headers.get("location", ""):
            location = seen[-1].headers["location"]
    return seen


def comparable(seen: Seen, host: str) -> tuple[int, dict[str, str], object]:
    """The parts that must be equal: all but date, generated values and support for deletion."""
    made_up = (
        (re.escape(host), "HOST"),
        (r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "IDENTITY"),
        (r"_state=[^&]+", "_state=STATE"),
        (r", ", ","),
    )
    incomparable = ("date", "allow", "x-test-instance")
    headers = {name: value for name, value in seen.headers.items() if name not in incomparable}
    for pattern, replacement in made_up:
        headers = {
            name: value
            if "digest" in name or name == "etag"
            else re.sub(pattern, replacement, value)
            for name, value in headers.items()
        }
    return seen.status, headers, seen.body


def named(cases):
    return [pytest.param(*case, id=name) for name, case in cases.items()]


@pytest.mark.parametrize(("method", "path", "body", "headers"), named(READS | WRITES))
def test_it_answers_as_the_real_registry_does(hosts, repository, method, path, body, headers):
    target = "/v2/" + path.format(a="t/held", b=repository)
    fake, real = (comparable(ask(host, method, target, body, headers), host) for host in hosts)
    assert fake == real


@pytest.mark.parametrize("steps", UPLOAD_ENDS.values(), ids=UPLOAD_ENDS)
def test_uploads_go_as_at_the_real_registry(hosts, repository, steps):
    fake, real = (
        [comparable(seen, host) for seen in upload(host, repository, steps)] for host in hosts
    )
    assert fake == real


def test_an_upload_is_found_at_its_newest_location_only(hosts, repository):
    for host in hosts:
        location = upload(host, repository, [])[0].headers["location"]
        target = location.removeprefix(f"http://{host}")
        assert ask(host, "PATCH", target, b"x").status == 202
        assert ask(host, "PATCH", target, b"x").status == 404


def test_an_image_without_its_blobs_is_refused_by_both(hosts, repository):
    for host in hosts:
        seen = ask(
            host,
            "PUT",
            f"/v2/{repository}/manifests/v1",
            IMAGE.manifest.data,
            typed(media_types.DOCKER_MANIFEST),
        )
        assert seen.status == 400
        assert json.loads(seen.body)["errors"][0]["code"] == "MANIFEST_BLOB_UNKNOWN"


def test_the_log_has_requests_in_order_with_bodies(server, repository):
    before = len(server.requests)
    upload(server.host, repository, [("PATCH", "", b"some"), ("PUT", "&digest=bad", b"bytes")])
    assert [request.method for request in server.requests[before:]] == ["POST", "PATCH", "PUT"]
    assert [request.body for request in server.requests[before:]] == [b"", b"some", b"bytes"]
    assert server.count("PATCH", f"/v2/{repository}/blobs/uploads/*") == 1


# Quirks


@pytest.fixture
def memory() -> MemoryRegistry:
    registry = MemoryRegistry()
    push_image(registry, Reference(Repository(REGISTRY, "t/a"), "v1"), IMAGE)
    return registry


MANIFEST, BLOB = "/v2/t/a/manifests/v1", f"/v2/t/a/blobs/{CONFIG_DIGEST}"
MOUNT = f"/v2/t/b/blobs/uploads/?mount={CONFIG_DIGEST}&from=t/a"
QUIRKS = {
    "no digest header": (
        *(Quirks(digest_header=False), "HEAD", MANIFEST),
        lambda seen: seen.status == 200 and "docker-content-digest" not in seen.headers,
    ),
    "no etag": (
        *(Quirks(etags=False), "GET", MANIFEST),
        lambda seen: seen.status == 200 and "etag" not in seen.headers,
    ),
    "no head of manifests": (
        *(Quirks(head_manifests=False), "HEAD", MANIFEST),
        lambda seen: seen.status == 405,
    ),
    "but get of manifests": (
        *(Quirks(head_manifests=False), "GET", MANIFEST),
        lambda seen: seen.status == 200,
    ),
    "no mount": (Quirks(mounts=False), "POST", MOUNT, lambda seen: seen.status == 202),
    "relative location": (
        *(Quirks(relative_locations=True), "POST", MOUNT),
        lambda seen: seen.headers["location"] == f"/v2/t/b/blobs/{CONFIG_DIGEST}",
    ),
    "blobs elsewhere": (
        *(Quirks(blobs_elsewhere="http://127.0.0.2:1"), "GET", BLOB),
        lambda seen: (seen.status, seen.headers["location"]) == (307, f"http://127.0.0.2:1{BLOB}"),
    ),
}


@pytest.mark.parametrize(("quirks", "method", "target", "shows"), named(QUIRKS))
def test_quirks_show(memory, quirks, method, target, shows):
    with RegistryServer(memory, quirks=quirks) as server:
        assert shows(ask(server.host, method, target, None, EVERY_TYPE))


def test_planted_bytes_are_served_as_they_are(memory):
    with RegistryServer(memory) as server:
        server.app.planted["t/a", CONFIG_DIGEST] = b"other"
        assert ask(server.host, "GET", BLOB).body == b"other"


def test_it_speaks_tls(memory, certificate):
    with RegistryServer(memory, certificate=certificate) as server:
        seen = ask(server.host, "POST", MOUNT, b"", certificate=certificate)
        assert seen.headers["location"].startswith(f"https://{server.host}/v2/t/b/")


# Gates


def basic(user, password):
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {login}"}


@pytest.mark.parametrize("headers", [{}, basic("user", "wrong")], ids=["no login", "wrong login"])
def test_the_basic_gate_refuses_as_the_real_registry_does(memory, start_docker_registry, headers):
    real = start_docker_registry(login=("user", "secret")).host
    with RegistryServer(memory, gate=BasicGate("user", "secret")) as server:
        seen = [ask(host, "GET", "/v2/", None, headers) for host in (server.host, real)]
        assert comparable(seen[0], server.host) == comparable(seen[1], real)
        for host in (server.host, real):
            assert ask(host, "GET", "/v2/", None, basic("user", "secret")).status == 200


def bearer(server, scope, headers=None):
    seen = ask(server.host, "GET", f"/token?service=registry.test&scope={scope}", None, headers)
    return {"Authorization": f"Bearer {json.loads(seen.body)['token']}"} | EVERY_TYPE


def test_the_token_gate_names_the_scopes_needed(memory):
    with RegistryServer(memory, gate=TokenGate("user", "secret")) as server:
        seen = ask(server.host, "POST", MOUNT, b"")
    assert seen.status == 401
    assert seen.headers["www-authenticate"] == (
        f'Bearer realm="{server.url}/token",service="registry.test",'
        'scope="repository:t/a:pull repository:t/b:pull,push"'
    )
    assert json.loads(seen.body)["errors"][0]["code"] == "UNAUTHORIZED"


TOKENS = {
    "anonymous pull": ({}, "repository:t/a:pull", "GET", 200),
    "anonymous push": ({}, "repository:t/a:pull,push", "PUT", 401),
    "another repository": ({}, "repository:t/b:pull", "GET", 401),
    "push with login": (basic("user", "secret"), "repository:t/a:pull,push", "PUT", 201),
    "push with a pull token": (basic("user", "secret"), "repository:t/a:pull", "PUT", 401),
}


@pytest.mark.parametrize(("login", "scope", "method", "status"), named(TOKENS))
def test_a_token_serves_what_it_was_given_for(memory, login, scope, method, status):
    gate = TokenGate("user", "secret")
    with RegistryServer(memory, gate=gate) as server:
        headers = bearer(server, scope, login) | typed(media_types.DOCKER_MANIFEST)
        body = IMAGE.manifest.data if method == "PUT" else None
        seen = ask(server.host, method, MANIFEST, body, headers)
    assert (seen.status, len(gate.token_requests)) == (status, 1)
    assert ("insufficient_scope" in seen.headers.get("www-authenticate", "")) == (status == 401)


def test_the_token_server_refuses_a_wrong_password(memory):
    with RegistryServer(memory, gate=TokenGate("user", "secret")) as server:
        assert ask(server.host, "GET", "/token", None, basic("user", "wrong")).status == 401


def test_a_revoked_token_is_invalid(memory):
    gate = TokenGate("user", "secret")
    with RegistryServer(memory, gate=gate) as server:
        headers = bearer(server, "repository:t/a:pull")
        gate.revoke()
        seen = ask(server.host, "GET", MANIFEST, None, headers)
    assert (seen.status, gate.challenges) == (401, 1)
    assert 'error="invalid_token"' in seen.headers["www-authenticate"]


def test_an_identity_token_buys_a_token_by_post(memory):
    gate = TokenGate("user", "secret", anonymous_pull=False, identity_token="identity")
    form = b"grant_type=refresh_token&refresh_token=identity&scope=repository:t/a:pull"
    with RegistryServer(memory, gate=gate) as server:
        bought = json.loads(ask(server.host, "POST", "/token", form).body)
        headers = {"Authorization": f"Bearer {bought['access_token']}"} | EVERY_TYPE
        assert ask(server.host, "GET", MANIFEST, None, headers).status == 200
        assert ask(server.host, "POST", "/token", form.replace(b"=id", b"=xx")).status == 401
