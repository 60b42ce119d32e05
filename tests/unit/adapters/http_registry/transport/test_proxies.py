"""The proxy for a URL, by the rules of Go's httpproxy."""

import pytest

from manyfest.adapters.http_registry.transport import proxies
from manyfest.adapters.http_registry.transport.proxies import Proxies, Proxy
from manyfest.domain.errors import ConfigError

PROXY = Proxy("proxy.test", 3128)
WEB = {"HTTP_PROXY": "http://proxy.test:3128", "HTTPS_PROXY": "http://proxy.test:3128"}


@pytest.fixture(autouse=True)
def _with_socksio(monkeypatch):
    monkeypatch.setattr(proxies, "find_spec", lambda name: name)


def between(variables, scheme="https", host="reg.example.com", port=443):
    return Proxies.from_variables(variables).proxy_for(scheme, host, port)


VARIABLES = {
    "none": ({}, "https", None),
    "for https": ({"HTTPS_PROXY": "http://proxy.test:3128"}, "https", PROXY),
    "for http": ({"HTTP_PROXY": "http://proxy.test:3128"}, "http", PROXY),
    "https is not http": ({"HTTP_PROXY": "http://proxy.test:3128"}, "https", None),
    "http is not https": ({"HTTPS_PROXY": "http://proxy.test:3128"}, "http", None),
    "lower case": ({"https_proxy": "http://proxy.test:3128"}, "https", PROXY),
    "upper before lower": (
        {"https_proxy": "http://other.test", "HTTPS_PROXY": "http://proxy.test:3128"},
        "https",
        PROXY,
    ),
    "empty is unset": (
        {"https_proxy": "http://proxy.test:3128", "HTTPS_PROXY": ""},
        "https",
        PROXY,
    ),
    "without scheme": ({"HTTPS_PROXY": "proxy.test:3128"}, "https", PROXY),
    "without port": ({"HTTPS_PROXY": "http://proxy.test"}, "https", Proxy("proxy.test", 80)),
    "with login": (
        {"HTTPS_PROXY": "http://me:p%40ss@proxy.test:3128/"},
        "https",
        Proxy("proxy.test", 3128, ("me", "p@ss")),
    ),
    "by TLS": (
        {"HTTPS_PROXY": "https://proxy.test"},
        "https",
        Proxy("proxy.test", 443, scheme="https"),
    ),
    "SOCKS": (
        {"HTTPS_PROXY": "socks5://me:p%40ss@proxy.test"},
        "https",
        Proxy("proxy.test", 1080, ("me", "p@ss"), "socks5"),
    ),
    "SOCKS that looks up names": (
        {"HTTP_PROXY": "socks5h://proxy.test:9050"},
        "http",
        Proxy("proxy.test", 9050, scheme="socks5h"),
    ),
    "ALL_PROXY is not Go's": ({"ALL_PROXY": "http://proxy.test:3128"}, "https", None),
}


@pytest.mark.parametrize(("variables", "scheme", "proxy"), VARIABLES.values(), ids=VARIABLES)
def test_the_variable_of_the_scheme_decides(variables, scheme, proxy):
    assert between(variables, scheme) == proxy


LOOPBACK = ["localhost", "reg.localhost", "127.0.0.1", "127.9.9.9", "::1"]


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loopback_is_never_asked_of_a_proxy(host, scheme):  # T32
    assert between(WEB, scheme, host) is None


# NO_PROXY, host, port, whether the proxy is left out.
EXEMPTIONS = {
    "all": ("*", "reg.example.com", 443, True),
    "all among others": ("a.test, *", "reg.example.com", 443, True),
    "the name": ("reg.example.com", "reg.example.com", 443, True),
    "letter case": ("REG.Example.com", "reg.EXAMPLE.com", 443, True),
    "below the name": ("example.com", "reg.example.com", 443, True),
    "not a part of the last label": ("ample.com", "reg.example.com", 443, False),
    "a leading dot is for those below": (".example.com", "reg.example.com", 443, True),
    "a leading dot is not for itself": (".example.com", "example.com", 443, False),
    "a star is a leading dot": ("*.example.com", "reg.example.com", 443, True),
    "a star is not for itself": ("*.example.com", "example.com", 443, False),
    "the port": ("example.com:5000", "reg.example.com", 5000, True),
    "another port": ("example.com:5000", "reg.example.com", 443, False),
    "blanks and empty entries": (" , reg.example.com ,", "reg.example.com", 443, True),
    "an address": ("10.0.0.1", "10.0.0.1", 443, True),
    "an ending of an address, as Go has it": ("0.0.1", "10.0.0.1", 443, True),
    "an address and its port": ("10.0.0.1:5000", "10.0.0.1", 5000, True),
    "an address and another port": ("10.0.0.1:5000", "10.0.0.1", 443, False),
    "a network": ("10.0.0.0/8", "10.1.2.3", 443, True),
    "outside of the network": ("10.0.0.0/8", "11.1.2.3", 443, False),
    "a network with host bits": ("10.9.9.9/8", "10.1.2.3", 443, True),
    "names are not looked up": ("10.0.0.0/8", "ten.example.com", 443, False),
    "IPv6": ("2001:db8::1", "2001:db8::1", 443, True),
    "IPv6 with port": ("[2001:db8::1]:5000", "2001:db8::1", 5000, True),
    "IPv6 with another port": ("[2001:db8::1]:5000", "2001:db8::1", 443, False),
    "an IPv6 network": ("2001:db8::/32", "2001:db8::1", 443, True),
    "nonsense": ("a/b, :80, ///, [", "reg.example.com", 443, False),
}


@pytest.mark.parametrize(("text", "host", "port", "left_out"), EXEMPTIONS.values(), ids=EXEMPTIONS)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_lists_who_is_reached_without(variable, text, host, port, left_out):
    assert between({**WEB, variable: text}, "https", host, port) == (None if left_out else PROXY)


BROKEN = {
    "no host": "http://",
    "no port": "http://proxy.test:canary",
    "port too large": "http://proxy.test:99999",
    "an older SOCKS": "socks4://me:canary@proxy.test",
    "a SOCKS proxy without a host": "socks5://me:canary@",
    "a file": "file:///canary",
}


@pytest.mark.parametrize("url", BROKEN.values(), ids=BROKEN)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable_and_not_shown(url):
    with pytest.raises(ConfigError, match=r"^https_proxy: ") as caught:
        between({"https_proxy": url})
    assert "canary" not in str(caught.value)


def test_a_broken_proxy_is_no_matter_where_none_is_needed():
    assert between({"HTTPS_PROXY": "socks4://x", "NO_PROXY": "example.com"}) is None


def test_logins_are_not_shown():
    made = Proxies.from_variables({"HTTPS_PROXY": "http://me:canary@proxy.test:3128"})
    assert "canary" not in repr((made, made.proxy_for("https", "reg.example.com", 443)))
