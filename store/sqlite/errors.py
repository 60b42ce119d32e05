"""Errors of SQLite and of the operating system, as errors of the library.

A SQLite error is read by its primary result code (https://sqlite.org/rescode.html). Damage becomes
DamagedStoreError, an interrupted statement KeyboardInterrupt, everything else StoreError.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from manyfest.domain.errors import DamagedStoreError, ManyfestError, StoreError

READ_ONLY = "cannot be written: it or its folder is read-only"

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_STATEMENT_ERRORS = frozenset(
    {
        *(sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY),
        *(sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE),
    }
)
_REASONS = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_FULL: "cannot be written: no space left on the device",
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_IOERR: "cannot be read or written: disk I/O error",
    sqlite3.SQLITE_NOMEM: "cannot be read or written: out of memory",
}

# The sqlite3 module's words when a Python callback raises. Our SQL functions never raise on their
# own account, so it is always a signal that arrived while one of them ran.
_RAISED_IN_CALLBACK = "user-defined function raised exception"


@contextmanager
def translating_sqlite_errors(path: Path, action: str = "be opened") -> Iterator[None]:
    """Turn errors of SQLite and of the system into StoreError or DamagedStoreError.

    An interrupted statement raises KeyboardInterrupt, because SQLite swallowed the original.
    ``action`` completes "the store PATH cannot …" for errors of the system.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a mistake in this program
    except sqlite3.DatabaseError as error:
        if is_interruption(error):
            raise KeyboardInterrupt from error
        raise _translated(path, error) from error
    except UnicodeDecodeError as error:  # the damaged text is in SQLite's own message
        raise DamagedStoreError(str(path), "text that is not UTF-8") from error
    except OSError as error:
        raise StoreError(str(path), f"cannot {action}: {error.strerror or error}") from error


def is_interruption(error: BaseException) -> bool:
    """True if Ctrl-C or a deadline ended the statement.

    The KeyboardInterrupt itself is lost inside SQLite.
    """
    code = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_INTERRUPT or str(error) == _RAISED_IN_CALLBACK


def is_statement_error(error: Exception) -> bool:
    """True if the statement is to blame, not the file or the machine.

    An error without a code comes from the sqlite3 module itself.
    """
    code = _primary_code(error)
    return (code is None or code in _STATEMENT_ERRORS) and not is_interruption(error)


def is_busy(error: sqlite3.Error) -> bool:
    """True if another process has the lock that the statement needs."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def _translated(path: Path, error: sqlite3.DatabaseError) -> ManyfestError:
    code = _primary_code(error)
    # Without a code it is the sqlite3 module's own error: text that is not UTF-8.
    if code is None or code in _DAMAGE:
        return DamagedStoreError(str(path), _first_line(error))
    return StoreError(str(path), _REASONS.get(code, f"cannot be used: {_first_line(error)}"))


def _primary_code(error: Exception) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _first_line(error: sqlite3.Error) -> str:
    return (str(error).splitlines() or ["unknown error"])[0]
