"""Answers of a distribution registry: errors, manifests and blobs with their headers."""

import json
import re
from collections.abc import Sequence

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from tests.support.http.http_messages import Answer, Headers, Request

JSON_TYPE = ("Content-Type", "application/json; charset=utf-8")

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_CODES = {
    "BLOB_UNKNOWN": (404, "blob unknown to registry"),
    "BLOB_UPLOAD_INVALID": (404, "blob upload invalid"),
    "BLOB_UPLOAD_UNKNOWN": (404, "blob upload unknown to registry"),
    "DENIED": (403, "requested access to the resource is denied"),
    "DIGEST_INVALID": (400, "provided digest did not match uploaded content"),
    "MANIFEST_BLOB_UNKNOWN": (400, "blob unknown to registry"),
    "MANIFEST_INVALID": (400, "manifest invalid"),
    "MANIFEST_UNKNOWN": (404, "manifest unknown"),
    "NAME_UNKNOWN": (404, "repository name not known to registry"),
    "TOOMANYREQUESTS": (429, "too many requests"),
    "UNAUTHORIZED": (401, "authentication required"),
    "UNAVAILABLE": (503, "service unavailable"),
    "UNKNOWN": (500, "unknown error"),
}


def failure(code: str, message: str = "", **detail: object) -> Answer:
    """The error answer for ``code``; the message is the code's own when none is given.

    ``detail=`` is optional: distribution tells ``"detail":null`` from none.
    """
    status, sentence = _CODES[code]
    error = {"code": code, "message": message or sentence, **detail}
    return Answer(status, _json({"errors": [error]}), (JSON_TYPE,))


def success(document: object) -> Answer:
    """A 200 with a JSON document."""
    return Answer(200, _json(document), (JSON_TYPE,))


def plain(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    """A plain-text answer as Go's HTTP library gives by itself."""
    usual = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Answer(status, text.encode(), (*usual, *headers))


def manifest_answer(data: bytes, media_type: str, digest: str) -> Answer:
    """A manifest with its type and digest."""
    return Answer(200, data, (("Content-Type", media_type), *_named(digest)))


def referrers_answer(listed: Sequence[Descriptor]) -> Answer:
    """A page of referrers."""
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_INDEX,
        "manifests": [descriptor.to_json() for descriptor in listed],
    }
    return Answer(200, _json(document), (("Content-Type", media_types.OCI_INDEX),))


def blob_answer(request: Request, data: bytes, digest: str) -> Answer:
    """A blob, or the part of it that was asked for."""
    headers: Headers = (
        ("Accept-Ranges", "bytes"),
        ("Cache-Control", "max-age=31536000"),
        ("Content-Type", "application/octet-stream"),
        *_named(digest),
    )
    asked = _RANGE.fullmatch(request.header("Range"))
    if asked is None or int(asked[1]) >= len(data):
        return Answer(200, data, headers)
    start, end = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
    place = ("Content-Range", f"bytes {start}-{end}/{len(data)}")
    return Answer(206, data[start : end + 1], (*headers, place))


def _named(digest: str) -> Headers:
    return (("Docker-Content-Digest", digest), ("Etag", f'"{digest}"'))


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
