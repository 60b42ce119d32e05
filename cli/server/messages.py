"""Requests and answers of the server as values."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus

from attr import evolve, field

from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.values import frozen

# Opens the bytes of a body, in chunks.
OpenBody = Callable[[], AbstractContextManager[Iterator[bytes]]]

_JSON = "application/json"


@frozen
class Request:
    """A request without its body; names of ``headers`` are in lower case.

    ``target`` is the path with its query, as sent.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(factory=dict)


@frozen
class Response:
    """An answer: a body of ``size`` bytes, and what to ``note`` for the person who serves."""

    status: int
    headers: Mapping[str, str]
    size: int
    opened: OpenBody = field(repr=False)
    note: str = ""

    @classmethod
    def of_bytes(
        cls, status: int, media_type: str, data: bytes, headers: Mapping[str, str] | None = None
    ) -> "Response":
        """Return an answer whose body is ``data``."""
        return cls(
            status,
            {"Content-Type": media_type, **(headers or {})},
            len(data),
            lambda: nullcontext(iter([data] if data else [])),
        )

    @classmethod
    def of_json(
        cls, document: Json, headers: Mapping[str, str] | None = None, media_type: str = _JSON
    ) -> "Response":
        """Return an answer whose body is ``document``."""
        data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return cls.of_bytes(HTTPStatus.OK, media_type, data, headers)

    def with_headers(self, headers: Mapping[str, str]) -> "Response":
        """Return the same answer with these headers, too; its own ones win."""
        return evolve(self, headers={**headers, **self.headers})


def refusal(
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    note: str = "",
) -> Response:
    """Return an answer with an error, as the distribution-spec writes it ("Error Codes")."""
    document = {"errors": [{"code": code, "message": message, "detail": None}]}
    data = json.dumps(document, separators=(",", ":")).encode()
    return evolve(Response.of_bytes(status, _JSON, data, headers), note=note)
