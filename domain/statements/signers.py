"""The identity in a signing certificate, read and not trusted.

Sigstore's certificates have the signer's identity as subject alternative name, an e-mail address
or a URI, and the issuer of that identity in an extension (fulcio, ``docs/oid-info.md``). Anybody
can write such a certificate: only a verifier, which follows the chain to a root, can tell whether
it is true.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator

from manyfest.domain.values import frozen

_PEM = re.compile(
    r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,20000})-----END CERTIFICATE-----"
)
_SIZE_LIMIT = 64 * 1024

_ALTERNATIVE_NAME = bytes.fromhex("0603551d11")  # 2.5.29.17
_ISSUER_V2 = bytes.fromhex("060a2b0601040183bf300108")  # 1.3.6.1.4.1.57264.1.8
_ISSUER_V1 = bytes.fromhex("060a2b0601040183bf300101")  # 1.3.6.1.4.1.57264.1.1
_OCTETS, _SEQUENCE, _BOOLEAN = 0x04, 0x30, 0x01
_NAMES = (0x81, 0x86)  # rfc822Name, uniformResourceIdentifier (RFC 5280, 4.2.1.6)
_LONG_FORM = 0x80
_LENGTH_BYTES = 3


@frozen
class Signer:
    """The ``identity`` in a certificate, and the ``issuer`` that vouched for it."""

    identity: str
    issuer: str = ""


def signer_in_pem(certificate: str) -> Signer | None:
    """Return the signer in the first certificate of a PEM text; None if there is none."""
    found = _PEM.search(certificate[:_SIZE_LIMIT])
    if found is None:
        return None
    try:
        return signer_in_der(b64decode(found[1]))
    except binascii.Error:
        return None


def signer_in_der(certificate: bytes) -> Signer | None:
    """Return the signer in a certificate; None if it has no identity of Sigstore's kind."""
    if len(certificate) > _SIZE_LIMIT:
        return None
    names = _extension(certificate, _ALTERNATIVE_NAME)
    listed = next((content for tag, content in _values(names) if tag == _SEQUENCE), b"")
    identity = next((_text(content) for tag, content in _values(listed) if tag in _NAMES), "")
    if not identity:
        return None
    issuer = next(
        (_text(content) for _, content in _values(_extension(certificate, _ISSUER_V2))), ""
    )
    return Signer(identity, issuer or _text(_extension(certificate, _ISSUER_V1)))


def _extension(certificate: bytes, identifier: bytes) -> bytes:
    """Return the value of an extension: what follows its identifier (RFC 5280, 4.1)."""
    place = certificate.find(identifier)
    if place < 0:
        return b""
    for tag, content in _values(certificate[place + len(identifier) :]):
        if tag != _BOOLEAN:  # critical
            return content if tag == _OCTETS else b""
    return b""


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each DER value in ``data``, until one is cut off."""
    while len(data) > 1:
        tag, length, start = data[0], data[1], 2
        if length & _LONG_FORM:
            count = length - _LONG_FORM
            if count > _LENGTH_BYTES:
                return
            start += count
            length = int.from_bytes(data[2:start], "big")
        if len(data) < start + length:
            return
        yield tag, data[start : start + length]
        data = data[start + length :]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
