"""The console script: nothing is imported before Ctrl-C has somewhere to go."""

import gc
import os
import sys

TYPE_CHECKING = False  # the name that type checkers know, without the import of typing
if TYPE_CHECKING:
    from collections.abc import Callable

# A short command makes few cycles: looking for them every 700 objects is a tenth of its start, and
# looking once through what was loaded is as much of the time that a command takes with a registry.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000

_INTERRUPTED = 130


def run() -> None:
    """Run what the process was called with, and exit; interrupted while loading, with 130."""
    run_and_leave(_main)


def run_and_leave(work: "Callable[[], int]") -> None:
    """Exit with the code that ``work`` returns, or as a program that a signal ended."""
    try:
        from manyfest.cli.process.signals import ENDINGS

        ENDINGS.install()
        code = ENDINGS.interruptible(work)
    except KeyboardInterrupt:  # Python's own handler raises until ours is installed
        os._exit(_INTERRUPTED)
    exit_fast(code)


def exit_fast(code: int) -> None:
    """End the process, without taking apart what was loaded: a sixth of a short command's time.

    By now all is closed that has an end of its own. Results that cannot be written make it 1.
    """
    from manyfest.cli.process.signals import ENDINGS

    ENDINGS.uninstall()
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        code = code or 1
    if code == _INTERRUPTED:
        ENDINGS.reraise()
    os._exit(code)


def _main() -> int:
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    from manyfest.cli.process.main import main

    return main(sys.argv[1:])
