"""The scheme of a host, http or https, learnt from the first request.

Theory of operation. There is no ping: the first request is the probe. ``Endpoint.modes`` alone
decides which modes may be tried. A host that is neither on loopback nor insecure has one mode, TLS
with verification, and nothing to learn.

States: *unknown*, then *known* (``_contact`` is the mode), which never changes again.

- While unknown, every GET and HEAD probes, also in parallel: waiting for the first would cost the
  others two round trips. A request that writes must not be sent twice, so one probes and the others
  wait for it (``SingleFlight``).
- A probe tries the first mode: the one that an earlier command recorded, else the endpoint's first.
  It tries the other one only if the fault suggests it: the connection is refused and no port was
  named; the TLS handshake fails for another reason than the certificate; a plain request is cut off
  or gets no HTTP; the recorded mode does not connect in time; or a plain request gets 400 without
  JSON, with which Go's servers and nginx answer plain HTTP on a TLS port.
- A handshake that was cut off proves nothing: if plain HTTP then meets such a 400, the host does
  speak TLS, and the first fault is reported.
- An untrusted certificate is reported. It never leads to plain HTTP.
- If the other mode fails as well, the first fault is reported, and the first mode becomes known
  unless the port refused the connection.

Secrets: while unknown, credentials go along (``may_send_secrets``) only to loopback or where TLS
is tried first. So a recorded "http", which may be wrong or planted, never sends them in the clear.
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
    """The clients of one host, and the mode that works. Thread-safe.

    ``scheme`` is the one that an earlier command recorded, or empty.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        new_client: Callable[[ConnectionMode], httpx.Client],
        scheme: str = "",
    ) -> None:
        self._endpoint = endpoint
        self._modes = endpoint.modes_from(scheme)
        self._new_client = new_client
        self._clients: dict[ConnectionMode, httpx.Client] = {}
        self._lock = threading.Lock()
        # With one mode only there is nothing to learn, and no request waits.
        self._contact = self._modes[0] if len(self._modes) == 1 else None
        self._flights: SingleFlight[httpx.Response] = SingleFlight()

    @property
    def scheme(self) -> str:
        """Return the known scheme; empty while unknown."""
        return self._contact.scheme if self._contact else ""

    @property
    def is_plain(self) -> bool:
        """Return whether the host speaks plain HTTP: known, or on loopback, presumed."""
        if self._contact is None and not self._endpoint.is_loopback:
            return False
        return self._usual.scheme == "http"

    @property
    def may_send_secrets(self) -> bool:
        """Return whether credentials may go along.

        They may once the scheme is known; before, on loopback or if TLS is tried first.
        """
        return bool(self._contact) or self._endpoint.is_loopback or self._usual.scheme == "https"

    def url(self, path: str) -> httpx.URL:
        """Return the absolute URL of ``path``; an absolute one stays as it is."""
        return httpx.URL(self._base(self._usual)).join(path)

    def send(self, message: RegistryRequest) -> httpx.Response:
        """Send a request by the mode that works. Raises what the transport raises."""
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
        """Return the client for this host, or for another port of it by another mode."""
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
        return self._contact or self._modes[0]

    def _probe(self, message: RegistryRequest) -> httpx.Response:
        first, other = self._modes
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
        """Return the response by the other mode; None if refused, not TLS or slow to connect."""
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
    more = (("Accept", line) for line in request.more_accept)
    headers = [*request.headers.items(), *more]
    message = client.build_request(request.method, url, headers=headers, content=content)
    return client.send(message, stream=True)


def _says_tls_expected(response: httpx.Response) -> bool:
    """Go and nginx answer plain HTTP on a TLS port with 400 and a text; no registry does."""
    is_json = "json" in response.headers.get("content-type", "")
    return response.status_code == HTTPStatus.BAD_REQUEST and not is_json
