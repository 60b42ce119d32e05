"""Redirects, uploads and token servers: at which addresses they may be.

``registry.test`` is public, since a proxy reaches it; all other names are looked up and are at
127.0.0.1, unless a test says otherwise.
"""

import contextlib
import socket

import pytest

from manyfest.adapters.address_policy import AddressPolicy, Space
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import Endpoint
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.http_registry.transport.keep_alive import KeepAlivePolicy
from manyfest.adapters.http_registry.transport.network_backend import DeadlineBackend
from manyfest.adapters.http_registry.transport.proxies import Proxies
from manyfest.adapters.http_registry.transport.sockets import ForbiddenAddressError
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ProtocolError
from manyfest.domain.references import Reference
from tests.support.http.forward_proxy import ForwardProxy
from tests.unit.adapters.http_registry.answers import LIST, fine

PUBLIC = "registry.test"
BLOB = b"a layer"


@pytest.fixture
def addresses(monkeypatch):
    """The addresses of names, in the order of look-ups; the last one stays."""
    table = {}

    def look_up(host, port, *rest, **options):
        known = table.get(host, ["127.0.0.1"]) if host.endswith(".test") else [host]
        address = known.pop(0) if len(known) > 1 else known[0]
        return real(address, port, *rest, **options)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


@pytest.fixture
def public(addresses):
    """Opens a registry over HTTP whose host ``registry.test`` is served by ``server``."""
    with contextlib.ExitStack() as stack:

        def opened(server, *known, also=None, direct=("direct.test",)):
            proxy = ForwardProxy({f"{PUBLIC}:80": server.host, PUBLIC: server.host} | (also or {}))
            stack.enter_context(proxy)
            variables = {"HTTP_PROXY": f"http://{proxy.host}", "NO_PROXY": ",".join(direct)}
            return stack.enter_context(
                HttpRegistry(
                    Deadline(20, jitter=lambda: -1.4),
                    endpoint_for=lambda home: Endpoint(
                        home.registry, insecure=True, known_hosts=frozenset(known)
                    ),
                    proxies=Proxies.from_variables(variables),
                    tries=1,
                )
            )

        yield opened


def the_list(host=PUBLIC):
    return Reference.parse(f"{host}/t/app:v1")


def port(server):
    return server.host.rpartition(":")[2]


def redirecting(reply, url):
    return lambda *_: reply(307, location=url)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "localhost", "direct.test"])
def test_a_public_registry_does_not_redirect_us_to_this_machine(serve, reply, public, host):
    local = serve(lambda *_: fine(reply))
    url = f"http://{host}:{port(local)}/latest/meta-data"
    registry = public(serve(redirecting(reply, url)), direct=("127.1", "2130706433", "direct.test"))
    with pytest.raises(ProtocolError, match=f"{PUBLIC} redirects to {host}.*a loopback") as caught:
        registry.get_manifest(the_list())
    assert f"MANYFEST_PRIVATE_HOSTS={host} allows it" in str(caught.value)
    assert local.requests == []


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "0x0a.1"])
def test_a_proxy_is_not_asked_for_an_address_that_is_not_public(serve, reply, public, host):
    local = serve(lambda *_: fine(reply))
    registry = public(serve(redirecting(reply, f"http://{host}/x")), also={host: local.host})
    with pytest.raises(ProtocolError, match="redirects to"):
        registry.get_manifest(the_list())
    assert local.requests == []


def test_a_public_registry_does_not_let_us_upload_to_this_machine(serve, reply, public):
    local = serve(lambda *_: reply(201))
    server = serve(lambda *_: reply(202, location=f"http://direct.test:{port(local)}/admin?x=1"))
    blob = Reference.parse(f"{PUBLIC}/t/app@{Digest.of(BLOB)}")
    with pytest.raises(ProtocolError, match="redirects to direct.test"):
        public(server).write_blob(blob, len(BLOB), lambda: contextlib.nullcontext(iter([BLOB])))
    assert local.requests == []


def test_a_public_registry_names_no_token_server_on_this_machine(serve, reply, public):
    local = serve(lambda *_: reply(200, b'{"token": "t"}'))
    realm = f'Bearer realm="http://direct.test:{port(local)}/token"'
    server = serve(lambda *_: reply(401, www_authenticate=realm))
    with pytest.raises(ProtocolError, match="redirects to direct.test"):
        public(server).get_manifest(the_list())
    assert local.requests == []


