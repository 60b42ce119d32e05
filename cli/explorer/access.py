"""Access to the explorer: the hosts it answers for, the token, the cookie, and headers.

Theory of operation. Other users of this machine, and pages of other sites in the same browser, can
send requests to a port on loopback. So

- only whoever has the token of the first URL, which is printed on the terminal, gets a cookie. The
  answer leads to the same page without the token, which so stays out of bookmarks and histories;
- the cookie is not sent with requests that other sites cause (SameSite=Strict), and its name has
  the port, because browsers share cookies between the ports of a host (RFC 6265, 8.5);
- a request for another host name is refused: a name of an attacker's that resolves to 127.0.0.1
  would make the attacker's page one of the same site (DNS rebinding). The address that a request
  came to is no name, and is answered for;
- a form has a secret of its own, and must come from a page of ours (``Origin``);
- no page is allowed inline script or style, any other origin, or a frame around it, so that markup
  from a manifest can do nothing, should it ever get through the templates.
"""

import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode

from attr import field
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from manyfest.cli.arguments.listen_address import bracketed
from manyfest.domain.values import frozen

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_WRONG_HOST = "This host is not served here. Open the address that manyfest explore has printed.\n"
_REFUSAL = "Open the address that manyfest explore has printed: it has the token.\n"


@frozen
class Keys:
    """The secrets of one run: of the first URL, of the cookie, and of forms."""

    token: str = field(factory=secrets.token_urlsafe, repr=False)
    cookie: str = field(factory=secrets.token_urlsafe, repr=False)
    form: str = field(factory=secrets.token_urlsafe, repr=False)


class Guard:
    """ASGI middleware: lets requests through to ``app`` that may read, with safe headers.

    ``hosts`` are the values of ``Host`` that are answered, in lower case; ``port`` is our own.
    """

    def __init__(self, app: ASGIApp, keys: Keys, hosts: Iterable[str], port: int) -> None:
        self._app = app
        self._keys = keys
        self._hosts = frozenset(hosts)
        self._cookie_name = f"manyfest-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_safely)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = self._hosts | _own_address(scope)
        if headers.get("host", "").lower() not in hosts:
            return PlainTextResponse(_WRONG_HOST, 421)
        words = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        token = next((value for name, value in words if name == "token"), None)
        if token is not None and scope["method"] == "GET":
            return self._admission(token, scope, words)
        if not self._has_cookie(headers):
            return PlainTextResponse(_REFUSAL, 403)
        origin = headers.get("origin")
        if scope["method"] not in {"GET", "HEAD"} and not _is_of(origin, hosts):
            return PlainTextResponse("This form is not of a page from here.\n", 403)
        return None

    def _admission(self, token: str, scope: Scope, words: list[tuple[str, str]]) -> Response:
        """Lead to the same page without the token, with a cookie if the token is right."""
        if not _is_same(token, self._keys.token):
            return PlainTextResponse(_REFUSAL, 403)
        rest = urlencode([(name, value) for name, value in words if name != "token"])
        path = "/" + quote(scope["path"].lstrip("/"))  # a second slash would name a host
        answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
        answer.set_cookie(self._cookie_name, self._keys.cookie, httponly=True, samesite="strict")
        return answer

    def _has_cookie(self, headers: Headers) -> bool:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._cookie_name)
        except CookieError:
            return False
        return morsel is not None and _is_same(morsel.value, self._keys.cookie)


def _own_address(scope: Scope) -> frozenset[str]:
    """Return the address and port that the request came to; none where the server tells none."""
    host, port = scope.get("server") or ("", None)
    return frozenset({f"{bracketed(host)}:{port}"} if port else ())


def _is_of(origin: str | None, hosts: frozenset[str]) -> bool:
    scheme, _, host = (origin or "").lower().partition("://")
    return scheme == "http" and host in hosts


def _is_same(given: str, secret: str) -> bool:
    return secrets.compare_digest(given.encode(errors="replace"), secret.encode())


def is_form_key(given: str, keys: Keys) -> bool:
    """Return whether a form has the secret of the pages of this run."""
    return _is_same(given, keys.form)
