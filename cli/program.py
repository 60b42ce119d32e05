"""The console script: nothing is imported before Ctrl-C has somewhere to go."""

import gc
import os
import sys
from typing import NoReturn

# A short command makes few cycles: looking for them every 700 objects is a tenth of its start, and
# looking once through what was loaded is as much of the time that a command takes with a registry.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


def run() -> None:
    """Run what the process was called with, and exit; interrupted while loading, with 130."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from manyfest.cli.main import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    leave(code)


def leave(code: int) -> NoReturn:
    """End the process, without taking apart what was loaded: a sixth of a short command's time.

    By now all is closed that has an end of its own. Output that cannot be written makes it 1.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            code = code or 1
    os._exit(code)
