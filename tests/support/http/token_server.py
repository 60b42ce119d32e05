"""A token server whose tokens the real distribution registry takes (distribution, token/jwt.md)."""

import base64
import json
import subprocess
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from attrs import field, frozen

from tests.support.http.certificates import Certificate
from tests.support.http.http_messages import Answer, Request
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_answers import success
from tests.support.http.registry_auth import login_in
from tests.support.programs.docker_registry import TokenRules
from tests.support.programs.programs import require_program

_PATH = "/token"
_SERVICE = "registry.test"
_ISSUER = "issuer.test"
_LEEWAY = 60  # seconds for which distribution still takes a token that has expired


@frozen
class Rules:
    """Whom it knows, and what its tokens are like.

    Strangers get ``anonymous`` actions, others what they ask for. ``lives`` are how many seconds
    the registry takes each token, the last for all that follow; ``tells`` is whether
    ``expires_in`` says how long.
    """

    login: tuple[str, str] = ("user", "secret")
    identity_token: str = ""
    anonymous: frozenset[str] = frozenset({"pull"})
    lives: tuple[int, ...] = (300,)
    tells: bool = True


@frozen
class Asked:
    """One token request: who asked, and for which scopes."""

    user: str
    scopes: tuple[str, ...]
    request: Request = field(repr=False)


class TokenServer:
    """Serves tokens signed with the key of ``signer`` while its block lasts."""

    def __init__(self, signer: Certificate, rules: Rules = Rules()) -> None:
        self.asked: list[Asked] = []
        self._signer = signer
        self._rules = rules
        self._server = HttpServer(self._answer)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def trust(self) -> TokenRules:
        """The settings by which a registry accepts this server's tokens."""
        return TokenRules(f"{self._server.url}{_PATH}", _SERVICE, _ISSUER, self._signer.file)

    def token(self, *scopes: str, lives: int = 300) -> str:
        """A token for these scopes, such as a registry token in docker's configuration."""
        return self._signed([access for text in scopes for access in _accesses(text, None)], lives)

    def _answer(self, request: Request) -> Answer:
        form = parse_qs(request.body.decode()) if request.method == "POST" else request.query
        user = self._user(request, form)
        if user is None:
            return Answer(401, b'{"errors": [{"code": "UNAUTHORIZED"}]}')
        scopes = tuple(" ".join(form.get("scope", ())).split())
        lives = self._rules.lives[min(len(self.asked), len(self._rules.lives) - 1)]
        self.asked.append(Asked(user, scopes, request))
        allowed = None if user else self._rules.anonymous
        granted = [access for text in scopes for access in _accesses(text, allowed)]
        answer = {"token": self._signed(granted, lives)}
        if self._rules.tells:
            answer["expires_in"] = lives
        return success(answer)

    def _user(self, request: Request, form: Mapping[str, list[str]]) -> str | None:
        """Empty for a stranger, None for who claims to be somebody and is not."""
        rules, login = self._rules, login_in(request)
        if form.get("refresh_token"):
            return rules.login[0] if form["refresh_token"] == [rules.identity_token] else None
        if login is None:
            return ""
        return login[0] if login == rules.login else None

    def _signed(self, access: list[dict[str, object]], lives: int) -> str:
        now = int(time.time())
        der = subprocess.run(
            [require_program("openssl"), "x509", "-in", self._signer.file, "-outform", "DER"],
            check=True,
            capture_output=True,
        ).stdout
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        claims = {
            "iss": _ISSUER,
            "sub": "",
            "aud": _SERVICE,
            "exp": now + lives - _LEEWAY,
            "nbf": now - 3600,
            "iat": now - 3600,
            "jti": f"{time.monotonic_ns()}",
            "access": access,
        }
        payload = f"{_encoded(header)}.{_encoded(claims)}"
        return f"{payload}.{_base64url(self._signature(payload.encode()))}"

    def _signature(self, payload: bytes) -> bytes:
        """ES256: the two numbers that openssl puts into ASN.1, 32 bytes each (RFC 7518 §3.4)."""
        command = [require_program("openssl"), "dgst", "-sha256", "-sign", self._signer.key]
        signed = subprocess.run(command, input=payload, check=True, capture_output=True).stdout
        length = signed[3]
        numbers = signed[4 : 4 + length], signed[6 + length :]
        return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in numbers)


def _accesses(scope: str, allowed: frozenset[str] | None) -> list[dict[str, object]]:
    resource, _, actions = scope.rpartition(":")
    kind, _, name = resource.partition(":")
    granted = [a for a in actions.split(",") if allowed is None or a in allowed]
    return [{"type": kind, "name": name, "actions": granted}]


def _encoded(document: object) -> str:
    return _base64url(json.dumps(document).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
