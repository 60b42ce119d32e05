"""TLS with the real registry: whom we trust, who we are, and what is said when it does not fit."""

import subprocess

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import Certificates, Endpoint
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.support.http.certificates import WRONG_NAME, expired, self_signed
from tests.support.http.fault_server import FaultServer
from tests.support.http.http_messages import Answer
from tests.support.programs.programs import require_program

IMAGE = docker_image()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "good": self_signed(folder / "good"),
        "expired": expired(folder / "expired"),
        "wrong name": self_signed(folder / "wrong", WRONG_NAME),
        "client": self_signed(folder / "client"),
    }


@pytest.fixture
def certs_d(tmp_path, monkeypatch):
    """Puts files into ``certs.d/HOST``; the folder is the only one that is looked at."""
    folder = tmp_path / "certs.d"
    monkeypatch.setenv("MANYFEST_CERTS_D", str(folder))

    def put(host, **files):
        (folder / host).mkdir(parents=True, exist_ok=True)
        for name, source in files.items():
            (folder / host / name.replace("_", ".")).write_bytes(source.read_bytes())
        return folder / host

    return put


def seeded(running):
    """The name of an image that stands in the registry."""
    name = f"{running.host}/team/app:v1"
    identities = [(str(one.file), str(one.key)) for one in (running.client,) if one]
    known = Certificates((str(running.certificate.file),), tuple(identities))
    with HttpRegistry(
        Deadline(30), endpoint_for=lambda _: Endpoint(running.host, certificates=known)
    ) as to:
        push_image(to, Reference.parse(name), IMAGE)
    return name


def test_an_authority_in_certs_d_is_trusted(certs_d, certificates, start_docker_registry, manyfest):
    registry = start_docker_registry(certificate=certificates["good"])
    name = seeded(registry)
    certs_d(registry.host, ca_crt=certificates["good"].file)
    done = manyfest("inspect", "--raw", name)
    assert (done.code, done.stdout, done.stderr) == (0, IMAGE.manifest.data, "")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_systems_variables_name_authorities(
    tmp_path, monkeypatch, certificates, start_docker_registry, manyfest, variable
):
    registry = start_docker_registry(certificate=certificates["good"])
    name = seeded(registry)
    file = tmp_path / "roots" / f"{subject_hash(certificates['good'].file)}.0"
    file.parent.mkdir()
    file.write_bytes(certificates["good"].file.read_bytes())
    monkeypatch.setenv(variable, str(file if variable == "SSL_CERT_FILE" else file.parent))
    assert manyfest("inspect", name).code == 0


def subject_hash(file):
    """Under which OpenSSL looks for an authority in a folder."""
    command = [require_program("openssl"), "x509", "-noout", "-subject_hash", "-in", str(file)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


# The server's certificate, whether it is in certs.d, and what is said of it.
FAULTS = {
    "unknown authority": ("good", False, "it is self-signed"),
    "expired": ("expired", True, "it has expired"),
    "wrong name": ("wrong name", True, "it is for another"),
}


@pytest.mark.parametrize(("kind", "is_known", "words"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_with_a_certificate_is_said_with_the_ways_out(  # T28, on loopback, too
    certs_d, certificates, manyfest, kind, is_known, words
):
    with FaultServer(certificate=certificates[kind]) as server:
        if is_known:
            certs_d(server.host, ca_crt=certificates[kind].file)
        done = manyfest("inspect", f"{server.host}/team/app:v1")
        assert server.requests == ()
    assert (done.code, done.stdout) == (5, b"")
    (line,) = done.stderr.splitlines()
    assert words in line
    # Trusting an authority mends nothing where it is trusted already.
    assert (f"/etc/docker/certs.d/{server.host}/ca.crt" in line) is not is_known
    assert "--insecure" in line


@pytest.mark.parametrize("kind", ["expired", "wrong name", "good"])
def test_insecure_takes_any_certificate(certificates, manyfest, kind):
    with FaultServer(certificate=certificates[kind]) as server:
        done = manyfest("inspect", "--insecure", f"{server.host}/team/app:v1")
        assert server.count("GET", "/v2/team/app/manifests/v1") == 1
    assert done.code == 3


def test_a_client_certificate_in_certs_d_opens_the_registry(
    certs_d, certificates, start_docker_registry, manyfest
):
    client = certificates["client"]
    registry = start_docker_registry(certificate=certificates["good"], client=client)
    name = seeded(registry)
    certs_d(registry.host, ca_crt=certificates["good"].file)
    refused = manyfest("inspect", name)
    assert refused.code == 5
    (line,) = refused.stderr.splitlines()
    assert (
        f"it wants a client certificate (/etc/docker/certs.d/{registry.host}/*.cert with *.key)"
        in line
    )
    certs_d(registry.host, client_cert=client.file, client_key=client.key)
    assert manyfest("inspect", "--raw", name).stdout == IMAGE.manifest.data
    assert manyfest("inspect", "--raw", "--insecure", name).stdout == IMAGE.manifest.data


def test_half_a_client_certificate_is_an_error_that_names_both(certs_d, certificates, manyfest):
    folder = certs_d("registry.test", client_cert=certificates["client"].file)
    done = manyfest("inspect", "registry.test/team/app:v1")
    assert done.code == 1
    assert str(folder / "client.cert") in done.stderr
    assert "client.key is missing" in done.stderr


def test_a_broken_authority_is_an_error_that_names_it(certs_d, certificates, manyfest):
    folder = certs_d("registry.test", ca_crt=certificates["client"].key)
    done = manyfest("inspect", "registry.test/team/app:v1")
    assert done.code == 1
    assert done.stderr.startswith(f"error: {folder / 'ca.crt'}: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_read_is_a_warning(certs_d, seed, docker_registry, manyfest):
    name = seed(f"{docker_registry.host}/team/warned:v1", IMAGE)
    folder = certs_d("other.test").parent / docker_registry.host
    folder.symlink_to(folder)
    done = manyfest("inspect", name)
    assert done.code == 0
    assert done.stderr.startswith(f"warning: the certificates in {folder} are not used: ")


def test_who_is_trusted_for_a_registry_is_trusted_where_it_sends_us(
    certs_d, certificates, manyfest
):
    """As docker has it; who we are is not shown there."""
    with (
        FaultServer(certificate=certificates["good"]) as elsewhere,
        FaultServer(certificate=certificates["good"]) as server,
    ):
        away = Answer(307, headers=(("Location", f"{elsewhere.url}/there"),))
        server.always("GET", "*", away)
        certs_d(server.host, ca_crt=certificates["good"].file)
        assert manyfest("inspect", f"{server.host}/team/app:v1").code == 3
        assert elsewhere.log() == ["GET /there"]
