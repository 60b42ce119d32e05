"""Several processes at work at the same moment."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

_TIMEOUT = 300.0  # seconds

# Loads, forks for each script, and lets all forks go at once, by the end of a pipe.
_FORKING = """
import os, sys, traceback
loading, work, folder, *scripts = sys.argv[1:]
exec(loading)
gate, closed_to_begin = os.pipe()
children = []
for number, script in enumerate(scripts):
    if child := os.fork():
        children.append(child)
        continue
    os.close(closed_to_begin)
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(os.path.join(folder, f"{number}.{name}"), os.O_WRONLY | os.O_CREAT), stream)
    sys.argv[1:] = [script]
    os.read(gate, 1)
    try:
        exec(work)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(0)
os.close(closed_to_begin)
for child in children:
    os.waitpid(child, 0)
"""


def at_once(loading: str, work: str, *scripts: Sequence[str]) -> list[tuple[str, str]]:
    """Run the Python ``work`` for each script, all at once; what each wrote to both streams.

    Each runs in a process of its own, a fork of one that has run ``loading``, so that what they do
    is done at the same moment. Its argument are the lines of the script.
    """
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _FORKING, loading, work, folder]
        command += ["\n".join(script) for script in scripts]
        subprocess.run(command, check=True, timeout=_TIMEOUT)
        return [
            (Path(folder, f"{number}.out").read_text(), Path(folder, f"{number}.err").read_text())
            for number in range(len(scripts))
        ]
