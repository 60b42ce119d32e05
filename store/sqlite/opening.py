"""Open the store file, or refuse it by name; create it whole or not at all.

Theory of operation.

Creation. A new store is built under a temporary name in a folder of its own beside the target,
synced, and then hard-linked to the target's name. ``link`` is atomic and fails if the name exists:
of several processes that create the same store, one succeeds and the others use its file, and no
process ever opens a partial store. The temporary file is private, so it needs no journal and only
one fsync, at the end. Where the file system has no hard links (FAT), a rename takes the link's
place, and two creators may collide in the short time between the check and the rename.
``adapters/files`` writes files atomically, too, but an adapter's helper is not for the store to
import, and it replaces the target, where a store that appeared meanwhile must win.

Refusal. The kind and size of the file are checked before SQLite opens it, because SQLite would wait
at a named pipe and write its header into an empty file. Refused, and left untouched, are: anything
but a regular file, an empty file (damage: a store is never empty), a file that cannot be read, a
database with another ``application_id``, and a store of a newer ``user_version``. Only then are
settings applied.

Migration. An older ``user_version`` is brought up to date on opening, each migration in a
transaction of its own; a file that cannot be written is refused instead, because this program
cannot read the older schema. Two processes may open an older file at the same time: each takes the
write lock per migration and looks at the version again inside it, so every migration runs once.

Interrupts. SQLite runs in C and Python's signal handlers wait for it to return. Each connection has
a progress handler that calls into Python every few instructions; a pending KeyboardInterrupt raises
there and aborts the statement (see ``errors.is_interruption``). SQLite's own wait for a lock does
not call it, so that wait is short and ``database`` repeats it in Python.
"""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.store.sqlite.errors import READ_ONLY
from manyfest.store.sqlite.migrations import MIGRATIONS, create_newest, migrate, version_of

APPLICATION_ID = int.from_bytes(b"mfst", "big")  # in the header of each store, for file(1) too

_BUSY_SECONDS = 0.1  # Ctrl-C is not served during this wait, so it is short

# A rollback journal, because a WAL database cannot be read from a read-only folder.
_SETTINGS = ("foreign_keys = ON", "journal_mode = DELETE", "synchronous = FULL")

# The file is invisible until it is linked into place: no journal needed, and one fsync at the end.
_BUILD_SETTINGS = ("journal_mode = MEMORY", "synchronous = OFF")

# Instructions of SQLite's virtual machine between two calls of the progress handler: a thousand
# take less than a millisecond, or copy as many rows.
_PROGRESS_STEPS = 1000

_FILE_TYPES = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a named pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
}


def open_existing(path: Path, busy_timeout: float = _BUSY_SECONDS) -> sqlite3.Connection | None:
    """Open the store at ``path`` (absolute) and migrate it; None if there is no file.

    If the file or its folder is read-only, reading works and writing fails. ``busy_timeout`` is how
    many seconds SQLite itself waits for a lock.

    Raises StoreError: not a regular file, another program's, written by a newer version, or by an
    older one and read-only. Raises DamagedStoreError: empty. Also sqlite3.Error and OSError.
    """
    if not _is_present(path):
        return None
    connection = _connect_file(path, busy_timeout)
    try:
        _check_owner(connection, path)
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        if (version := version_of(connection)) < len(MIGRATIONS):
            prefix = f"is of version {version}, has to become {len(MIGRATIONS)}, and "
            require_writable(path, prefix)
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def create(path: Path) -> None:
    """Create an empty store at ``path``, unless a file exists there by the time it is ready.

    The file gets mode 0600, and its folder mode 0700 if it has to be made, as those above it.
    Raises sqlite3.Error and OSError; then nothing is left behind.
    """
    from tempfile import TemporaryDirectory

    target = Path(os.path.realpath(path))
    make_private_folder(target.parent)
    with TemporaryDirectory(prefix=".manyfest-", dir=target.parent) as folder:
        built = Path(folder, "store")
        built.touch(mode=0o600)
        with closing(_connect_file(built)) as connection:
            for setting in _BUILD_SETTINGS:
                connection.execute(f"PRAGMA {setting}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            create_newest(connection)
        _fsync(built)
        _publish(built, target)


def make_private_folder(path: Path) -> None:
    """Make the folder and those above it, for their owner alone, where they are missing.

    ``Path.mkdir`` gives the mode to the last of them only. Raises OSError.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        make_private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def require_writable(path: Path, prefix: str = "") -> None:
    """Refuse a file that SQLite could only read.

    SQLite begins a transaction on a read-only file, too, and fails only at the first write.
    Raises StoreError: the file is read-only, or its folder, in which the journal has to be.
    ``prefix`` comes before the reason in the message.
    """
    folder = Path(os.path.realpath(path)).parent
    if not (os.access(path, os.W_OK) and os.access(folder, os.W_OK | os.X_OK)):
        raise StoreError(str(path), f"{prefix}{READ_ONLY}")


def connect(uri: str, busy_timeout: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """Connect to the database at ``uri``, for any thread, with explicit transactions only.

    ``busy_timeout`` is how many seconds SQLite itself waits for a lock. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(
        uri, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False
    )
    return allow_interrupt(connection)


def _never() -> bool:
    return False


def allow_interrupt(
    connection: sqlite3.Connection, should_stop: Callable[[], bool] = _never
) -> sqlite3.Connection:
    """Let Ctrl-C end the connection's statements, and ``should_stop`` when it returns True."""
    connection.set_progress_handler(should_stop, _PROGRESS_STEPS)
    return connection


def _is_present(path: Path) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    file_type = stat.S_IFMT(status.st_mode)
    if file_type != stat.S_IFREG:
        kind = _FILE_TYPES.get(file_type, "is something else")
        raise StoreError(str(path), f"{kind}, not a file")
    if status.st_size == 0:
        raise DamagedStoreError(str(path), "the file is empty")
    if not os.access(path, os.R_OK):
        raise StoreError(str(path), "cannot be opened: Permission denied")
    return True


def _connect_file(path: Path, busy_timeout: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """Connect with ``mode=rw``: it never creates, and reads where writing is not permitted."""
    return connect(f"{path.as_uri()}?mode=rw", busy_timeout)


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID:
        raise StoreError(str(path), f"belongs to another program (application_id {owner:#x})")
    version, known = version_of(connection), len(MIGRATIONS)
    if version > known:
        limit = f"this manyfest knows up to version {known}; install a newer manyfest"
        raise StoreError(str(path), f"is of version {version}, and {limit}")


def _fsync(built: Path) -> None:
    with built.open("rb") as file:
        os.fsync(file.fileno())


def _publish(built: Path, target: Path) -> None:
    try:
        os.link(built, target)
    except FileExistsError:
        return
    except OSError:
        if not target.exists():  # no hard links here; see the theory above
            built.rename(target)
