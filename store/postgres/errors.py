"""Errors of PostgreSQL and of the connection to it, as errors of the library.

An error is read by its SQLSTATE (PostgreSQL's appendix A); libpq's own errors have none.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from manyfest.domain.errors import (
    DamagedStoreError,
    ManyfestError,
    StoreDeniedError,
    StoreError,
    StoreUnreachableError,
)
from manyfest.store.postgres.address import Address

_BROKEN = "cannot be reached: the connection broke; run the command again"
_SILENT = "did not answer in time"
_ANOTHER_WRITER = "was being written by another command in between; run this one again"
_REASONS: dict[str, tuple[type[StoreError], str]] = {
    "23503": (StoreError, "cannot be written: a manifest that is referred to is not kept"),
    "25006": (StoreError, "cannot be written: the server takes only reads"),
    "40001": (StoreError, _ANOTHER_WRITER),
    "40P01": (StoreError, _ANOTHER_WRITER),
    "53100": (StoreError, "cannot be written: no space left on the server's disk"),
    "53200": (StoreError, "cannot be read or written: the server is out of memory"),
    "53300": (StoreUnreachableError, "cannot be reached: the server has too many connections"),
    "55P03": (StoreError, "is locked by another process"),
    "57014": (StoreUnreachableError, _SILENT),
    "57P01": (StoreUnreachableError, _BROKEN),
    "57P02": (StoreUnreachableError, _BROKEN),
    "57P03": (StoreUnreachableError, "cannot be reached: the server is starting or stopping"),
    "25P03": (StoreUnreachableError, "ended the connection: the command paused for too long"),
    "XX001": (StoreError, ""),
}
# By the first two characters: the class of the SQLSTATE.
_CLASSES: dict[str, tuple[type[StoreError], str]] = {
    "08": (StoreUnreachableError, "cannot be reached"),
    "28": (StoreDeniedError, "refuses the login"),
    "3D": (StoreDeniedError, "refuses the login"),
    "42": (StoreError, "cannot be used"),
}
_DENIED = "42501"
# No such table, and a prepared statement that is there already or is gone: a pooler gives another
# session to each transaction, without the search_path and the statements of this one.
_SESSION_LOST = frozenset({"42P01", "42P05", "26000"})
_POOLED = "; a pooler before the server must pool sessions (PgBouncer: pool_mode = session)"
_DAMAGE = frozenset({"XX001", "XX002"})
# The server's words at login, where libpq passes no SQLSTATE on: "FATAL:  password authentication
# failed for user …". They may be translated; then the login counts as an unreachable server.
_LOGIN_WORDS = (
    *("authentication failed", "no password supplied", "no pg_hba.conf entry"),
    *("does not exist", "not permitted to log in", "permission denied for database"),
)

ENCODE = "; in a password of the URL, write @ as %40, / as %2F and % as %25"
_LOGIN_FAULTS = {
    "resolve host": "its host name cannot be resolved",
    "connection option": "its URL has an option that is not valid",
    "timeout": "no answer in time",
}


@contextmanager
def translating_errors(address: Address) -> Iterator[None]:
    """Turn errors of psycopg into StoreError, its kinds, or DamagedStoreError."""
    try:
        yield
    except psycopg.Error as error:
        if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
            raise  # a mistake in this program
        raise translated(address, error) from None


@contextmanager
def translating_login_errors(address: Address) -> Iterator[None]:
    """Turn the errors of connecting into StoreUnreachableError or StoreDeniedError.

    libpq passes no SQLSTATE on here. Host names are not repeated: a password that is not encoded
    for a URL may be read as a part of one. Raises psycopg.ProgrammingError: the URL is malformed.
    """
    try:
        yield
    except psycopg.ProgrammingError:
        raise
    except psycopg.Error as error:
        raise _login_error(address, error) from None


def translated(address: Address, error: psycopg.Error) -> ManyfestError:
    """Return the library's error for ``error``."""
    state, text = error.sqlstate, address.without_secrets(first_line(error))
    if state is None:
        is_silent = "timeout" in str(error)  # of PatientConnection
        return StoreUnreachableError(str(address), _SILENT if is_silent else _BROKEN)
    if state in _DAMAGE:
        return DamagedStoreError(str(address), text)
    if state == _DENIED:
        reason = f"refuses it: {text} (an administrator grants that)"
        return StoreDeniedError(str(address), reason)
    if state in _REASONS:
        kind, reason = _REASONS[state]
        return kind(str(address), reason)
    kind, reason = _CLASSES.get(state[:2], (StoreError, "cannot be used"))
    advice = _POOLED if state in _SESSION_LOST else ""
    return kind(str(address), f"{reason}: {text}{advice}")


def is_broken(error: ManyfestError) -> bool:
    """True if the connection is lost, so that another one may work."""
    return isinstance(error, StoreUnreachableError) and _BROKEN in str(error)


def first_line(error: psycopg.Error) -> str:
    """Return the first line of the server's message, without its severity."""
    text = error.diag.message_primary or str(error)
    return (text.splitlines() or ["unknown error"])[0].strip()


def _login_error(address: Address, error: psycopg.Error) -> ManyfestError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    fatal = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
    if any(word in line for line in fatal for word in _LOGIN_WORDS):
        return StoreDeniedError(
            str(address), f"refuses the login: {address.without_secrets(fatal[0])}"
        )
    text = lines[0] if lines else "unknown error"
    known = (reason for word, reason in _LOGIN_FAULTS.items() if word in text)
    reason = fatal[0] if fatal else next(known, text.rpartition("failed: ")[2])
    hint = ENCODE if address.is_unencoded else ""
    shown = address.without_secrets(reason)
    return StoreUnreachableError(str(address), f"cannot be reached: {shown}{hint}")
