"""Several processes at work at the same moment."""

import subprocess
import sys
from collections.abc import Sequence

_TIMEOUT = 120.0  # seconds


def at_once(program: str, *scripts: Sequence[str]) -> list[tuple[str, str]]:
    """Run the Python ``program`` for each script, all at once; what each wrote to both streams.

    Its argument are the lines of the script. It prints ``ready`` once all is loaded, and begins
    when it has read a line.
    """
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, "\n".join(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for script in scripts
    ]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=_TIMEOUT) for process in running]
