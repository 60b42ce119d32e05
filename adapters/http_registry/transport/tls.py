"""TLS contexts: the system's roots and a person's own, or no check where that was asked for.

Loading the system's roots takes as long as a round trip. Each context is loaded once: a thread that
asks for one that another thread loads (``early_connections``) waits for it.
"""

import functools
import os
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from manyfest.adapters.endpoint import NO_CERTIFICATES, Certificates, ConnectionMode
from manyfest.adapters.files.os_error_text import os_error_text
from manyfest.adapters.files.regular_file import NotRegularFileError, require_regular_file
from manyfest.domain.errors import ConfigError

_PROTOCOLS = ["http/1.1"]  # those that the HTTP client speaks, too (ALPN, RFC 7301)

_LOADING = threading.Lock()

_SIZE_LIMIT = 16 * 1024 * 1024  # bytes; the roots of a system are some 200 KiB


def context_for(contact: ConnectionMode, certificates: Certificates) -> ssl.SSLContext:
    """The context for a way to speak to a host. Raises ConfigError, naming a useless file."""
    if contact.scheme == "http":
        return placeholder_context()
    with _LOADING:
        return _loaded(contact, certificates)


def _loaded(contact: ConnectionMode, certificates: Certificates) -> ssl.SSLContext:
    return verifying(certificates) if contact.verified else unverified_context(certificates)


@functools.cache
def verifying(certificates: Certificates = NO_CERTIFICATES) -> ssl.SSLContext:
    """Checks chain and name against the system's roots and ``certificates``.

    OpenSSL minds ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``. Raises ConfigError.
    """
    context = _with_system_roots()
    for file in certificates.authorities:
        with _named(file, "no certificate (PEM)"):
            require_regular_file(file, _SIZE_LIMIT)
            context.load_verify_locations(cafile=file)
    return _with_client_certificates(context, certificates)


@functools.cache
def unverified_context(certificates: Certificates = NO_CERTIFICATES) -> ssl.SSLContext:
    """Encrypts and checks nothing: for hosts that a person called insecure. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _with_client_certificates(context, certificates)


@functools.cache
def placeholder_context() -> ssl.SSLContext:
    """For connections that never speak TLS: no roots to load, and nothing passes if one does."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _with_system_roots() -> ssl.SSLContext:
    if sys.platform == "darwin":  # its roots are in the keychain, where OpenSSL does not look
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots := os.environ.get("SSL_CERT_FILE"):
        with _named(f"{roots} (SSL_CERT_FILE)", ""), suppress(FileNotFoundError):
            require_regular_file(roots, _SIZE_LIMIT)
    return ssl.create_default_context()


def _with_client_certificates(
    context: ssl.SSLContext, certificates: Certificates
) -> ssl.SSLContext:
    """OpenSSL keeps one pair for each kind of key, the last: so the first by name is last here."""
    for certificate, key in reversed(certificates.identities):
        with _named(f"{certificate} and {key}", "no certificate and its key (PEM, not encrypted)"):
            require_regular_file(certificate, _SIZE_LIMIT)
            require_regular_file(key, _SIZE_LIMIT)
            context.load_cert_chain(certificate, key, password="")
    context.set_alpn_protocols(_PROTOCOLS)
    return context


@contextmanager
def _named(files: str, expected: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise ConfigError(files, expected) from error
    except NotRegularFileError as error:
        raise ConfigError(files, f"not a file of at most {_SIZE_LIMIT} bytes") from error
    except OSError as error:
        raise ConfigError(files, os_error_text(error)) from error
