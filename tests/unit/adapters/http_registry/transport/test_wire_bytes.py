"""The bytes of request heads, to the letter: some registries and proxies mind order and case."""

import contextlib
import itertools
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain import media_types
from manyfest.domain.access import Credentials
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from manyfest.domain.version import VERSION
from tests.support.http.connection_server import ConnectionServer
from tests.support.http.raw_server import reply

BLOB = b"a layer"
INDEX = Manifest(
    media_types.OCI_INDEX,
    b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
)
HEADS = Path(__file__).parents[4] / "golden" / "request_heads"
DIGEST = Digest.of(BLOB)
SESSION = "/v2/t/app/blobs/uploads/1?state=a%2Fb"
ANSWERS = {
    "GET /v2/t/app/manifests": reply(200, INDEX.data, content_type=INDEX.media_type),
    "HEAD /v2/t/app/manifests": reply(
        200,
        content_type=INDEX.media_type,
        docker_content_digest=str(INDEX.digest),
        content_length=str(len(INDEX.data)),
    ),
    "PUT /v2/t/app/manifests": reply(201),
    "GET /v2/t/app/blobs": reply(200, BLOB),
    "HEAD /v2/t/app/blobs": reply(200, content_length=str(len(BLOB))),
    "POST /v2/t/app/blobs": reply(202, location=SESSION),
    "PUT /v2/t/app/blobs": reply(201),
    "GET /v2/t/app/tags": reply(200, b'{"name":"t/app","tags":["v1"]}'),
    "GET /v2/t/moved/manifests": reply(307, location="/v2/t/app/manifests/v1"),
    "GET /token": reply(200, b'{"token":"token"}'),
    "POST /token": reply(200, b'{"token":"token"}'),
}


class Recorder:
    """Notes the head of each request as it came, and answers by ``ANSWERS``."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.challenge = ""

    def __call__(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while head := _head(stream):
                self.heads.append(head)
                stream.read(_content_length(head))
                connection.sendall(self._answer(head))

    def _answer(self, head: str) -> bytes:
        if self.challenge and "/v2/" in head and "Authorization" not in head:
            return reply(401, www_authenticate=self.challenge)
        return next(answer for start, answer in ANSWERS.items() if head.startswith(start))


def _head(stream: BinaryIO) -> str:
    lines = iter(stream.readline, b"\r\n")
    return b"".join(itertools.takewhile(bool, lines)).decode()


def _content_length(head: str) -> int:
    lines = (line.partition(": ") for line in head.splitlines())
    return next((int(value) for name, _, value in lines if name == "Content-Length"), 0)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def server(recorder) -> Iterator[ConnectionServer]:
    with ConnectionServer(recorder) as running:
        yield running


def golden(server: ConnectionServer, name: str) -> list[str]:
    """The heads in the file, which has a blank line between two."""
    text = (HEADS / f"{name}.txt").read_text().removesuffix("\n")
    text = text.replace("REGISTRY", server.host).replace("VERSION", VERSION)
    return [f"{head}\n".replace("\n", "\r\n") for head in text.split("\n\n")]


@contextlib.contextmanager
def source() -> Iterator[Iterator[bytes]]:
    yield iter([BLOB[:3], BLOB[3:]])


def test_requests_of_all_kinds(server, recorder):
    tag = Reference.parse(f"{server.host}/t/app:v1")
    with HttpRegistry(Deadline(20)) as registry:
        registry.head_manifest(tag)
        registry.get_manifest(tag)
        registry.get_manifest(Reference.parse(f"{server.host}/t/moved:v1"))
        registry.put_manifest(tag, INDEX)
        registry.head_blob(tag.at(DIGEST))
        with registry.open_blob(tag.at(DIGEST), len(BLOB)) as chunks:
            assert b"".join(chunks) == BLOB
        registry.mount_blob(tag.at(DIGEST), Reference.parse(f"{server.host}/t/other:1").home)
        registry.write_blob(tag.at(DIGEST), len(BLOB), source)
        registry.tags(tag.home)
    assert recorder.heads == golden(server, "all_kinds")


def test_requests_with_credentials_and_headers_of_a_person(server, recorder):
    recorder.challenge = f'Bearer realm="http://{server.host}/token",service="s"'
    tag = Reference.parse(f"{server.host}/t/app:v1")
    for login in (Credentials("user", "word"), Credentials("user", identity_token="identity")):
        account = RegistryAuth(lambda _, login=login: login, lambda: {"X-Own": "1"})
        with HttpRegistry(Deadline(20), account=account) as registry:
            registry.get_manifest(tag)
    assert recorder.heads == golden(server, "credentials")
