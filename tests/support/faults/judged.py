"""One command against a fault, and what must hold after every one that fails.

Our exit code, nothing on stdout, one line of error that a terminal can show, and a store that holds
what it held before. The environment and the working folder are the test's.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

_LINE_LIMIT = 400


def succeeded(*command: str | Path) -> Result:
    """Run it here; it must succeed."""
    result = run_here(*command)
    assert result.code == 0, (command, result)
    return result


def refused(*command: str | Path, code: int, words: tuple[str, ...] = ()) -> str:
    """Run it here; it must fail with this code, and say so with these words. Gives the line."""
    before = store_dump()
    line = error_line(run_here(*command), code)
    assert [word for word in words if word not in line] == [], line
    assert store_dump() == before, command
    return line


def error_line(result: Result, code: int) -> str:
    """The error of a command that failed as it should; notes may come before it."""
    assert (result.code, result.stdout) == (code, b""), result
    (line,) = [each for each in result.stderr.split("\n")[:-1] if not each.startswith("note: ")]
    assert line.startswith("error: ")
    assert "this is a bug" not in line
    assert line.isprintable(), line
    assert len(line) <= _LINE_LIMIT, line
    return line


def store_dump() -> list[str]:
    """All rows of all tables; nothing where there is no store yet.

    Opened as our commands open it: SQLite first takes back what was left half written.
    """
    path = Path(os.environ["MANYFEST_STORE"])
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [line for line in connection.iterdump() if line.startswith("INSERT")]
