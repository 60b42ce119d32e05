"""The standard library's HTTP client as one function, to look at servers without our own client."""

import http.client
import ssl
from collections.abc import Mapping
from contextlib import closing

from attrs import frozen

from tests.support.http.certificates import Certificate


@frozen
class Seen:
    """An answer as a client sees it; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    host: str,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    certificate: Certificate | None = None,
) -> Seen:
    """One request to ``host`` (``ADDRESS:PORT``) on a connection of its own."""
    with closing(connect(host, certificate)) as connection:
        return ask_on(connection, method, target, body, headers)


def connect(host: str, certificate: Certificate | None = None) -> http.client.HTTPConnection:
    """A connection, over TLS when there is a certificate to trust."""
    if certificate is None:
        return http.client.HTTPConnection(host, timeout=300)
    trust = ssl.create_default_context(cafile=certificate.file)
    return http.client.HTTPSConnection(host, timeout=300, context=trust)


def ask_on(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Seen:
    """One request on a connection that is kept."""
    connection.request(method, target, body, dict(headers or {}))
    answer = connection.getresponse()
    fields = {name.lower(): value for name, value in answer.getheaders()}
    return Seen(answer.status, fields, answer.read())
