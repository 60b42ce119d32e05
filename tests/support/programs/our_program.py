"""Our command line run within the test's own process: the same arguments, streams and exit code.

For tables of many rows: starting a program each time would be most of the time they take.
"""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from manyfest.cli.process.main import main
from tests.support.programs.docker_client import Result


def run_here(*arguments: str | Path) -> Result:
    """Run ``manyfest`` in the test's own environment and folder, and return its result."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main([*map(str, arguments)])
    for stream in (out, err):
        stream.flush()
    return Result(out.buffer.getvalue(), err.buffer.getvalue().decode(), code)
