"""Messages: one HTTP request as a value, and sending it on a client."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from attrs import field, frozen

from manyfest.adapters.http_registry.transport.httpx_transport import Client
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.access import Scopes

# Bytes, or what opens them anew for each sending; their number must be in the headers then.
Content = bytes | Callable[[], AbstractContextManager[Iterator[bytes]]] | None


@frozen
class RegistryRequest:
    """A request: ``url`` is a path on the registry or absolute, ``subject`` is named in errors.

    ``repository`` is the path of the one it is about, empty where it is about the registry.
    """

    method: str
    url: str = field(repr=False)
    subject: str
    repository: str = ""
    scopes: Scopes = frozenset()
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    content: Content = field(default=None, repr=False)


def send_once(client: Client, message: RegistryRequest, url: httpx.URL) -> httpx.Response:
    """Send it once; the answer's body is still to be read. Raises httpcore's exceptions."""
    content = message.content
    if not callable(content):
        return client.send(message.method, url, message.headers, content)
    with content() as chunks:
        return client.send(message.method, url, message.headers, chunks)
