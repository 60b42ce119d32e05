"""Addresses to listen at, of ``--listen``."""

import ipaddress
import socket

from manyfest.domain.errors import ConfigError, InputError
from manyfest.domain.values import frozen

_BACKLOG = 100


@frozen
class ListenAddress:
    """An address to listen at; port 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "ListenAddress":
        """Parse ``HOST:PORT``; an IPv6 address is in brackets. Raises InputError."""
        host, _, port = text.rpartition(":")
        if not (host and port.isdecimal() and int(port) < 1 << 16):
            raise InputError(f"--listen {text}: give HOST:PORT, such as 127.0.0.1:8080")
        return cls(host.strip("[]"), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_everywhere(self) -> bool:
        """Whether it stands for all addresses of this machine, and so is in no URL."""
        try:
            return ipaddress.ip_address(self.host).is_unspecified
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"{bracketed(self.host)}:{self.port}"


def listening(address: ListenAddress) -> socket.socket:
    """Return a socket that listens at ``address``. Raises ConfigError: it cannot."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise ConfigError(f"--listen {address}", reason) from error


def bracketed(host: str) -> str:
    """Return ``host`` as a URL has it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host
