"""Several processes at work at the same moment."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.programs.forked import ForkedCommandLine

# Forks for each script, and lets all forks go at once, by the end of a pipe.
_FORKING = """
import os, sys, traceback
work, folder, *scripts = sys.argv[1:]
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
sys.exit()
"""

COMMANDS = """
import json
from manyfest.cli.process.main import main
codes = [main(line.split()) for line in sys.argv[1].splitlines()]
print(json.dumps(codes), file=sys.stderr)
"""


def at_once(forks: ForkedCommandLine, work: str, *scripts: Sequence[str]) -> list[tuple[str, str]]:
    """Run the Python ``work`` for each script, all at once; what each wrote to both streams.

    Each runs in a process of its own, a fork of one that has loaded our program, so that what they
    do is done at the same moment. Its argument are the lines of the script. ``COMMANDS`` runs each
    line as a command, and ends by writing their exit codes to standard error, as JSON.
    """
    with TemporaryDirectory() as folder:
        arguments = ["at_once", work, folder, *("\n".join(script) for script in scripts)]
        ended = forks(before=f"import sys\nsys.argv = {arguments}\n{_FORKING}")
        assert ended.code == 0, ended
        return [
            (Path(folder, f"{number}.out").read_text(), Path(folder, f"{number}.err").read_text())
            for number in range(len(scripts))
        ]
