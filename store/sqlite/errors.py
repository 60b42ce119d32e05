"""What SQLite's and the system's errors mean for the store, as errors of the library."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from manyfest.domain.errors import DamagedStoreError, ManyfestError, StoreError

READ_ONLY = "cannot be written: it or its folder is read-only"

# By primary result code (https://sqlite.org/rescode.html).
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_OF_THE_STATEMENT = frozenset(
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


# The sqlite3 module's words; none of the functions that we give SQLite raises by itself.
_RAISED_WITHIN = "user-defined function raised exception"


@contextmanager
def translating_sqlite_errors(path: Path, doing: str = "be opened") -> Iterator[None]:
    """Inside, errors of SQLite and of the system become StoreError or DamagedStoreError.

    Where a statement was interrupted, that is the KeyboardInterrupt which SQLite swallowed.
    ``doing`` completes "the store PATH cannot …" for errors of the system.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a mistake of ours
    except sqlite3.DatabaseError as error:
        if is_interruption(error):
            raise KeyboardInterrupt from error
        raise _meaning(path, error) from error
    except UnicodeDecodeError as error:  # the damaged text is in SQLite's own message
        raise DamagedStoreError(str(path), "text that is not UTF-8") from error
    except OSError as error:
        raise StoreError(str(path), f"cannot {doing}: {error.strerror or error}") from error


def is_interruption(error: BaseException) -> bool:
    """Whether a statement was told to end. The KeyboardInterrupt itself is lost in SQLite."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_INTERRUPT or str(error) == _RAISED_WITHIN


def is_statement_error(error: Exception) -> bool:
    """Whether the statement is to blame, and not the file or the machine.

    An error without a code is the sqlite3 module's own.
    """
    code = _primary_code(error)
    return (code is None or code in _OF_THE_STATEMENT) and not is_interruption(error)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has the lock that was needed."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def _meaning(path: Path, error: sqlite3.DatabaseError) -> ManyfestError:
    code = _primary_code(error)
    # An error without a code is the sqlite3 module's own: text that is not UTF-8.
    if code is None or code in _DAMAGE:
        return DamagedStoreError(str(path), _first_line(error))
    return StoreError(str(path), _REASONS.get(code, f"cannot be used: {_first_line(error)}"))


def _primary_code(error: Exception) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _first_line(error: sqlite3.Error) -> str:
    return (str(error).splitlines() or ["unknown error"])[0]
