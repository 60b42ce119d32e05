"""Run a command and measure it: seconds, processor time, peak memory."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.benchmarks.measuring.measurements import Sample

_TIMEOUT = 600.0  # seconds for one command

# A small process in between, because a process starts with the peak of the one that spawned it. It
# measures itself what it waits for, so that its own start is not counted.
_STOPWATCH = """\
import json, os, sys, time
report, *command = sys.argv[1:]
started = time.perf_counter()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
seconds = time.perf_counter() - started
with open(report, "w") as file:
    json.dump([seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024], file)
sys.exit(status != 0)
"""


class FailedError(Exception):
    """A command failed; the message has the start of the command and the end of its output."""


def run(command: Sequence[str], environment: Mapping[str, str]) -> Sample:
    """Run ``command`` to its end and measure it. Raises FailedError."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report")
        watch = (sys.executable, "-S", "-E", "-c", _STOPWATCH, str(report), *command)
        code, output = _ended(watch, environment)
        if code:
            said = output.decode(errors="replace")[-300:].strip()
            raise FailedError(f"{' '.join(command)[:100]} failed: {said}")
        return Sample(*json.loads(report.read_text()))


def _ended(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes]:
    """Run ``command`` in a group of its own, ended with it; return its code and its output."""
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return 1, f"nothing after {_TIMEOUT:g} s".encode()
        return process.returncode, output
