"""Proxies: the one for a server, by the environment variables and rules of Go's programs.

``HTTPS_PROXY`` is for https, ``HTTP_PROXY`` for http, and ``NO_PROXY`` lists servers that need none
(golang.org/x/net/http/httpproxy, which docker and podman use). Loopback is never asked of a proxy.
``ALL_PROXY`` is not read, as in Go.
"""

import ipaddress
from collections.abc import Mapping
from importlib.util import find_spec
from urllib.parse import SplitResult, unquote, urlsplit

import httpcore
from attr import field

from manyfest.adapters.endpoint import is_loopback
from manyfest.domain.errors import ConfigError
from manyfest.domain.values import frozen

# Each also in lower case, which counts where the upper case is not set.
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

PROXY_WANTS_LOGIN = 407  # RFC 9110 §15.5.8

_EVERYONE = "*"

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


# By scheme of a proxy's URL: the port where it has none, as in Go's net/http.
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@frozen
class Proxy:
    """A proxy; ``login`` is a name and a password for this proxy alone.

    ``scheme`` is how the proxy itself is spoken to: http, https, socks5 or socks5h.
    """

    host: str
    port: int
    login: tuple[str, str] | None = field(default=None, repr=False)
    scheme: str = "http"

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection to the proxy is encrypted."""
        return self.scheme == "https"

    @property
    def is_socks(self) -> bool:
        """Whether it is a SOCKS 5 proxy."""
        return self.scheme.startswith("socks")

    @property
    def name(self) -> str:
        """``host:port``, fit to be shown."""
        return f"{self.host}:{self.port}"


class ProxyError(httpcore.ProxyError):
    """The proxy ``name`` cannot be reached, or answers in the place of the server.

    ``status`` is that of HTTP or the one that means the same; ``reason`` replaces its words.
    """

    def __init__(
        self, name: str, fault: Exception | None = None, status: int = 0, reason: str = ""
    ) -> None:
        super().__init__(fault or status)
        self.name = name
        self.status = status
        self.reason = reason


@frozen
class NoProxyRule:
    """An entry of ``NO_PROXY``: a network, or the end of a name, and a port if only one is meant.

    ``ending`` begins with a dot; ``whole`` takes the name without it, too.
    """

    network: _Network | None = None
    ending: str = ""
    whole: bool = False
    port: str = ""

    def covers(self, host: str, port: int) -> bool:
        """Whether the server, whose host is in lower case and without brackets, is meant."""
        if self.port and self.port != str(port):
            return False
        if self.network is not None:
            address = _address(host)
            return address is not None and address in self.network
        return host.endswith(self.ending) or (self.whole and host == self.ending[1:])


@frozen
class Proxies:
    """The settings in the variables. A proxy's URL is parsed only when it is needed."""

    # By scheme: the variable that was set, and its value.
    _urls: Mapping[str, tuple[str, str]] = field(factory=dict, repr=False)
    _exemptions: tuple[NoProxyRule, ...] = ()

    @classmethod
    def from_variables(cls, variables: Mapping[str, str]) -> "Proxies":
        """The proxies that an environment names; entries that make no sense are passed over."""
        http, https, exempt = (_first(variables, name) for name in VARIABLES)
        entries = [entry.strip().lower() for entry in exempt[1].split(",")]
        if _EVERYONE in entries:
            return cls()
        urls = {"http": http, "https": https}
        exemptions = (_exemption(entry) for entry in entries if entry)
        return cls(
            {scheme: pair for scheme, pair in urls.items() if pair[1]},
            tuple(exemption for exemption in exemptions if exemption is not None),
        )

    def proxy_for(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy on the way to a server, if any. Raises ConfigError, naming the variable."""
        name = host.lower()
        if scheme not in self._urls or is_loopback(name):
            return None
        if any(exemption.covers(name, port) for exemption in self._exemptions):
            return None
        return _proxy(*self._urls[scheme])


NO_PROXIES = Proxies()


def _first(variables: Mapping[str, str], name: str) -> tuple[str, str]:
    """The name under which it is set, and its value."""
    variants = (name, name.lower())
    return next(((key, variables[key]) for key in variants if variables.get(key)), (name, ""))


def _exemption(entry: str) -> NoProxyRule | None:
    if "/" in entry:
        try:
            return NoProxyRule(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            return None
    host, port = _host_and_port(entry)
    address = _address(host)
    if address is not None:
        return NoProxyRule(ipaddress.ip_network(address), port=port)
    ending = host.removeprefix("*").removeprefix(".")
    return NoProxyRule(ending=f".{ending}", whole=host == ending, port=port) if ending else None


def _host_and_port(entry: str) -> tuple[str, str]:
    """``name:port``, ``[::1]:port``, or either without port, as a bare ``::1`` is."""
    host, colon, port = entry.rpartition(":")
    if not colon or _address(entry) or entry.endswith("]"):
        host, port = entry, ""
    return host.removeprefix("[").removesuffix("]"), port


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _proxy(variable: str, text: str) -> Proxy:
    """As Go reads it: the scheme may be missing. The text may hold a password: it is not shown."""
    try:
        url = urlsplit(text if "://" in text else f"http://{text}")
        host, port = url.hostname, url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        raise ConfigError(variable, "it is not the URL of a proxy") from None
    if not host:
        raise ConfigError(variable, "it is not the URL of a proxy")
    if url.scheme not in _PORTS:
        reason = f"a proxy is {', '.join(_PORTS)}, not {ascii(url.scheme)[1:20]}"
        raise ConfigError(variable, reason)
    proxy = Proxy(host, port, _login(url), url.scheme)
    if proxy.is_socks and find_spec("socksio") is None:
        reason = "a SOCKS proxy needs the package socksio: pip install 'manyfest[socks]'"
        raise ConfigError(variable, reason)
    return proxy


def _login(url: SplitResult) -> tuple[str, str] | None:
    if url.username is None:
        return None
    return unquote(url.username), unquote(url.password or "")