def test_a_person_may_allow_a_host(serve, reply, public):
    local = serve(lambda *_: fine(reply))
    server = serve(redirecting(reply, f"http://direct.test:{port(local)}/x"))
    assert public(server, "direct.test").get_manifest(the_list()).data == LIST.data


def test_another_port_of_the_registrys_host_is_allowed(serve, reply, public):
    local = serve(lambda *_: fine(reply))
    server = serve(redirecting(reply, f"http://direct.test:{port(local)}/x"))
    registry = public(server)
    assert registry.get_manifest(the_list(f"direct.test:{port(server)}")).data == LIST.data


def test_a_registry_on_this_machine_may_send_us_to_a_name_on_it(serve, reply, public):
    local = serve(lambda *_: fine(reply))
    server = serve(redirecting(reply, f"http://direct.test:{port(local)}/x"))
    assert public(server).get_manifest(the_list(server.host)).data == LIST.data


def test_each_hop_is_judged_by_the_server_that_names_it(serve, reply, public):
    local = serve(lambda *_: fine(reply))
    middle = serve(redirecting(reply, f"http://direct.test:{port(local)}/x"))
    server = serve(redirecting(reply, "http://public.test/x"))
    registry = public(server, also={"public.test": middle.host})
    with pytest.raises(ProtocolError, match="redirects to direct.test"):
        registry.get_manifest(the_list(server.host))
    assert (len(middle.requests), local.requests) == (1, [])


def test_a_kept_connection_is_no_way_round(serve, reply, public):
    local = serve(lambda *_: fine(reply))
    there = f"http://direct.test:{port(local)}/x"
    middle = serve(redirecting(reply, there))

    def answer(request, _):
        is_first = "v1" in request.target
        return reply(307, location=there if is_first else "http://public.test/x")

    server = serve(answer)
    registry = public(server, also={"public.test": middle.host})
    assert registry.get_manifest(the_list(server.host)).data == LIST.data
    with pytest.raises(ProtocolError, match="redirects to direct.test"):
        registry.get_manifest(Reference.parse(f"{server.host}/t/app:v2"))
    assert len(local.requests) == 1


def test_a_name_that_leads_elsewhere_the_next_time_is_judged_again(serve, reply, addresses, public):
    local = serve(lambda *_: reply(307, location="/y", connection="close"))
    addresses["direct.test"] = ["127.0.0.1", "169.254.169.254"]
    server = serve(redirecting(reply, f"http://direct.test:{port(local)}/x"))
    with pytest.raises(ProtocolError, match="169.254.169.254.*a metadata address"):
        public(server).get_manifest(the_list(server.host))


@pytest.mark.parametrize(("registry_at", "is_permitted"), [("127.0.0.1", True), ("8.8.8.8", False)])
def test_a_registry_that_was_not_asked_yet_is_looked_up(
    serve, reply, addresses, registry_at, is_permitted
):
    local = serve(lambda *_: fine(reply))
    addresses["registry.test"] = [registry_at]
    policy = AddressPolicy(None, sender_name="registry.test")
    backend = DeadlineBackend(Deadline(20), KeepAlivePolicy(), policy)
    expected = contextlib.nullcontext() if is_permitted else pytest.raises(ForbiddenAddressError)
    with expected:
        backend.connect_tcp("tokens.test", int(port(local))).close()
    assert local.connections <= is_permitted  # a connection may be counted later


def test_the_first_of_several_forbidden_addresses_is_named(serve, reply, monkeypatch):
    local = serve(lambda *_: fine(reply))
    found = [(socket.AF_INET, 1, 6, "", (at, int(port(local)))) for at in ("10.0.0.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    policy = AddressPolicy(Space.LINK_LOCAL)
    with pytest.raises(ForbiddenAddressError) as caught:
        DeadlineBackend(Deadline(20), KeepAlivePolicy(), policy).connect_tcp("a.test", 80)
    assert (caught.value.address, local.connections) == ("10.0.0.1", 0)


@pytest.mark.parametrize(
    "location",
    {
        "too long": "/" + "a" * 60_000,
        "a long host": "http://" + "a" * 400 + "/",
        "a host that is not ASCII": "http://\u0661\u0661/",
        "without a scheme": "//\u0661/",
        "with an empty scheme": ":" + "//\u0661/",
    }.values(),
)
def test_a_url_that_no_server_needs_reaches_no_library(serve, reply, registry, location):
    server = serve(lambda *_: reply(307, location=location.encode().decode("latin-1")))
    with pytest.raises(ProtocolError, match="an unusable address"):
        registry.get_manifest(the_list(server.host))
    assert len(server.requests) == 1
