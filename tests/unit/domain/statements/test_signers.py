"""Identities in certificates: real ones made by openssl, and bytes that are none."""

import subprocess
from base64 import b64encode

import pytest

from manyfest.domain.statements.signers import Signer, signer_in_der, signer_in_pem
from tests.support.programs.programs import require_program

ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/team/app/.github/workflows/release.yml@refs/heads/main"


def certificate(folder, *extensions: str) -> bytes:
    openssl = require_program("openssl")
    added = [part for extension in extensions for part in ("-addext", extension)]
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", "/dev/null", "-subj", "/", "-outform", "DER", *added]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("name", "identity"),
    [(f"URI:{WORKFLOW}", WORKFLOW), ("email:ann@example.org", "ann@example.org")],
)
def test_the_identity_and_the_issuer_are_read(tmp_path, name, identity):
    issuer = f"1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:{ISSUER}"
    der = certificate(tmp_path, f"subjectAltName=critical,{name}", issuer)
    assert signer_in_der(der) == Signer(identity, ISSUER)
    pem = f"-----BEGIN CERTIFICATE-----\n{b64encode(der).decode()}\n-----END CERTIFICATE-----\n"
    assert signer_in_pem(pem) == Signer(identity, ISSUER)


def test_an_issuer_of_the_first_kind_is_plain_text(tmp_path):
    hexadecimal = ISSUER.encode().hex(":")
    first = f"1.3.6.1.4.1.57264.1.1=DER:{hexadecimal}"
    der = certificate(tmp_path, f"subjectAltName=URI:{WORKFLOW}", first)
    assert signer_in_der(der) == Signer(WORKFLOW, ISSUER)


def test_a_certificate_of_another_kind_has_no_signer(tmp_path):
    assert signer_in_der(certificate(tmp_path, "subjectAltName=DNS:r.example")) is None


def test_every_beginning_of_a_certificate_is_read_without_an_error(tmp_path):
    der = certificate(tmp_path, f"subjectAltName=URI:{WORKFLOW}")
    found = {signer_in_der(der[:length]) for length in range(len(der) + 1)}
    assert found == {None, Signer(WORKFLOW)}


@pytest.mark.parametrize(
    "data", [b"", b"\x30", bytes.fromhex("0603551d11") + b"\x04\x84" * 9, b"\xff" * 70_000]
)
def test_other_bytes_have_no_signer(data):
    assert signer_in_der(data) is None
    assert signer_in_pem(data.decode("latin-1")) is None


@pytest.mark.parametrize(
    "pem", ["-----BEGIN CERTIFICATE-----=-----END CERTIFICATE-----", "x" * 10**6]
)
def test_what_is_no_certificate_has_no_signer(pem):
    assert signer_in_pem(pem) is None
