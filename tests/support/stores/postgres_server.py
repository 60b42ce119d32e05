"""A real PostgreSQL server of the tests, in a temporary folder, run by an unprivileged user."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pwd import getpwnam
from tempfile import TemporaryDirectory

import psycopg
import pytest
from attrs import frozen

from manyfest.store.postgres.queries import ROLE
from tests.support.http.certificates import self_signed

# A commit waits for the kernel, not for the disk: what is committed outlives a crash of the server.
# With "synchronous_commit" off, too, the last commits before an immediate stop would be lost.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "jit": "off",
    "lc_messages": "C",
}
_QUERY_ROLE = f"""
    GRANT USAGE ON SCHEMA manyfest_views TO {ROLE};
    GRANT SELECT ON ALL TABLES IN SCHEMA manyfest_views TO {ROLE}"""
_TABLES = "manifests, blobs, observations, drafts, entries, quarantine, hosts, digests, packages"
_TABLES += ", claims, descriptors, annotation_texts, label_texts"


@frozen
class PostgresServer:
    """A running server; ``app`` is the role of stores, ``postgres`` the superuser."""

    folder: Path
    port: int

    def url(self, database: str = "postgres", user: str = "app", password: str = "secret") -> str:
        """The URL of a database, with a password."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres", user: str = "postgres"):
        """Run a statement as superuser; return its rows, if it has any."""
        url = self.url(database, user)
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, database: str) -> str:
        """Make a database that belongs to ``app``; return its URL."""
        self.execute(f"CREATE DATABASE {database} OWNER app")
        return self.url(database)

    def empty(self, database: str) -> None:
        """Take all content out of a store's tables."""
        self.execute(f"SET search_path = manyfest; TRUNCATE {_TABLES}", database)

    def allow_queries(self, database: str) -> None:
        """Let the query role read the views."""
        self.execute(_QUERY_ROLE, database)

    def start(self) -> None:
        """Start it, or start it again."""
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        self._control("start", "-l", str(self.folder / "log"), "-o", f"-p {self.port} {options}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it at once, as a crash would, or as ``mode`` says."""
        self._control("stop", "-m", mode)

    def _control(self, *arguments: str) -> None:
        run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-s", *arguments)


def program(name: str) -> str:
    """The path of a program of PostgreSQL, which Debian keeps outside of PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ["PATH"]]))
    if found is None:
        if os.environ.get("MANYFEST_TESTS_NO_SKIP"):
            pytest.fail(f"{name} is missing: install postgresql")
        pytest.skip(f"{name} is missing: install postgresql")
    return found


def run(name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL, as an unprivileged user if we are root."""
    command = [program(name), *arguments]
    if os.getuid() == 0:
        command = ["setpriv", "--reuid", _user(), "--regid", _user(), "--clear-groups", *command]
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server, which can TLS, until the end of the block."""
    program("initdb")
    with TemporaryDirectory(prefix="pg-") as above:  # a socket's path has to be short
        Path(above).chmod(0o755)
        folder = Path(above, "server")
        folder.mkdir()
        _give_away(folder)
        yield from _run_in(folder)


def _run_in(folder: Path) -> Iterator[PostgresServer]:
    password = folder / "password"
    password.write_text("secret\n")
    password.chmod(0o644)
    run(
        "initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "scram-sha-256",
        "--pwfile", str(password), "-E", "UTF8", "--locale=C.UTF-8", "-N", "--no-instructions",
    )  # fmt: skip
    certificate = self_signed(folder / "tls")
    for file in (certificate.file, certificate.key):
        _give_away(file)
    settings = {"ssl": "on", "ssl_cert_file": certificate.file, "ssl_key_file": certificate.key}
    with (folder / "data/postgresql.conf").open("a") as conf:
        conf.write(f"unix_socket_directories = '{folder}'\nlisten_addresses = '127.0.0.1'\n")
        conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = PostgresServer(folder, free.getsockname()[1])
    server.start()
    try:
        server.execute(
            f"CREATE ROLE app LOGIN PASSWORD 'secret'; CREATE ROLE reader LOGIN PASSWORD 'secret';"
            f"CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO app, reader"
        )
        yield server
    finally:
        server.stop()


def _give_away(path: Path) -> None:
    """Give the file or folder to the user that runs the server; a key has to be private."""
    path.chmod(0o755 if path.is_dir() else 0o600)
    if os.getuid() == 0:
        account = getpwnam(_user())
        os.chown(path, account.pw_uid, account.pw_gid)


def _user() -> str:
    for name in ("postgres", "nobody"):
        try:
            getpwnam(name)
        except KeyError:
            continue
        return name
    pytest.skip("there is no unprivileged user to run PostgreSQL")
