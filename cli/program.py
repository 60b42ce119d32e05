"""The console script: nothing is imported before Ctrl-C has somewhere to go."""

import sys


def run() -> None:
    """Run what the process was called with, and exit; interrupted while loading, with 130."""
    try:
        from manyfest.cli.main import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
