"""Statements out of every form that carries one, and what is refused."""

import json
from base64 import b64encode, urlsafe_b64encode

import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.statements import envelopes
from manyfest.domain.statements.envelopes import read_statement
from tests.support.content.statements import (
    BUNDLE,
    IN_TOTO,
    SLSA_02,
    SPDX,
    bundle,
    cyclonedx,
    envelope,
    spdx,
    statement,
)

IMAGE = Digest.of(b"image")
PLAIN = statement(SPDX, spdx(("curl", "8.0")), IMAGE)


@pytest.mark.parametrize(
    ("data", "signatures", "certificate"),
    [
        (PLAIN, 0, b""),
        (envelope(PLAIN), 1, b""),
        (bundle(PLAIN, b"DER"), 1, b"DER"),
        (
            json.dumps(
                {"payloadType": IN_TOTO, "payload": urlsafe_b64encode(PLAIN + b"  ").decode()}
            ),
            0,
            b"",
        ),
    ],
    ids=["in-toto", "DSSE", "Sigstore bundle", "DSSE in the other alphabet"],
)
def test_each_form_carries_the_same_statement(data, signatures, certificate):
    found = read_statement(data if isinstance(data, bytes) else data.encode(), "x")
    assert (found.predicate_type, found.subjects) == (SPDX, (str(IMAGE),))
    assert found.document["spdxVersion"] == "SPDX-2.3"
    assert (found.signatures, found.certificate, found.is_bare) == (signatures, certificate, False)


def test_bare_documents_are_about_what_they_are_attached_to():
    for document, kind in ((spdx(), SPDX), (cyclonedx(), envelopes.CYCLONEDX)):
        found = read_statement(json.dumps(document).encode(), "x")
        assert (found.predicate_type, found.is_bare, found.subjects) == (kind, True, ())


def test_a_bundle_of_version_0_1_has_a_chain_of_certificates():
    document = json.loads(bundle(PLAIN))
    chain = {"certificates": [{"rawBytes": b64encode(b"leaf").decode()}, {}]}
    document["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1"
    document["verificationMaterial"] = {"x509CertificateChain": chain}
    assert read_statement(json.dumps(document).encode(), "x").certificate == b"leaf"


@pytest.mark.parametrize(
    "wrap", [lambda it: {"Data": it}, json.dumps, lambda it: {"Data": json.dumps(it)}]
)
def test_predicates_of_the_first_cosign_are_unwrapped(wrap):
    found = read_statement(statement(SPDX, wrap(spdx()), IMAGE), "x")
    assert found.document["spdxVersion"] == "SPDX-2.3"


@pytest.mark.parametrize("predicate", [None, 3, [], "SPDXVersion: SPDX-2.3"])
def test_a_predicate_of_another_type_says_nothing(predicate):
    assert read_statement(statement(SLSA_02, predicate, IMAGE), "x").document == {}


@pytest.mark.parametrize(
    "subject", [None, 3, [3], [{}], [{"digest": 3}], [{"digest": {"sha256": 1}}]]
)
def test_subjects_of_another_type_are_none(subject):
    document = json.loads(PLAIN) | {"subject": subject}
    assert read_statement(json.dumps(document).encode(), "x").subjects == ()


DEEP = b'{"a":' * 101 + b"1" + b"}" * 101
REFUSED = {
    "a text": (b"SPDXVersion: SPDX-2.3", "not JSON"),
    "an array": (b"[]", "not a JSON object"),
    "empty": (b"", "not JSON"),
    "deep": (DEEP, "nested deeper than 100"),
    "very deep": (b"[" * 100_000, "nested deeper than 100"),
    "a key twice": (b'{"spdxVersion": "SPDX-2.3", "spdxVersion": "SPDX-2.2"}', "twice"),
    "no UTF-8": (b'{"a": "\xff"}', "not UTF-8"),
    "another document": (b"{}", "neither an in-toto statement, nor SPDX"),
    "no base64": (json.dumps({"payloadType": IN_TOTO, "payload": "%"}).encode(), "not base64"),
    "another payload": (json.dumps({"payloadType": "text/x", "payload": ""}).encode(), "'text/x'"),
    "an envelope in an envelope": (envelope(envelope(PLAIN)), "neither an in-toto statement"),
    "deep within": (envelope(DEEP), "nested deeper than 100"),
    "deep in a text": (statement(SPDX, DEEP.decode(), IMAGE), "nested deeper than 100"),
    "a bundle of a signature": (
        json.dumps({"mediaType": BUNDLE, "messageSignature": {}}).encode(),
        "a Sigstore bundle of a signature",
    ),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_statement_is_refused_in_one_sentence(data, reason):
    with pytest.raises(DocumentError, match="x: ") as refused:
        read_statement(data, "x")
    assert reason in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_document_over_the_limit_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(envelopes, "SIZE_LIMIT", 10)
    with pytest.raises(DocumentError, match="larger than 10 bytes"):
        read_statement(b"[" * 11, "x")
