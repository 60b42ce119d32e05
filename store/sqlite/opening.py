"""Opening the store file, or refusing it by name; creating it whole or not at all."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.store.sqlite.errors import READ_ONLY
from manyfest.store.sqlite.migrations import MIGRATIONS, migrate, version_of

APPLICATION_ID = int.from_bytes(b"mfst", "big")  # in the header of each store, for file(1) too

# SQLite's own wait lets no Ctrl-C through, so it is short, and repeated in Python.
_BUSY_SECONDS = 0.1

# A rollback journal, because a WAL database cannot be read from a read-only folder.
_SETTINGS = ("foreign_keys = ON", "journal_mode = DELETE", "synchronous = FULL")

# Of a file that nobody sees yet nothing is to be saved, so the disk is waited for once, at the end.
_WHILE_BUILDING = ("journal_mode = MEMORY", "synchronous = OFF")

# Instructions of SQLite's virtual machine between two looks at signals and deadlines: a thousand
# take less than a millisecond, or copy as many rows.
_STEPS = 1000

_KINDS = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a named pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
}


def open_existing(path: Path, patience: float = _BUSY_SECONDS) -> sqlite3.Connection | None:
    """The store at ``path`` (absolute), migrated to the newest version; None when there is no file.

    Where the file or its folder cannot be written, reading works and writing fails. ``patience`` is
    how many seconds SQLite itself waits for a lock.
    Raises StoreError: no regular file, of another program, written by a newer version, or by an
    older one and not to be written.
    DamagedStoreError: empty. Besides these sqlite3.Error and OSError.
    """
    if not _is_there(path):
        return None
    connection = _connect(path, patience)
    try:
        _check_owner(connection, path)
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        if (version := version_of(connection)) < len(MIGRATIONS):
            but = f"is of version {version}, has to become {len(MIGRATIONS)}, and "
            require_writable(path, but)
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def create(path: Path) -> None:
    """Make an empty store at ``path``, unless there is a file by then.

    It is built beside and appears at once, so that of several processes one wins and nobody ever
    sees a part of it. The file is its owner's only, and so is the folder if it had to be made.
    Raises sqlite3.Error and OSError; then nothing is left behind.
    """
    from tempfile import TemporaryDirectory

    target = Path(os.path.realpath(path))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".manyfest-", dir=target.parent) as folder:
        built = Path(folder, "store")
        built.touch(mode=0o600)
        with closing(_connect(built)) as connection:
            for setting in _WHILE_BUILDING:
                connection.execute(f"PRAGMA {setting}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrate(connection)
        _fsync(built)
        _publish(built, target)


def require_writable(path: Path, but: str = "") -> None:
    """SQLite begins a transaction on a read-only file, too, and fails at the first write.

    Raises StoreError where the file is read-only, or its folder, in which the journal has to be;
    ``but`` is what to say of the file before that.
    """
    folder = Path(os.path.realpath(path)).parent
    if not (os.access(path, os.W_OK) and os.access(folder, os.W_OK | os.X_OK)):
        raise StoreError(str(path), f"{but}{READ_ONLY}")


def _is_there(path: Path) -> bool:
    """Whether SQLite has a file to open: it would wait at a pipe, and fill an empty file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise StoreError(str(path), f"{_KINDS.get(kind, 'is something else')}, not a file")
    if status.st_size == 0:
        raise DamagedStoreError(str(path), "the file is empty")
    if not os.access(path, os.R_OK):
        raise StoreError(str(path), "cannot be opened: Permission denied")
    return True


def _connect(path: Path, patience: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """``mode=rw`` never creates, and falls back to reading where writing is not permitted."""
    return connect(f"{path.as_uri()}?mode=rw", patience)


def connect(uri: str, patience: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """The database at ``uri``, for any thread, with transactions only where they are begun.

    ``patience`` is how many seconds SQLite itself waits for a lock. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(
        uri, uri=True, timeout=patience, isolation_level=None, check_same_thread=False
    )
    return allow_interrupt(connection)


def _continue() -> bool:
    return False


def allow_interrupt(
    connection: sqlite3.Connection, is_over: Callable[[], bool] = _continue
) -> sqlite3.Connection:
    """Let Ctrl-C end the connection's statements, and ``is_over`` when it returns True.

    Python runs signal handlers only while it executes itself, so SQLite calls back into it every
    ``_STEPS`` instructions.
    """
    connection.set_progress_handler(is_over, _STEPS)
    return connection


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID:
        raise StoreError(str(path), f"belongs to another program (application_id {owner:#x})")
    version, known = version_of(connection), len(MIGRATIONS)
    if version > known:
        reason = f"is of version {version}, and this manyfest knows up to version {known}"
        raise StoreError(str(path), reason)


def _fsync(built: Path) -> None:
    with built.open("rb") as file:
        os.fsync(file.fileno())


def _publish(built: Path, target: Path) -> None:
    try:
        os.link(built, target)
    except FileExistsError:
        return
    except OSError:
        # A file system without hard links (FAT): the moment between look and leap stays open there.
        if not target.exists():
            built.rename(target)
