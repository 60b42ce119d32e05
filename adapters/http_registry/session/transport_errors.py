"""Transport errors: from a fault on a connection to our error tree.

Our own transport raises httpcore's exceptions, whose first argument is the socket's error. A
transport from outside raises httpx's, whose cause it is. Each tuple below names both.
"""

import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from functools import partial

import httpcore

from manyfest.adapters.deadline import DeadlineExceededError
from manyfest.adapters.http_registry.reliability.retry import Reachability, TransientError
from manyfest.adapters.http_registry.reliability.throttle import ThrottledError
from manyfest.adapters.http_registry.transport.keep_alive import is_disconnect
from manyfest.adapters.http_registry.transport.network_backend import HandshakeError
from manyfest.adapters.http_registry.transport.proxies import PROXY_WANTS_LOGIN, ProxyError
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import (
    DeadlineError,
    ProtocolError,
    RateLimitedError,
    UnreachableError,
    shortened,
)

NETWORK_FAULTS = (httpcore.NetworkError, httpx.NetworkError)
PROTOCOL_FAULTS = (httpcore.ProtocolError, httpx.ProtocolError)
TIMEOUTS = (httpcore.TimeoutException, httpx.TimeoutException)
_LOCAL_FAULTS = (httpcore.LocalProtocolError, httpx.LocalProtocolError)
CONNECT_FAULTS = (httpcore.ConnectError, httpx.ConnectError)
CONNECT_TIMEOUTS = (httpcore.ConnectTimeout, httpx.ConnectTimeout)
READ_FAULTS = (httpcore.ReadError, httpx.ReadError)

_TRANSPORT_FAULTS = (
    *NETWORK_FAULTS,
    *PROTOCOL_FAULTS,
    *TIMEOUTS,
    httpcore.UnsupportedProtocol,
    httpx.TransportError,
)

# OpenSSL's X509_V_ERR_*, in words that say where to look.
_CERTIFICATE_FAULTS = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "it is signed by an unknown authority",
    20: "it is signed by an unknown authority",
    21: "it is signed by an unknown authority",
    62: "it is for another host name",
    64: "it is for another address",
}

# Those that go away when another authority is trusted.
_AUTHORITY_FAULTS = frozenset({18, 19, 20, 21})

# Alerts of servers that want a client certificate; TLS 1.3 sends them after the handshake.
CERTIFICATE_WANTED = ("CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE")

# h11 shows what it does not understand as bytes of Python's.
_BYTES = r"\b(?:bytearray\()?b('[^']*'|\"[^\"]*\")\)?"

# A proxy's statuses for trouble between it and the server; 0: the proxy cannot be reached.
_PASSING_AT_PROXIES = frozenset({0, 502, 503, 504})

_NO_TLS = "it does not speak TLS on this port"

_TIMEOUT_REASONS: dict[type[BaseException], str] = {
    httpcore.ConnectTimeout: "no connection in time",
    httpcore.ReadTimeout: "no answer in time",
    httpcore.WriteTimeout: "it takes no more bytes",
    httpx.ConnectTimeout: "no connection in time",
    httpx.ReadTimeout: "no answer in time",
    httpx.WriteTimeout: "it takes no more bytes",
}


@contextlib.contextmanager
def translating_transport_errors(
    host: str, subject: str, hosts: Reachability | None = None
) -> Iterator[None]:
    """Turn transport faults inside into TransientError or ours, naming host and subject.

    With ``hosts``, raises UnreachableError at once if the host was given up. A body that is being
    read goes without: its connection exists.
    """
    if hosts is not None:
        hosts.require(host, subject)
    try:
        yield
    except DeadlineExceededError as error:
        raise DeadlineError(host, f"{subject}: {host}: {error}") from error
    except ThrottledError as error:
        raise RateLimitedError(host, f"{subject}: {host}: toomanyrequests: {error}") from error
    except ProxyError as fault:
        raise _proxy_translation(fault, host, subject) from fault
    except _TRANSPORT_FAULTS as fault:
        if hosts is not None and _is_unknown_name(cause := root_cause(fault)):
            hosts.give_up(host, _reason(fault, cause))
        raise _translation(fault, host, subject) from fault
    except (httpx.InvalidURL, ValueError) as error:  # the latter for IDNA and no IPv6
        raise ProtocolError(host, f"{subject}: {host} redirects to an invalid URL") from error


def is_certificate_fault(fault: BaseException) -> bool:
    """Return whether the host speaks TLS, with a certificate that is not trusted."""
    return isinstance(root_cause(fault), ssl.SSLCertVerificationError)


def is_not_tls(fault: BaseException) -> bool:
    """Return whether the port is open but the TLS handshake fails, certificates aside."""
    is_handshake = isinstance(fault, HandshakeError) or (
        isinstance(fault, httpx.ConnectError) and isinstance(root_cause(fault), ssl.SSLError)
    )
    return is_handshake and not is_certificate_fault(fault)


def is_cut_off(fault: BaseException) -> bool:
    """Return whether the connection ended in the handshake: it may speak TLS, or not."""
    cause = root_cause(fault)
    is_word = isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError)
    return isinstance(fault, HandshakeError) and not is_word


