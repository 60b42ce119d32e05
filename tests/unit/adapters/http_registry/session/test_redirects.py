"""Redirects: followed for GET and HEAD, without secrets to another origin."""

import base64
import re

import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.access import Credentials
from manyfest.domain.errors import ProtocolError, UnreachableError
from tests.unit.adapters.http_registry.answers import LIST, SECRET, fine, tag, with_basic


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_port_takes_nothing_of_ours_along(serve, reply, status):
    sink = serve(lambda *_: fine(reply, set_cookie="a=b"))

    def answer(request, _):
        asked = with_basic(reply)(request)
        return asked or reply(status, location=f"http://{sink.host}/there", set_cookie="c=d")

    server = serve(answer)
    with HttpRegistry(
        Deadline(20), account=RegistryAuth(lambda _: Credentials("u", SECRET))
    ) as registry:
        assert registry.get_manifest(tag(server)).data == LIST.data
        registry.get_manifest(tag(server))
    assert base64.b64encode(f"u:{SECRET}".encode()).decode() in str(server.requests[1].headers)
    for request in sink.requests:
        names = {"host", "accept", "accept-encoding", "user-agent"}
        assert set(request.headers) == names


@pytest.mark.parametrize(
    ("location", "requests"),
    {
        "round and round": ("/v2/t/app/manifests/v1", 11),
        "a file": ("file:///etc/passwd", 1),
        "ftp": ("ftp://127.0.0.1/x", 1),
        "nowhere": ("", 1),
        "userinfo": ("http://u:p@127.0.0.1/x", 1),
        "no URL": ("http://[", 1),
    }.values(),
)
def test_redirects_that_lead_nowhere_are_refused(serve, reply, registry, location, requests):
    server = serve(lambda *_: reply(307, location=location))
    with pytest.raises(ProtocolError, match=re.escape(server.host)):
        registry.get_manifest(tag(server))
    assert len(server.requests) == requests


def test_ten_redirects_are_followed(serve, reply, registry):
    def answer(*_):
        hop = len(server.requests)
        return fine(reply) if hop > 10 else reply(307, location=f"/{hop}")

    server = serve(answer)
    assert registry.get_manifest(tag(server)).data == LIST.data


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_put_is_no_success(serve, reply, registry, status):
    server = serve(
        lambda request, _: (
            reply(status, location="/login") if request.method == "PUT" else reply(200)
        )
    )
    words = rf"{server.host} redirects writes to http://{server.host} \({status}\), which are not"
    with pytest.raises(ProtocolError, match=words):
        registry.put_manifest(tag(server), LIST)
    assert [request.method for request in server.requests] == ["PUT"]


def test_a_redirect_to_where_nobody_answers_is_told_with_who_sent_us_there(serve, reply, registry):
    server = serve(lambda *_: reply(307, location="http://127.0.0.1:1/x"))
    words = f"{server.host} redirects: cannot reach 127.0.0.1:1: connection refused"
    with pytest.raises(UnreachableError, match=words):
        registry.get_manifest(tag(server))


def test_a_redirected_write_names_where_it_was_to_go(serve, reply, registry):
    server = serve(lambda *_: reply(308, location="https://user:pw@new.example:8443/v2/x?secret=1"))
    words = rf"{server.host} redirects writes to https://new.example:8443 \(308\)"
    with pytest.raises(ProtocolError, match=words) as error:
        registry.put_manifest(tag(server), LIST)
    assert "secret" not in str(error.value)
    assert "pw" not in str(error.value)
