"""Signals at random moments to commands on a store in PostgreSQL. Run by hand, for a while.

``python tests/kill/shared.py [--seconds 900] [--seed 0]`` kills commands that write, one after
another, by KILL, TERM, INT or HUP. After each:

- no session of it and no lock is left within ten seconds;
- ``cache fsck --dry-run`` finds nothing;
- all drafts are as they were before the command or as it leaves them, and it works at once;
- history is continuous: no state is gone unless ``gc`` ran, none overlaps the next of its tag, and
  neighbours have different digests.

Prints the counts; exits with 1 and says what broke if something did.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from signal import Signals
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.kill.forks import Program, import_for
from tests.support.faults.confined import SOURCES, layout_of_eight
from tests.support.stores.postgres_server import PostgresServer, running_postgres

_NAME = "oci:app:l"
_SCENES = {
    "create": (("create", "--amend", _NAME, *SOURCES[:4]), (0,)),
    "annotate": (("annotate", _NAME, SOURCES[1], "--os-version", "1"), (0,)),
    "push": (("push", _NAME), (0,)),
    "rm": (("rm", _NAME), (0, 3)),
    "gc": (("cache", "gc", "--keep", "0d"), (0,)),
    "copy": (("cache", "copy", "other.db", "{url}"), (0,)),
}
_SIGNALS = (Signals.SIGKILL, Signals.SIGTERM, Signals.SIGINT, Signals.SIGHUP)
_LEFT = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE usename = 'app')
        + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')"""
_DRAFTS = """
    SELECT name, position, source, found, overrides
    FROM manyfest.drafts LEFT JOIN manyfest.entries ON draft = name ORDER BY name, position"""
_STATES = "SELECT home, tag, digest, first_seen FROM manyfest.observations"
_BROKEN_STATES = """
    SELECT home, tag, first_seen, last_seen FROM (
        SELECT *, lag(last_seen) OVER (PARTITION BY home, tag ORDER BY last_seen, id) AS until,
            lag(digest) OVER (PARTITION BY home, tag ORDER BY last_seen, id) AS former
        FROM manyfest.observations) AS o
    WHERE first_seen > last_seen OR first_seen < until OR digest = former"""
Row = tuple[Any, ...]
_DATABASE = "killed"
_SECONDS_TO_END = 10.0


def kill_once(program: Program, server: PostgresServer, name: str, random: Random) -> str:
    """Kill one command; return whether it was killed. Raises AssertionError: a promise broke."""
    words, accepted = _SCENES[name]
    words = tuple(word.format(url=server.url(_DATABASE)) for word in words)
    before = ("create", "--amend", _NAME, *SOURCES[:2])
    assert program.run(before).code == 0
    drafts, states = _read(server, _DRAFTS), _read(server, _STATES)
    signal = random.choice(_SIGNALS)
    ended = program.kill(words, random.uniform(0, 0.25), signal)
    assert "Trace" not in ended.output, ended
    _wait_for_sessions(server)
    checked = program.run(("cache", "fsck", "--dry-run"))
    assert checked.code == 0, checked
    _check_history(server, () if name == "gc" else states)
    left = _read(server, _DRAFTS)
    again = program.run(words)
    assert again.code in accepted, again
    done = _read(server, _DRAFTS)
    assert left in (drafts, done), (drafts, left, done)
    return f"{name} ended" if ended.code == 0 else f"{name} {signal.name}"


def _check_history(server: PostgresServer, before: Iterable[Row]) -> None:
    gone = {*before} - {*_read(server, _STATES)}
    assert not gone, gone
    broken = _read(server, _BROKEN_STATES)
    assert not broken, broken


def _read(server: PostgresServer, statement: str) -> list[Row]:
    return server.execute(statement, _DATABASE)


def _wait_for_sessions(server: PostgresServer) -> None:
    due = time.monotonic() + _SECONDS_TO_END
    while server.execute(_LEFT) != [(0,)]:
        assert time.monotonic() < due, "a session or a lock is left"
        time.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=900.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random, counts = Random(options.seed), Counter[str]()
    import_for(("create", "annotate", "push", "rm", "cache gc", "cache copy", "cache fsck"))
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        os.chdir(folder)
        layout_of_eight(Path(folder))
        program = Program(Path(folder, "output"))
        os.environ.update(HOME=folder, MANYFEST_STORE=str(Path(folder, "other.db")))
        assert program.run(("create", "oci:app:other", *SOURCES)).code == 0
        os.environ["MANYFEST_STORE"] = server.create(_DATABASE)
        until = time.monotonic() + options.seconds
        while time.monotonic() < until:
            for name in _SCENES:
                try:
                    counts[kill_once(program, server, name, random)] += 1
                except AssertionError as broken:
                    counts["BROKEN"] += 1
                    print(f"{name}: {broken}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    return 1 if counts["BROKEN"] else 0


if __name__ == "__main__":
    sys.exit(main())
