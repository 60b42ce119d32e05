"""First contact: by the first request to a host, learn whether it speaks HTTP or HTTPS.

There is no ping: the first request is the trial. While it runs, other reading requests are trials,
too, since waiting for it would cost them two round trips; what writes waits. Which ways may be
tried at all is the endpoint's to say (``Endpoint.modes``); what was learnt earlier says no more
than which is tried first. A certificate that is not right never leads to plain HTTP.
"""

import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus

from manyfest.adapters.endpoint import ConnectionMode, Endpoint
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.transport_errors import (
    CONNECT_TIMEOUTS,
    NETWORK_FAULTS,
    PROTOCOL_FAULTS,
    READ_FAULTS,
    TIMEOUTS,
    is_cut_off,
    is_not_tls,
    is_refused,
)
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.adapters.single_flight import SingleFlight

_READING = ("GET", "HEAD")

_FAULTS = (*NETWORK_FAULTS, *PROTOCOL_FAULTS, *CONNECT_TIMEOUTS)


class SchemeProbe:
    """The connections to one host, and what was learnt about it. Thread-safe.

    ``scheme`` is the one by which the host was reached earlier, empty where nobody knows.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        new_client: Callable[[ConnectionMode], httpx.Client],
        scheme: str = "",
    ) -> None:
        self._endpoint = endpoint
        self._ways = sorted(endpoint.modes, key=lambda contact: contact.scheme != scheme)
        self._new_client = new_client
        self._clients: dict[ConnectionMode, httpx.Client] = {}
        self._lock = threading.Lock()
        # With one way only there is nothing to learn, and nobody waits.
        self._contact = self._ways[0] if len(self._ways) == 1 else None
        self._flights: SingleFlight[httpx.Response] = SingleFlight()

    @property
    def scheme(self) -> str:
        """The one by which the host was reached; empty before there was contact."""
        return self._contact.scheme if self._contact else ""

    @property
    def is_plain(self) -> bool:
        """Whether the host speaks plain HTTP: was found to, or on this machine, is thought to."""
        if self._contact is None and not self._endpoint.is_loopback:
            return False
        return self._usual.scheme == "http"

    @property
    def may_send_secrets(self) -> bool:
        """Whether what is secret may go along: never in the clear because of what was remembered.

        It may, once there was contact; before, to this machine, or where TLS is tried first.
        """
        return bool(self._contact) or self._endpoint.is_loopback or self._usual.scheme == "https"

    def url(self, path: str) -> httpx.URL:
        """The absolute URL of ``path``, once there was contact; absolute ones stay as they are."""
        return httpx.URL(self._base(self._usual)).join(path)

    def send(self, message: RegistryRequest) -> httpx.Response:
        """Send a message to the host, by the way that works. Raises httpcore's exceptions."""
        if self._contact is None and message.method in _READING:
            return self._probe(message)
        while self._contact is None:
            ours: list[httpx.Response] = []

            def explore(ours: list[httpx.Response] = ours) -> httpx.Response:
                ours.append(self._probe(message))
                return ours[0]

            self._flights.do("contact", explore)
            if ours:
                return ours[0]
        return self._send_over(self._contact, message)

    def client(self, contact: ConnectionMode | None = None) -> httpx.Client:
        """The client that reaches this host, or another port of it by another way."""
        contact = contact or self._usual
        with self._lock:
            if contact not in self._clients:
                self._clients[contact] = self._new_client(contact)
            return self._clients[contact]

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    @property
    def _usual(self) -> ConnectionMode:
        return self._contact or self._ways[0]

    def _probe(self, message: RegistryRequest) -> httpx.Response:
        first, other = self._ways
        try:
            response = self._send_over(first, message)
        except _FAULTS as fault:
            if not self._suggests_other_scheme(first, fault):
                raise
            second = self._try_other_scheme(other, message)
            if second is not None and is_cut_off(fault) and _says_tls_expected(second):
                second.close()  # it does speak TLS, and the next handshake may go well
                second = None
            if second is None:
                if not is_refused(fault):
                    self._contact = first
                raise
        else:
            may_be_for_tls = first.scheme == "http" and _says_tls_expected(response)
            second = self._try_other_scheme(other, message) if may_be_for_tls else None
            if second is None:
                self._contact = first
                return response
            response.close()
        self._contact = other
        return second

    def _try_other_scheme(
        self, contact: ConnectionMode, message: RegistryRequest
    ) -> httpx.Response | None:
        """The answer by another way, None if that is not open; raises certificate faults."""
        try:
            return self._send_over(contact, message)
        except (*NETWORK_FAULTS, *TIMEOUTS) as fault:
            if is_not_tls(fault) or is_refused(fault) or isinstance(fault, CONNECT_TIMEOUTS):
                return None
            raise

    def _suggests_other_scheme(self, first: ConnectionMode, fault: Exception) -> bool:
        if is_refused(fault):
            return not self._endpoint.has_port
        if isinstance(fault, CONNECT_TIMEOUTS):  # a plain server may wait for a request
            return first != self._endpoint.modes[0]
        if first.scheme == "https":
            return is_not_tls(fault)
        return isinstance(fault, (*PROTOCOL_FAULTS, *READ_FAULTS))

    def _send_over(self, contact: ConnectionMode, message: RegistryRequest) -> httpx.Response:
        absolute = "://" in message.url
        url = httpx.URL(message.url if absolute else f"{self._base(contact)}{message.url}")
        return send_once(self.client(contact), message, url)

    def _base(self, contact: ConnectionMode) -> str:
        return f"{contact.scheme}://{self._endpoint.address}"


def send_once(client: httpx.Client, request: RegistryRequest, url: httpx.URL) -> httpx.Response:
    """Send once; the response's body is still to be read. Raises what the transport raises."""
    content = request.content
    if not callable(content):
        return _send(client, request, url, content)
    with content() as chunks:
        return _send(client, request, url, chunks)


def _send(
    client: httpx.Client,
    request: RegistryRequest,
    url: httpx.URL,
    content: bytes | Iterator[bytes] | None,
) -> httpx.Response:
    message = client.build_request(request.method, url, headers=request.headers, content=content)
    return client.send(message, stream=True)


def _says_tls_expected(response: httpx.Response) -> bool:
    """Go and nginx answer plain HTTP on an HTTPS port with 400 and a text; no registry does."""
    is_json = "json" in response.headers.get("content-type", "")
    return response.status_code == HTTPStatus.BAD_REQUEST and not is_json
