"""The console script: installs the signal handler before anything else is imported."""

import gc
import os
import sys

TYPE_CHECKING = False  # type checkers know the name; importing typing takes time
if TYPE_CHECKING:
    from collections.abc import Callable

# A short command makes few reference cycles. To look for them every 700 objects, Python's default,
# takes a tenth of its start. To look once through all that is loaded takes a tenth of the time of a
# command that asks a registry.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000

_INTERRUPTED = 130


def run() -> None:
    """Run the process's arguments and exit; with 130 if a signal interrupts the loading."""
    run_and_exit(_main)


def run_and_exit(work: "Callable[[], int]") -> None:
    """Exit with the code that ``work`` returns, or as a program that a signal ends."""
    try:
        from manyfest.cli.process.signals import SIGNAL_HANDLER

        SIGNAL_HANDLER.install()
        code = SIGNAL_HANDLER.interruptible(work)
    except KeyboardInterrupt:  # Python's own handler raises until ours is installed
        os._exit(_INTERRUPTED)
    exit_fast(code)


def exit_fast(code: int) -> None:
    """End the process without the interpreter's clean-up.

    The clean-up takes a sixth of a short command's time (ADR 0009). Everything that must be closed
    is closed by now. If the last of the results cannot be written, the exit code is 1.
    """
    from manyfest.cli.process.signals import SIGNAL_HANDLER

    SIGNAL_HANDLER.uninstall()
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        code = code or 1
    if code == _INTERRUPTED:
        SIGNAL_HANDLER.reraise()
    os._exit(code)


def _main() -> int:
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    from manyfest.cli.process.main import main

    return main(sys.argv[1:])
