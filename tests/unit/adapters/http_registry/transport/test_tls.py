"""TLS contexts: what they trust, and files that are no use."""

import os
import socket
import ssl
import subprocess
import threading
import time

import httpcore
import pytest

from manyfest.adapters.deadline import Deadline, DeadlineExceededError
from manyfest.adapters.endpoint import PLAIN, SECURE, UNVERIFIED, Certificates
from manyfest.adapters.http_registry.transport import tls
from manyfest.adapters.http_registry.transport.keep_alive import KeepAlivePolicy
from manyfest.adapters.http_registry.transport.network_backend import DeadlineBackend
from manyfest.domain.errors import ConfigError
from tests.support.http.certificates import self_signed
from tests.support.programs.programs import require_program


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("certificate"))


def test_own_authorities_come_beside_the_systems(certificate):
    own = tls.context_for(SECURE, Certificates((str(certificate.file),)))
    systems = tls.context_for(SECURE, Certificates())
    assert len(own.get_ca_certs()) == len(systems.get_ca_certs()) + 1
    assert own.verify_mode == ssl.CERT_REQUIRED
    assert own.check_hostname


def test_without_verification_identities_are_shown_all_the_same(certificate):
    certificates = Certificates((), ((str(certificate.file), str(certificate.key)),))
    context = tls.context_for(UNVERIFIED, certificates)
    assert context.verify_mode == ssl.CERT_NONE
    assert context is not tls.context_for(UNVERIFIED, Certificates())


def test_plain_connections_trust_no_one(certificate):
    assert tls.context_for(PLAIN, Certificates((str(certificate.file),))).get_ca_certs() == []


def test_servers_that_a_registry_sends_us_to_do_not_learn_who_we_are():
    certificates = Certificates(("ca.crt",), (("client.cert", "client.key"),))
    assert certificates.cross_origin == Certificates(("ca.crt",))


@pytest.fixture
def silent():
    """A server that takes connections and says nothing; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


def shake_hands(deadline, address, seconds=None):
    stream = DeadlineBackend(deadline, KeepAlivePolicy()).connect_tcp(*address)
    stream.start_tls(tls.unverified_context(), "registry.test", seconds)


def test_cancelling_wakes_a_thread_that_shakes_hands(silent):
    deadline = Deadline(20)
    threading.Timer(0.2, deadline.cancel).start()
    began = time.monotonic()
    with pytest.raises(DeadlineExceededError, match="interrupted"):
        shake_hands(deadline, silent)
    assert time.monotonic() - began < 5


def test_shaking_hands_takes_no_more_than_its_time(silent):
    with pytest.raises(httpcore.ConnectTimeout):
        shake_hands(Deadline(20), silent, 0.2)
    with pytest.raises(DeadlineExceededError, match=r"0\.3 s"):
        shake_hands(Deadline(0.3), silent)


@pytest.fixture
def files(tmp_path, certificate):
    """Useless files, by name."""
    encrypted = tmp_path / "encrypted.key"
    openssl = [require_program("openssl"), "pkcs8", "-topk8", "-passout", "pass:secret"]
    command = [*openssl, "-in", certificate.key, "-out", encrypted]
    subprocess.run(command, check=True, capture_output=True)
    made = {"text": tmp_path / "text", "empty": tmp_path / "empty", "encrypted": encrypted}
    made["text"].write_text("hello")
    made["empty"].touch()
    made["missing"] = tmp_path / "missing"
    made["folder"] = tmp_path
    made["key of another"] = self_signed(tmp_path / "other").key
    return made


@pytest.mark.parametrize("kind", ["text", "empty", "missing", "folder"])
def test_an_authority_that_is_no_use_is_named(files, kind):
    with pytest.raises(ConfigError, match=f"^{files[kind]}: ."):
        tls.context_for(SECURE, Certificates((str(files[kind]),)))


@pytest.mark.parametrize("contact", [SECURE, UNVERIFIED])
@pytest.mark.parametrize("kind", ["text", "empty", "missing", "encrypted", "key of another"])
def test_an_identity_that_is_no_use_is_named_and_no_password_asked_for(
    files, certificate, kind, contact
):
    pair = (str(certificate.file), str(files[kind]))
    with pytest.raises(ConfigError, match=f"{pair[0]}.*{pair[1]}"):
        tls.context_for(contact, Certificates((), (pair,)))


@pytest.mark.parametrize("kind", ["pipe", "too large"])
def test_files_that_openssl_would_read_for_ever_are_named(certificate, tmp_path, monkeypatch, kind):
    file = tmp_path / "file"
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.touch()
        os.truncate(file, 16 * 1024 * 1024 + 1)
    sentence = "not a file of at most 16777216 bytes"
    with pytest.raises(ConfigError, match=sentence):
        tls.context_for(SECURE, Certificates((str(file),)))
    for identity in ((str(file), str(certificate.key)), (str(certificate.file), str(file))):
        with pytest.raises(ConfigError, match=sentence):
            tls.context_for(SECURE, Certificates((), (identity,)))
    tls.verifying.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ConfigError, match=rf"\(SSL_CERT_FILE\): {sentence}"):
        tls.context_for(SECURE, Certificates())
