"""The real registry starts, plain or special, and is gone when the block is left."""

import base64
import ssl
from contextlib import suppress

import pytest

from tests.support.http.certificates import WRONG_NAME, expired, self_signed
from tests.support.http.http_client import ask
from tests.support.http.http_messages import Answer
from tests.support.http.http_server import HttpServer
from tests.support.programs import docker_registry as module
from tests.support.programs.docker_registry import running_registry

LOGIN = {"Authorization": f"Basic {base64.b64encode(b'user:secret').decode()}"}


def test_it_ends_with_the_block_even_when_the_block_fails(tmp_path):
    asked = []
    with suppress(ZeroDivisionError), running_registry(tmp_path) as registry:
        asked.append(ask(registry.host, "GET", "/v2/").status)
        asked.append(1 // 0)
    assert asked == [200]
    with pytest.raises(ConnectionRefusedError):
        ask(registry.host, "GET", "/v2/")


def test_a_taken_port_is_left_to_its_owner(tmp_path, monkeypatch):
    free = module.free_port
    with HttpServer(lambda _request: Answer()) as owner:
        ports = iter([int(owner.host.partition(":")[2])])
        monkeypatch.setattr(module, "free_port", lambda: next(ports, None) or free())
        with running_registry(tmp_path) as registry:
            assert registry.host != owner.host
            assert ask(registry.host, "GET", "/v2/").body == b"{}"


def test_it_asks_for_the_login(start_docker_registry):
    host = start_docker_registry(login=("user", "secret")).host
    assert ask(host, "GET", "/v2/").status == 401
    assert ask(host, "GET", "/v2/", headers=LOGIN).status == 200


def test_it_speaks_tls_with_the_certificate(start_docker_registry, certificate):
    registry = start_docker_registry(certificate=certificate)
    assert registry.url == f"https://{registry.host}"
    assert ask(registry.host, "GET", "/v2/", certificate=certificate).status == 200


BAD_CERTIFICATES = {
    "wrong name": (lambda folder: self_signed(folder, WRONG_NAME), "IP address mismatch"),
    "expired": (expired, "certificate has expired"),
}


@pytest.mark.parametrize(("make", "reason"), BAD_CERTIFICATES.values(), ids=BAD_CERTIFICATES)
def test_bad_certificates_are_bad_for_one_reason(tmp_path, make, reason):
    made = make(tmp_path)
    with (
        HttpServer(lambda _request: Answer(), certificate=made) as server,
        pytest.raises(ssl.SSLCertVerificationError, match=reason),
    ):
        ask(server.host, "GET", "/", certificate=made)
