"""Where a command connects early: where its first requests go, by the rules for these."""

from functools import partial
from pathlib import Path

import pytest
from attrs import evolve

from manyfest.adapters.address_policy import AddressPolicy, Space
from manyfest.adapters.endpoint import (
    PLAIN,
    SECURE,
    UNVERIFIED,
    Certificates,
    Endpoint,
)
from manyfest.adapters.http_registry.transport.early_connections import Destination
from manyfest.adapters.registries_conf.rules import MirrorRule, RegistryRules, Rule
from manyfest.assembly.first_connections import FirstConnections
from manyfest.assembly.settings import Settings
from manyfest.domain.errors import BlockedError
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.references import Reference

TRUST = Certificates(("ca.crt",), (("me.cert", "me.key"),))


def planned(read="", written="", *, rules=(), insecure=False, known=None, jobs=32, **settings):
    """The destinations for references, in words that a blank separates."""
    these = RegistryRules(tuple(rules))
    chosen = Settings(Path("store"), Path("docker"), jobs=jobs, insecure=insecure, **settings)

    def endpoint(repository, *, mirror=False):
        is_insecure = these.is_insecure_mirror if mirror else these.is_insecure
        loose = is_insecure(repository) or (insecure and not mirror)
        return Endpoint(repository.registry, loose, TRUST)

    plan = FirstConnections(
        chosen,
        these.route,
        endpoint,
        partial(endpoint, mirror=True),
        lambda host, *, insecure: known and HostFacts(host, insecure, **known),
    )
    read, written = (map(Reference.parse, words.split()) for words in (read, written))
    return plan.plan(read, written)


def to(host, port, mode=SECURE, certificates=TRUST, policy=None):
    return Destination(host, port, mode, certificates, policy)


REGISTRIES = {
    "TLS": ("r.test/a:v", {}, [to("r.test", 443)]),
    "a port": ("r.test:5000/a:v", {}, [to("r.test", 5000)]),
    "docker's hub": ("alpine", {}, [to("registry-1.docker.io", 443)]),
    "this machine": ("localhost:5000/a:v", {}, [to("localhost", 5000, PLAIN)]),
    "IPv6": ("[::1]:5000/a:v", {}, [to("::1", 5000, PLAIN)]),
    "insecure": ("r.test/a:v", {"insecure": True}, [to("r.test", 443, UNVERIFIED)]),
    "known to be plain": (
        "r.test/a:v",
        {"insecure": True, "known": {"scheme": "http"}},
        [to("r.test", 80, PLAIN)],
    ),
    "known to be plain, and not allowed to": (
        "r.test/a:v",
        {"known": {"scheme": "http"}},
        [to("r.test", 443)],
    ),
    "this machine, known to speak TLS": (
        "127.0.0.1:5/a:v",
        {"known": {"scheme": "https"}},
        [to("127.0.0.1", 5)],
    ),
    "two references": (
        "r.test/a:v r.test/b:v s.test/a",
        {},
        [*[to("r.test", 443)] * 2, to("s.test", 443)],
    ),
    "more references than jobs": (
        "r.test/a r.test/b r.test/c",
        {"jobs": 2},
        [to("r.test", 443)] * 2,
    ),
    "a proxy": (
        "r.test/a 127.0.0.1:5/a",
        {"proxies": {"https_proxy": "p"}},
        [to("127.0.0.1", 5, PLAIN)],
    ),
    "no proxy": ("r.test/a", {"proxies": {"NO_PROXY": "x", "HTTP_PROXY": ""}}, [to("r.test", 443)]),
}


@pytest.mark.parametrize(("read", "settings", "expected"), REGISTRIES.values(), ids=REGISTRIES)
def test_the_registry_is_connected_to_as_the_first_request_would(read, settings, expected):
    assert list(planned(read, **settings)) == expected
    assert list(planned("", read, **settings)) == expected


def rule(**members):
    return Rule("r.test", "origin.test/x", "registries.conf", **members)


def test_a_mirror_is_connected_to_for_reads_alone():
    mirrored = rule(mirrors=(MirrorRule("mirror.test/x", insecure=True, by_digest=False),))
    read, written = "r.test/a:v", "r.test/a:list"
    assert planned(read, written, rules=[mirrored]) == (
        to("mirror.test", 443, UNVERIFIED),
        to("origin.test", 443),
    )
    assert planned(f"r.test/a@sha256:{'0' * 64}", rules=[mirrored]) == (to("origin.test", 443),)


def test_insecure_covers_no_mirror():
    mirrored = rule(mirrors=(MirrorRule("mirror.test/x"),))
    assert planned("r.test/a:v", rules=[mirrored], insecure=True) == (to("mirror.test", 443),)


def test_where_a_name_is_blocked_nothing_is_connected_to():
    with pytest.raises(BlockedError):
        planned("s.test/a r.test/a:v", rules=[rule(blocked=True)])


POLICY = AddressPolicy(None, frozenset({"r.test"}), "r.test")
TOKENS = to("tokens.test", 443, certificates=Certificates(("ca.crt",)), policy=POLICY)

REALMS = {
    "TLS": ("https://tokens.test/token", [TOKENS]),
    "a port": ("https://tokens.test:8443/token", [evolve(TOKENS, port=8443)]),
    "the registry's own": ("https://r.test/token", []),
    "a path of the registry's": ("/token", []),
    "plain HTTP": ("http://tokens.test/token", []),
    "a private address": ("https://10.0.0.1/token", []),
    "this machine": ("https://localhost/token", []),
    "an address of a cloud": ("https://169.254.169.254/token", []),
    "nonsense": ("token", []),
    "none": ("", []),
}


@pytest.mark.parametrize(("realm", "expected"), REALMS.values(), ids=REALMS)
def test_a_remembered_token_server_is_connected_to_where_it_would_be_asked(realm, expected):
    made = planned("r.test/a:v", known={"scheme": "https", "realm": realm})
    assert list(made) == [to("r.test", 443), *expected]


def test_a_token_server_behind_a_proxy_is_not_connected_to():
    known = {"scheme": "https", "realm": "https://tokens.test/token"}
    made = planned("127.0.0.1:5/a:v", known=known, proxies={"HTTPS_PROXY": "p"})
    assert made == (to("127.0.0.1", 5),)


def test_a_token_server_waits_until_it_is_known_that_nothing_goes_in_the_clear():
    known = {"scheme": "http", "realm": "https://tokens.test/token"}
    assert planned("r.test/a:v", known=known, insecure=True) == (to("r.test", 80, PLAIN),)


def test_a_token_server_of_this_machines_registry_may_be_on_it():
    known = {"scheme": "https", "realm": "https://localhost:6/token"}
    _, tokens = planned("127.0.0.1:5/a:v", known=known)
    assert (tokens.host, tokens.port) == ("localhost", 6)
    assert tokens.policy == AddressPolicy(Space.LOOPBACK, frozenset({"127.0.0.1"}))


def test_insecure_covers_other_ports_of_the_registrys_host():
    known = {"scheme": "https", "realm": "https://r.test:8443/token"}
    _, tokens = planned("r.test/a:v", known=known, insecure=True)
    assert tokens == to("r.test", 8443, UNVERIFIED)
