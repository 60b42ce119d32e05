"""Ctrl-C while SQLite works: a statement looks up now and then, and may be told to end."""

import sqlite3
from collections.abc import Callable

# Of SQLite's virtual machine: a thousand take less than a millisecond, or copy as many rows.
_STEPS = 1000

# The sqlite3 module's words; none of the functions that we give SQLite raises by itself.
_RAISED_WITHIN = "user-defined function raised exception"


def _continue() -> bool:
    return False


def allow_interrupt(
    connection: sqlite3.Connection, is_over: Callable[[], bool] = _continue
) -> sqlite3.Connection:
    """The connection; its statements end by Ctrl-C, and when ``is_over`` says so.

    Python minds a signal only while it runs itself, so SQLite calls it now and then.
    """
    connection.set_progress_handler(is_over, _STEPS)
    return connection


def is_interruption(error: BaseException) -> bool:
    """Whether a statement was told to end. The KeyboardInterrupt itself is lost in SQLite."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_INTERRUPT or str(error) == _RAISED_WITHIN
