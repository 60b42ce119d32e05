"""Access to a fake registry: anonymous, by a Basic login, or by a bearer token."""

import base64
import re
import secrets
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs

from attrs import frozen

from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_answers import failure, success

Gate = Callable[[Request], Answer | None]
"""An answer in the registry's place, or None to let the request through."""

Access = tuple[str, str]  # repository path, action

_REPOSITORY = re.compile(r"/v2/(.+)/(?:manifests|blobs|tags|referrers)/.*")
_SCOPE = re.compile(r"repository(?:\([a-z]+\))?:(.+):([a-z,*]+)")
_TOKEN_PATH = "/token"
_SERVICE = "registry.test"


def open_gate(_request: Request) -> Answer | None:
    """Lets all requests through."""
    return None


@frozen
class BasicGate:
    """One login for everything, as distribution's htpasswd."""

    user: str
    password: str

    def __call__(self, request: Request) -> Answer | None:
        if login_in(request) == (self.user, self.password):
            return None
        challenge = 'Basic realm="Registry Realm"'
        refusal = failure("UNAUTHORIZED", detail=None)
        return refusal.with_header("Www-Authenticate", challenge)


class TokenGate:
    """Bearer tokens with scopes, given out at ``/token`` of the same server.

    Who logs in gets what they ask for; others get ``pull`` if ``anonymous_pull``. A token serves
    exactly what it was given for, until ``revoke``. ``realm`` names another token server, right or
    wrong. ``token_requests`` and ``challenges`` count.
    """

    def __init__(
        self,
        user: str,
        password: str,
        *,
        anonymous_pull: bool = True,
        identity_token: str = "",
        realm: str = "",
    ) -> None:
        self._login = (user, password)
        self._identity_token = identity_token
        self._anonymous = frozenset({"pull"} if anonymous_pull else ())
        self._granted: dict[str, frozenset[Access]] = {}
        self._realm = realm
        self.token_requests: list[Request] = []
        self.challenges = 0

    def __call__(self, request: Request) -> Answer | None:
        if request.path == _TOKEN_PATH:
            self.token_requests.append(request)
            return self._give(request)
        needed, token = _needed(request), request.header("Authorization").removeprefix("Bearer ")
        if token in self._granted and needed <= self._granted[token]:
            return None
        self.challenges += 1
        return self._challenge(request, needed, token)

    def revoke(self) -> None:
        """End all tokens given out so far."""
        self._granted.clear()

    def _challenge(self, request: Request, needed: frozenset[Access], token: str) -> Answer:
        realm = self._realm or request.origin + _TOKEN_PATH
        parts = [f'realm="{realm}"', f'service="{_SERVICE}"']
        if needed:
            parts.append(f'scope="{_scopes(needed)}"')
        if token:
            known = token in self._granted
            parts.append(f'error="{"insufficient_scope" if known else "invalid_token"}"')
        detail = [
            {"Type": "repository", "Class": "", "Name": path, "Action": action}
            for path, action in sorted(needed)
        ]
        refusal = failure("UNAUTHORIZED", detail=detail)
        return refusal.with_header("Www-Authenticate", f"Bearer {','.join(parts)}")

    def _give(self, request: Request) -> Answer:
        form = parse_qs(request.body.decode()) if request.method == "POST" else request.query
        if not self._may_log_in(request, form):
            return failure("UNAUTHORIZED", "incorrect username or password")
        allowed = None if self._knows(request, form) else self._anonymous
        token = secrets.token_urlsafe(24)
        self._granted[token] = frozenset(
            (path, action)
            for scope in " ".join(form.get("scope", ())).split()
            for path, action in _accesses(scope)
            if allowed is None or action in allowed
        )
        return success({"token": token, "access_token": token, "expires_in": 300})

    def _may_log_in(self, request: Request, form: dict[str, list[str]]) -> bool:
        presented = bool(login_in(request) or form.get("password") or form.get("refresh_token"))
        return not presented or self._knows(request, form)

    def _knows(self, request: Request, form: dict[str, list[str]]) -> bool:
        if form.get("refresh_token"):
            return [self._identity_token] == form["refresh_token"]
        in_form = tuple("".join(form.get(name, ())) for name in ("username", "password"))
        return self._login in (login_in(request), in_form)


def login_in(request: Request) -> tuple[str, str] | None:
    """User and password of a Basic ``Authorization``, if there is one."""
    scheme, _, value = request.header("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    user, _, password = base64.b64decode(value).decode().partition(":")
    return user, password


def _needed(request: Request) -> frozenset[Access]:
    """Reading needs pull, writing pull and push, and mounting pull of where the blob is."""
    found = _REPOSITORY.fullmatch(request.path)
    if found is None:
        return frozenset()
    actions = ("pull",) if request.method in ("GET", "HEAD") else ("pull", "push")
    origins = [(path, "pull") for path in request.query.get("from", ())]
    return frozenset([*((found[1], action) for action in actions), *origins])


def _scopes(needed: frozenset[Access]) -> str:
    by_path: dict[str, list[str]] = {}
    for path, action in sorted(needed):
        by_path.setdefault(path, []).append(action)
    return " ".join(f"repository:{path}:{','.join(by_path[path])}" for path in by_path)


def _accesses(scope: str) -> Iterator[Access]:
    if found := _SCOPE.fullmatch(scope):
        yield from ((found[1], action) for action in found[2].split(","))