def is_refused(fault: BaseException) -> bool:
    """Return whether nothing listens on that port."""
    return isinstance(root_cause(fault), ConnectionRefusedError)


def root_cause(fault: BaseException) -> BaseException:
    """Return the socket's own error, or the fault itself if there is none."""
    while (inner := _inner(fault)) is not None:
        fault = inner
    return fault


def _inner(fault: BaseException) -> BaseException | None:
    """Httpcore's pool drops ``__cause__`` but keeps arguments; httpx has a text as argument."""
    if fault.args and isinstance(fault.args[0], BaseException):
        return fault.args[0]
    return fault.__cause__ if isinstance(fault, httpx.TransportError) else None


def _translation(fault: Exception, host: str, subject: str) -> Exception:
    cause = root_cause(fault)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _distrust(cause, host, subject)
    if reason := _tls_reason(fault, cause, host):
        case = "no-tls" if reason == _NO_TLS else ""
        return UnreachableError(host, f"{subject}: cannot talk to {host}: {reason}", case)
    if isinstance(fault, _LOCAL_FAULTS):  # its text may show a header of ours
        return ProtocolError(host, f"{subject}: the request to {host} cannot be sent as HTTP")
    if isinstance(fault, PROTOCOL_FAULTS) and not is_disconnect(fault):
        reason = shortened(re.sub(_BYTES, r"\1", str(fault)), 120)
        return ProtocolError(host, f"{subject}: {host} does not speak HTTP correctly: {reason}")
    reason, is_disconnected = _reason(fault, cause), _is_disconnected(fault, cause)
    message = f"{subject}: cannot reach {host}: {reason}"
    if _is_unknown_name(cause):
        return UnreachableError(host, message)
    return TransientError(
        partial(UnreachableError, host),
        message,
        host=host,
        reason=reason,
        is_disconnected=is_disconnected,
        is_silent=isinstance(fault, TIMEOUTS) and not is_disconnected,
    )


def _is_disconnected(fault: Exception, cause: BaseException) -> bool:
    """Return whether no connection came about, be it for TLS or not."""
    is_handshake = isinstance(fault, HandshakeError) or isinstance(cause, ssl.SSLError)
    return isinstance(fault, (*CONNECT_FAULTS, *CONNECT_TIMEOUTS)) and not is_handshake


def _tls_reason(fault: Exception, cause: BaseException, host: str) -> str:
    """Return why there is no TLS though the certificate is good; empty if that is not it."""
    reason = str(cause.reason) if isinstance(cause, ssl.SSLError) else ""
    if any(words in reason for words in CERTIFICATE_WANTED):
        return f"it wants a client certificate (/etc/docker/certs.d/{host}/*.cert with *.key)"
    if is_not_tls(fault) and not is_cut_off(fault):
        return _NO_TLS
    return ""


def _proxy_translation(fault: ProxyError, host: str, subject: str) -> Exception:
    cause = root_cause(fault)
    message = f"{subject}: cannot reach {host}: its proxy {fault.name} {_of_proxy(fault, cause)}"
    stays = _is_unknown_name(cause) or isinstance(cause, ssl.SSLError)
    if stays or fault.status not in _PASSING_AT_PROXIES:
        return UnreachableError(host, message)
    reason = f"its proxy {fault.name} {_of_proxy(fault, cause)}"
    return TransientError(partial(UnreachableError, host), message, host=host, reason=reason)


def _of_proxy(fault: ProxyError, cause: BaseException) -> str:
    if fault.reason:
        return fault.reason
    if fault.status == PROXY_WANTS_LOGIN:
        return "requires a username and a password, or refuses these (407)"
    if fault.status:
        return f"answers {fault.status}"
    if isinstance(cause, ssl.SSLCertVerificationError):
        said = _CERTIFICATE_FAULTS.get(cause.verify_code, cause.verify_message)
        return f"has a certificate that is not trusted: {said} (SSL_CERT_FILE names authorities)"
    if isinstance(cause, ssl.SSLError):
        return "does not speak TLS on this port"
    return f"cannot be reached: {_reason(fault.args[0], cause)}"


def _is_unknown_name(cause: BaseException) -> bool:
    return isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME


def _distrust(cause: ssl.SSLCertVerificationError, host: str, subject: str) -> UnreachableError:
    fault = _CERTIFICATE_FAULTS.get(cause.verify_code, cause.verify_message)
    message = f"{subject}: the certificate of {host} is not trusted: {fault}"
    if cause.verify_code not in _AUTHORITY_FAULTS:
        return UnreachableError(host, message, "invalid-certificate")
    hint = f"trust its authority by /etc/docker/certs.d/{host}/ca.crt"
    return UnreachableError(host, f"{message} ({hint})", "unknown-authority")


def _reason(fault: Exception, cause: BaseException) -> str:
    if type(fault) in _TIMEOUT_REASONS:
        return _TIMEOUT_REASONS[type(fault)]
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    if is_disconnect(fault):
        return "the connection was closed before the answer was complete"
    return type(fault).__name__
