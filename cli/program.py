"""The console script: nothing is imported before Ctrl-C has somewhere to go."""

import gc
import sys

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
    sys.exit(code)
