"""Error responses: one short line with the registry's words, and without secrets."""

import base64
import gzip

import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.errors import RefusedError, UnauthorizedError
from tests.unit.adapters.http_registry.answers import SECRET, tag, with_basic


def test_wrong_credentials_are_named_by_file_and_never_shown(serve, reply):
    def answer(request, _):
        echoed = request.headers.get("authorization", "").encode()
        return reply(401, echoed + SECRET.encode(), www_authenticate='Basic realm="r"')

    server = serve(answer)
    wrong = Credentials("u", SECRET, source=CredentialSource("/home/u/config.json"))
    with (
        HttpRegistry(Deadline(20), account=RegistryAuth(lambda _: wrong)) as registry,
        pytest.raises(
            UnauthorizedError, match=r"from /home/u/config\.json were rejected"
        ) as caught,
    ):
        registry.get_manifest(tag(server))
    assert SECRET not in str(caught.value)
    assert len(server.requests) == 2


def test_a_registry_that_echoes_secrets_does_not_get_them_shown(serve, reply):
    def answer(request, _):
        asked = with_basic(reply)(request)
        return asked or reply(400, f"{request.headers['authorization']} {SECRET}".encode())

    server = serve(answer)
    with (
        HttpRegistry(
            Deadline(20), account=RegistryAuth(lambda _: Credentials("u", SECRET))
        ) as registry,
        pytest.raises(RefusedError) as caught,
    ):
        registry.get_manifest(tag(server))
    assert SECRET not in str(caught.value)
    assert base64.b64encode(f"u:{SECRET}".encode()).decode() not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "shown"),
    {
        "no errors member": (b'{"message": "x"}', "(400 Bad Request): x"),
        "nothing that we know": (b'{"path": "x"}', '{"path": "x"}'),
        "errors null": (b'{"errors": null}', '{"errors": null}'),
        "errors of texts": (b'{"errors": ["x", "y"]}', "(400 Bad Request): x; y"),
        "errors as one text": (b'{"errors": "boom"}', '{"errors": "boom"}'),
        "errors as one object": (b'{"errors": {"code": "X"}}', '{"errors": {"code": "X"}}'),
        "errors, and more": (b'{"errors": [null, {"code": "X"}, 1]}', "(400 Bad Request): X"),
        "deep": (b"[" * 10000, "[" * 50),
        "empty": (b"", "refused (400 Bad Request)"),
        "plain text": (b"404 page\r\nnot found\n", "404 page not found"),
        "not UTF-8": (b"\xff\xfe", "\ufffd"),
        "endless": (b"x" * 10**6, "x" * 299 + "…"),
    }.values(),
)
def test_any_error_body_makes_one_short_line(serve, reply, registry, body, shown):
    server = serve(lambda *_: reply(400, body, content_type="application/json"))
    with pytest.raises(RefusedError) as caught:
        registry.get_manifest(tag(server))
    assert shown in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_compressed_error_says_nothing_that_a_person_could_read(serve, reply, registry):
    body = gzip.compress(b'{"errors": [{"code": "DENIED"}]}')
    server = serve(lambda *_: reply(400, body, content_encoding="gzip"))
    with pytest.raises(RefusedError, match="a compressed body that was not asked for"):
        registry.get_manifest(tag(server))
