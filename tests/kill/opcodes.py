"""A signal before the n-th opcode that certain modules run."""

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import Value
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from types import FrameType
from typing import Any

from manyfest.cli.process import signals as endings

PACKAGE = Path(endings.__file__).parents[1]
LEAVING = {str(PACKAGE / f"cli/{name}.py") for name in ("program", "plugin", "endings", "main")}
FOREIGN = (str(PACKAGE / ".venv"), str(PACKAGE / "tests"))

Start = Callable[[int], None]  # what a child does first; writes a byte to the pipe for each signal


def in_package(file: str) -> bool:
    return file.startswith(str(PACKAGE)) and not file.startswith(FOREIGN)


def in_leaving(file: str) -> bool:
    return file in LEAVING


def at_opcode(
    number: signal.Signals,
    wanted: int,
    is_meant: Callable[[str], bool],
    passed: "Synchronized[int] | None" = None,
) -> Start:
    """Send the signal before that opcode of the files that are meant; ``passed`` counts them."""
    passed = passed or Value("q", -1)

    def start(tell: int) -> None:
        def trace(frame: FrameType, event: str, _: object) -> Any:
            if not is_meant(frame.f_code.co_filename):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            passed.value += event == "opcode"
            if event == "opcode" and passed.value == wanted:
                sys.settrace(None)
                os.write(tell, b".")
                signal.raise_signal(number)
            return trace

        sys.settrace(trace)

    return start
