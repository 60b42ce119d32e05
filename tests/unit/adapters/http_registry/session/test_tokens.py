"""Tokens: fetched once, sent pre-emptively, renewed when refused, and given up in the end."""

import json
import re
import threading
import time

import pytest

from manyfest.domain.errors import UnauthorizedError
from tests.unit.adapters.http_registry.answers import fine, tag


class TokenRegistry:
    """A registry that is its own token server: each token is good until it is withdrawn."""

    def __init__(self, reply, life=300):
        self._reply = reply
        self._life = life
        self.valid = set()
        self.host = ""
        self.given = 0
        self._lock = threading.Lock()

    def __call__(self, request, _):
        if request.target.startswith("/token"):
            with self._lock:
                self.given += 1
                token = f"token-{self.given}"
                self.valid.add(token)
            time.sleep(0.05)
            return self._reply(200, json.dumps({"token": token, "expires_in": self._life}).encode())
        if request.headers.get("authorization", "").removeprefix("Bearer ") in self.valid:
            return fine(self._reply)
        challenge = (
            f'Bearer realm="http://{self.host}/token",service="s",scope="repository:t/app:pull"'
        )
        return self._reply(401, www_authenticate=challenge)


def test_sixteen_threads_ask_for_one_token(serve, reply, registry):
    app = TokenRegistry(reply)
    server = serve(app)
    app.host = server.host
    threads = [
        threading.Thread(target=registry.get_manifest, args=(tag(server, name=f"v{number}"),))
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert app.given == 1


def test_a_token_is_sent_in_advance_and_renewed_when_it_is_refused(serve, reply, registry):
    app = TokenRegistry(reply)
    server = serve(app)
    app.host = server.host
    registry.get_manifest(tag(server))
    registry.get_manifest(tag(server))
    assert len(server.seen("GET", "manifests")) == 3
    app.valid.clear()
    registry.get_manifest(tag(server))
    assert len(server.seen("GET", "manifests")) == 5
    assert app.given == 2


def test_tokens_that_are_never_good_end_the_asking(serve, reply, registry):
    app = TokenRegistry(reply)
    server = serve(lambda request, connection: app.valid.clear() or app(request, connection))
    app.host = server.host
    with pytest.raises(UnauthorizedError, match=re.escape(server.host)):
        registry.get_manifest(tag(server))
    assert len(server.seen("GET", "manifests")) == 3
    assert len(server.seen("GET", "token")) == 2
