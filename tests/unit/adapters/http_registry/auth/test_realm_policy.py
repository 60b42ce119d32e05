"""Token servers that may be asked, and those that may get credentials."""

import pytest

from manyfest.adapters.endpoint import Endpoint
from manyfest.adapters.http_registry.auth.realm_policy import validate_realm
from manyfest.domain.errors import CredentialsError

HUB, OWN, LOCAL, ADDRESS = "docker.io", "reg.example.com", "127.0.0.1:5000", "10.1.2.3:5000"

# registry host, realm, whether over plain HTTP; then: may be asked, may get a secret
RULES = {
    "same host": (OWN, "https://reg.example.com/token", False, True, True),
    "same host, other port": (OWN, "https://reg.example.com:8443/token", False, True, True),
    "same host in capitals": (OWN, "https://REG.example.COM/token", False, True, True),
    "same domain": (OWN, "https://auth.example.com/token", False, True, True),
    "the hub's": (HUB, "https://auth.docker.io/token", False, True, True),
    "parent domain": ("registry.gitlab.com", "https://gitlab.com/jwt/auth", False, True, True),
    "another domain": (OWN, "https://evil.example/token", False, True, False),
    "a public suffix is no domain": ("a.co.uk", "https://b.co.uk/token", False, True, False),
    "a private suffix neither": ("a.github.io", "https://b.github.io/t", False, True, False),
    "look-alike behind": (OWN, "https://reg.example.com.evil.net/t", False, True, False),
    "look-alike before": (OWN, "https://evilexample.com/t", False, True, False),
    "userinfo": (OWN, "https://reg.example.com@evil.net/t", False, False, False),
    "a fragment": (OWN, "https://reg.example.com/token#x", False, False, False),
    "an empty fragment": (OWN, "https://reg.example.com/token#", False, False, False),
    "trailing dot": (OWN, "https://auth.example.com./t", False, False, False),
    "backslash": (OWN, "https://evil.net\\@reg.example.com/t", False, False, False),
    "plain http": (OWN, "http://reg.example.com/token", False, False, False),
    "plain http, as the registry": (OWN, "http://reg.example.com/token", True, True, True),
    "loopback for a public registry": (OWN, "https://127.0.0.1/t", False, False, False),
    "localhost for a public registry": (OWN, "https://localhost/t", False, False, False),
    "loopback for loopback": (LOCAL, "http://127.0.0.1:5001/t", True, True, True),
    "localhost for loopback": (LOCAL, "http://localhost:5001/t", True, True, True),
    "IPv6 loopback for loopback": (LOCAL, "http://[::1]:5001/t", True, True, True),
    "a name of its own for loopback": (LOCAL, "https://auth.example.com/t", True, True, False),
    "private address": (OWN, "https://10.0.0.1/t", False, False, False),
    "private address, the registry's own": (ADDRESS, "https://10.1.2.3/t", False, True, True),
    "private address, not its own": (ADDRESS, "https://10.1.2.4/t", False, False, False),
    "addresses have no domain": ("1.1.2.3", "https://9.9.2.3/t", False, True, False),
    "link-local": (OWN, "https://169.254.169.254/t", False, False, False),
    "unspecified": (OWN, "https://0.0.0.0/t", False, False, False),
    "IPv6 unspecified": (OWN, "https://[::]/t", False, False, False),
    "IPv4 in IPv6": (OWN, "https://[::ffff:10.0.0.1]/t", False, False, False),
    "decimal address": (OWN, "https://2130706433/t", False, False, False),
    "hexadecimal address": (OWN, "https://0x7f.1/t", False, False, False),
    "octal address": (OWN, "https://0177.0.0.1/t", False, False, False),
    "short address": (OWN, "https://127.1/t", False, False, False),
    "public address": (OWN, "https://9.9.9.9/t", False, True, False),
    "file": (OWN, "file:///etc/passwd", False, False, False),
    "gopher": (OWN, "gopher://reg.example.com/", False, False, False),
    "a path": (OWN, "/token", False, True, True),
    "a path, over plain HTTP": (LOCAL, "/token?x=y", True, True, True),
    "a path of the hub": (HUB, "/token", False, True, True),
    "a server without a scheme": (OWN, "//auth.example.com/token", False, True, True),
    "another without a scheme": (OWN, "//evil.example/token", False, True, False),
    "loopback without a scheme": (OWN, "//127.0.0.1/token", False, False, False),
    "a path with a backslash": (OWN, "/\\evil.example/token", False, False, False),
    "slashes alone": (OWN, "///token", False, False, False),
    "a word": (OWN, "token", False, False, False),
    "empty": (OWN, "", False, False, False),
    "no host": (OWN, "https:///token", False, False, False),
    "bad port": (OWN, "https://reg.example.com:99999/t", False, False, False),
    "control character": (OWN, "https://reg.example.com/\r\nX: y", False, False, False),
    "endless": (OWN, "https://reg.example.com/" + "x" * 2**20, False, False, False),
}


@pytest.mark.parametrize(("host", "realm", "plain", "asked", "trusted"), RULES.values(), ids=RULES)
def test_token_servers_are_asked_and_trusted_by_rule(host, realm, plain, asked, trusted):
    def is_allowed(*, with_secret):
        try:
            validate_realm(realm, Endpoint(host), registry_is_plain=plain, with_secret=with_secret)
        except CredentialsError as error:
            message = str(error)
            assert host in message
            assert len(message) < 400
            assert message.isprintable()
            return False
        return True

    assert (is_allowed(with_secret=False), is_allowed(with_secret=True)) == (asked, trusted)


RELATIVE = {
    "https": (OWN, "/token", False, "https://reg.example.com/token"),
    "http with a port": (LOCAL, "/t?a=b", True, "http://127.0.0.1:5000/t?a=b"),
    "the hub's API": (HUB, "/token", False, "https://registry-1.docker.io/token"),
    "without a scheme": (OWN, "//auth.example.com/t", False, "https://auth.example.com/t"),
}


@pytest.mark.parametrize(("host", "realm", "plain", "url"), RELATIVE.values(), ids=RELATIVE)
def test_a_relative_realm_is_the_registry_s_own(host, realm, plain, url):
    found = validate_realm(realm, Endpoint(host), registry_is_plain=plain, with_secret=False)
    assert found.url == url


def test_the_refusal_names_the_realm():
    with pytest.raises(CredentialsError, match=r"'https://evil\.example/token'"):
        validate_realm(
            "https://evil.example/token", Endpoint(OWN), registry_is_plain=False, with_secret=True
        )
