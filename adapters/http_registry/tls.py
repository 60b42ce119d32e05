"""TLS contexts: the system's roots, or none at all where insecurity was asked for."""

import functools
import ssl


@functools.cache
def verifying() -> ssl.SSLContext:
    """Checks chain and name against the system's roots; OpenSSL minds ``SSL_CERT_FILE``."""
    return ssl.create_default_context()


@functools.cache
def trusting_anyone() -> ssl.SSLContext:
    """Encrypts and checks nothing: for hosts that a person called insecure."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@functools.cache
def trusting_no_one() -> ssl.SSLContext:
    """For connections that never speak TLS: no roots to load, and nothing passes if one does."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
