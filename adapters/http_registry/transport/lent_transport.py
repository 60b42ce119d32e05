"""A transport that several clients share, and none of them closes."""

from manyfest.adapters.http_registry.transport.slim_httpx import httpx


class LentTransport(httpx.BaseTransport):
    """Sends requests by a transport that its owner closes: a client closes its own with itself."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``. Raises what the transport raises."""
        return self._transport.handle_request(request)
