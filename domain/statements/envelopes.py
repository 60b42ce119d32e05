"""A statement out of what carries it: as it is, or in an envelope that is signed.

Theory of operation. Four formats carry the same statement:

- an in-toto statement (BuildKit's attestations): ``subject``, ``predicateType``, ``predicate``
- a DSSE envelope around one (cosign's ``.att``): base64 in ``payload``
- a Sigstore bundle around a DSSE envelope (cosign 3, GitHub): ``dsseEnvelope``
- the bare document (``cosign attach sbom``, ``oras attach``): it names no subject

The shape decides, not the media type, which the one who pushed it chose. Each format is opened
once, in this order, so that envelopes in envelopes lead nowhere. Signatures are counted, and not
verified.
"""

import binascii
from base64 import b64decode, urlsafe_b64decode

from manyfest.domain.encoding.strict_json import Json, JsonObject, parse_object
from manyfest.domain.errors import DocumentError
from manyfest.domain.statements.members import items, member, objects, pairs, text
from manyfest.domain.values import frozen

# Bytes. SBOMs of large images have 30 MB; a parsed document takes some ten times its bytes.
SIZE_LIMIT = 64 * 1024 * 1024

SPDX = "https://spdx.dev/Document"
CYCLONEDX = "https://cyclonedx.org/bom"
PROVENANCE = "https://slsa.dev/provenance/"

_STATEMENT = "https://in-toto.io/Statement/"
_PAYLOAD_TYPES = ("application/vnd.in-toto+json", "application/vnd.in-toto.")
_BUNDLE = "application/vnd.dev.sigstore.bundle"

# The member that tells a bare document, and the type of predicate that it would be.
_BARE = {"spdxVersion": SPDX, "bomFormat": CYCLONEDX}


@frozen
class Statement:
    """The ``document`` (a predicate, or a bare document) and its type of predicate.

    ``subjects`` are the texts of the digests that it is about: none of a bare document
    (``is_bare``), which is about what it is attached to. ``signatures`` counts those of its
    envelope, and ``certificate`` (DER) is that of a bundle.
    """

    predicate_type: str
    document: JsonObject
    subjects: tuple[str, ...] = ()
    is_bare: bool = False
    signatures: int = 0
    certificate: bytes = b""

    @property
    def is_sbom(self) -> bool:
        """Whether it lists packages, in SPDX or CycloneDX."""
        return self.predicate_type.startswith(("https://spdx.dev/", "https://cyclonedx.org/"))

    @property
    def is_provenance(self) -> bool:
        """Whether it tells how the image was built."""
        return self.predicate_type.startswith(PROVENANCE)


def read_statement(data: bytes, subject: str) -> Statement:
    """Return the statement in ``data``; ``subject`` names the bytes in errors.

    Raises DocumentError: over 64 MiB, not strict JSON, nested deeper than 100, or no statement.
    """
    if len(data) > SIZE_LIMIT:
        raise DocumentError(subject, f"larger than {SIZE_LIMIT} bytes")
    document = parse_object(data, subject)
    certificate, signatures = b"", 0
    if text(document, "mediaType").startswith(_BUNDLE):
        certificate = _certificate(document)
        document = _object(document, "dsseEnvelope", subject)
    if "payload" in document and "payloadType" in document:
        signatures = len(items(document, "signatures"))
        document = _payload(document, subject)
    return _statement(document, subject, signatures, certificate)


def certificate_of(data: bytes, subject: str) -> bytes:
    """Return the certificate (DER) in a Sigstore bundle; empty without one.

    Raises DocumentError: not strict JSON.
    """
    return _certificate(parse_object(data, subject))


def is_spdx_3(document: JsonObject) -> bool:
    """Return whether a document is SPDX 3 in JSON-LD: a graph in its context."""
    contexts = (document.get("@context"), *items(document, "@context"))
    named = any(isinstance(one, str) and "spdx.org/rdf/3" in one for one in contexts)
    return named and isinstance(document.get("@graph"), list)


def _bare_type(document: JsonObject) -> str:
    found = (kind for name, kind in _BARE.items() if name in document)
    return next(found, SPDX if is_spdx_3(document) else "")


def _statement(
    document: JsonObject, subject: str, signatures: int, certificate: bytes
) -> Statement:
    if text(document, "_type").startswith(_STATEMENT):
        return Statement(
            text(document, "predicateType"),
            _predicate(document.get("predicate"), subject),
            tuple(_subjects(document)),
            signatures=signatures,
            certificate=certificate,
        )
    if predicate_type := _bare_type(document):
        return Statement(
            predicate_type,
            document,
            is_bare=True,
            signatures=signatures,
            certificate=certificate,
        )
    raise DocumentError(subject, "neither an in-toto statement, nor SPDX or CycloneDX in JSON")


def _subjects(document: JsonObject) -> list[str]:
    return [
        f"{algorithm}:{value}"
        for one in objects(document, "subject")
        for algorithm, value in pairs(one, "digest")
        if isinstance(value, str)
    ]


def _predicate(value: Json, subject: str) -> JsonObject:
    """The object that a predicate is; cosign 1 puts some in a ``Data`` of its own, or in a text."""
    inner = member(value, "Data") if isinstance(value, dict) and "Data" in value else value
    if isinstance(inner, str) and inner.lstrip().startswith("{"):
        return parse_object(inner.encode(), subject)
    return inner if isinstance(inner, dict) else {}


def _payload(envelope: JsonObject, subject: str) -> JsonObject:
    payload_type = text(envelope, "payloadType")
    if not payload_type.startswith(_PAYLOAD_TYPES):
        raise DocumentError(subject, f"an envelope of {payload_type[:80]!r}, not of a statement")
    return parse_object(_decoded(text(envelope, "payload"), subject), subject)


def _object(document: JsonObject, name: str, subject: str) -> JsonObject:
    value = document.get(name)
    if not isinstance(value, dict):
        raise DocumentError(subject, "a Sigstore bundle of a signature, not of a statement")
    return value


def _certificate(bundle: JsonObject) -> bytes:
    material = member(bundle, "verificationMaterial")
    chain = items(material, "x509CertificateChain", "certificates")
    encoded = text(material, "certificate", "rawBytes") or text(next(iter(chain), None), "rawBytes")
    try:
        return b64decode(encoded, validate=True)
    except binascii.Error:
        return b""


def _decoded(encoded: str, subject: str) -> bytes:
    """Decode base64 of either alphabet (DSSE, "protocol.md")."""
    decode = urlsafe_b64decode if {"-", "_"} & set(encoded[:4096]) else _standard
    try:
        return decode(encoded)
    except (binascii.Error, ValueError) as error:
        raise DocumentError(subject, "the payload of the envelope is not base64") from error


def _standard(encoded: str) -> bytes:
    return b64decode(encoded, validate=True)
