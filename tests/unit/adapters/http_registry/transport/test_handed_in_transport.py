"""Transports from outside: ``HttpRegistry(…, transport=…)`` takes any ``httpx.BaseTransport``."""

import ssl
import threading

import httpx
import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.http_registry.transport.httpx_transport import DeadlineTransport
from manyfest.contracts.images import docker_image, pull_blob, push_image
from manyfest.domain.access import Credentials
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    ManifestUnknownError,
    ProtocolError,
    RefusedError,
    UnauthorizedError,
    UnreachableError,
)
from manyfest.domain.references import Reference

IMAGE = docker_image()
APP = Reference.parse("registry.test/t/app:v1")


class TinyRegistry:
    """A registry in a few lines, as a handler of ``httpx.MockTransport``."""

    def __init__(self, password: str = "") -> None:
        self.stored: dict[str, tuple[str, bytes]] = {}
        self.requests: list[httpx.Request] = []
        self._password = password

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self._password and "authorization" not in request.headers:
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        return getattr(self, f"_{request.method.lower()}")(request)

    def _get(self, request: httpx.Request) -> httpx.Response:
        if request.url.path not in self.stored:
            return httpx.Response(404, json={"errors": [{"code": "MANIFEST_UNKNOWN"}]})
        media_type, data = self.stored[request.url.path]
        return httpx.Response(200, headers={"Content-Type": media_type}, content=data)

    def _head(self, request: httpx.Request) -> httpx.Response:
        return self._get(request)

    def _post(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(202, headers={"Location": str(request.url)})

    def _put(self, request: httpx.Request) -> httpx.Response:
        path, data = request.url.path, request.read()
        if "digest" in request.url.params:
            path = path.replace("uploads/", request.url.params["digest"])
        self.stored[path] = request.headers["content-type"], data
        digest = str(IMAGE.manifest.digest)
        self.stored[f"/v2/t/app/manifests/{digest}"] = self.stored[path]
        return httpx.Response(201)


def over(transport: httpx.BaseTransport, **options: object) -> HttpRegistry:
    deadline = Deadline(20, jitter=lambda: -1.4)
    return HttpRegistry(deadline, transport=transport, **options)


def test_a_registry_in_memory_is_pushed_to_and_pulled_from():
    app = TinyRegistry()
    with over(httpx.MockTransport(app)) as registry:
        push_image(registry, APP, IMAGE)
        assert registry.get_manifest(APP).data == IMAGE.manifest.data
        assert registry.head_manifest(APP) == IMAGE.manifest.descriptor()
        for blob in IMAGE.blobs:
            assert pull_blob(registry, APP.at(Digest.of(blob)), len(blob)) == blob
        with pytest.raises(ManifestUnknownError):
            registry.get_manifest(Reference.parse("registry.test/t/app:none"))
    assert {request.url.scheme for request in app.requests} == {"https"}


def test_challenges_are_answered_as_ever():
    app = TinyRegistry("canary")
    account = RegistryAuth(lambda _: Credentials("user", "canary"))
    with (
        over(httpx.MockTransport(app), account=account) as registry,
        pytest.raises(ManifestUnknownError),
    ):
        registry.get_manifest(APP)
    assert [("authorization" in request.headers) for request in app.requests] == [False, True]
    with over(httpx.MockTransport(app)) as registry, pytest.raises(UnauthorizedError):
        registry.get_manifest(APP)


def failing(error: httpx.TransportError, cause: Exception | None = None):
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error from cause

    return httpx.MockTransport(answer)


CERTIFICATE = ssl.SSLCertVerificationError(1, "certificate verify failed")
CERTIFICATE.verify_code, CERTIFICATE.verify_message = 10, "expired"
NO_TLS = ssl.SSLError(1, "wrong version number")
NO_TLS.reason = "WRONG_VERSION_NUMBER"
FAULTS = {
    "refused": (
        httpx.ConnectError("refused"),
        ConnectionRefusedError(111, "Connection refused"),
        UnreachableError,
        r"connection refused \(tried 2 times\)",
    ),
    "slow": (
        httpx.ReadTimeout("slow"),
        None,
        UnreachableError,
        r"no answer in time \(tried 2 times",
    ),
    "not HTTP": (
        httpx.RemoteProtocolError("illegal status line"),
        None,
        ProtocolError,
        "does not speak HTTP correctly: illegal status line",
    ),
    "broken off": (
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        None,
        UnreachableError,
        "closed before the answer was complete",
    ),
    "certificate": (
        httpx.ConnectError("expired"),
        CERTIFICATE,
        UnreachableError,
        "is not trusted: it has expired",
    ),
    "not TLS": (
        httpx.ConnectError("wrong version number"),
        NO_TLS,
        UnreachableError,
        "does not speak TLS on this port",
    ),
    "proxy": (httpx.ProxyError("503"), None, UnreachableError, r"ProxyError \(tried 5 times\)"),
}


@pytest.mark.parametrize(("fault", "cause", "error", "words"), FAULTS.values(), ids=FAULTS)
def test_faults_of_httpx_are_told_as_ours_are(fault, cause, error, words):
    with over(failing(fault, cause)) as registry, pytest.raises(error, match=words):
        registry.get_manifest(APP)


def test_a_redirect_to_no_url_is_an_error():
    answer = httpx.Response(307, headers={"Location": "http://["})
    with (
        over(httpx.MockTransport(lambda _: answer)) as registry,
        pytest.raises(ProtocolError, match=r"registry\.test"),
    ):
        registry.get_manifest(APP)


class Recording(httpx.BaseTransport):
    """Writes down what passes, and answers a GET that it saw before from memory."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self._kept: dict[str, httpx.Response] = {}
        self._lock = threading.Lock()
        self.passed: list[tuple[str, str, int]] = []
        self.times_closed = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "GET" and path in self._kept:
            kept = self._kept[path]
            return httpx.Response(200, headers=kept.headers, content=kept.content)
        response = self._inner.handle_request(request)
        with self._lock:
            self.passed.append((request.method, path, response.status_code))
        if request.method == "GET" and response.status_code == httpx.codes.OK:
            response.read()
            self._kept[path] = response
        return response

    def close(self) -> None:
        self.times_closed += 1
        self._inner.close()


def test_a_cache_around_our_own_transport(serve, reply):
    server = serve(
        lambda *_: reply(200, IMAGE.manifest.data, content_type=IMAGE.manifest.media_type)
    )
    name = Reference.parse(f"{server.host}/t/app:v1")
    other = Reference.parse(f"localhost:{server.host.partition(':')[2]}/t/app:v2")
    deadline = Deadline(20)
    recording = Recording(DeadlineTransport(deadline))
    with HttpRegistry(deadline, transport=recording) as registry:
        for _ in range(3):
            assert registry.get_manifest(name).data == IMAGE.manifest.data
        registry.get_manifest(other)
    path = "/v2/t/app/manifests"
    assert recording.passed == [("GET", f"{path}/v1", 200), ("GET", f"{path}/v2", 200)]
    assert len(server.requests) == 2
    assert recording.times_closed == 1


def test_faults_of_our_own_transport_pass_through_another(serve, reply):
    server = serve(lambda *_: reply(400, b"no"))
    deadline = Deadline(20, jitter=lambda: -1.4)
    with (
        HttpRegistry(deadline, transport=Recording(DeadlineTransport(deadline))) as registry,
        pytest.raises(RefusedError, match="no"),
    ):
        registry.get_manifest(Reference.parse(f"{server.host}/t/app:v1"))
