"""Send a signal before the n-th opcode that certain modules run."""

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import Value
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from types import FrameType
from typing import Any

from manyfest.cli.process import console_script, docker_plugin, main, signals

PACKAGE = Path(signals.__file__).parents[2]
ENTRY_AND_EXIT = {module.__file__ for module in (console_script, docker_plugin, signals, main)}
FOREIGN = (str(PACKAGE / ".venv"), str(PACKAGE / "tests"))

# Runs first in a child. It gets a pipe and writes one byte to it for each signal it raises.
Start = Callable[[int], None]


def in_package(file: str) -> bool:
    return file.startswith(str(PACKAGE)) and not file.startswith(FOREIGN)


def in_entry_and_exit(file: str) -> bool:
    return file in ENTRY_AND_EXIT


def at_opcode(
    number: signal.Signals,
    opcode: int,
    is_traced: Callable[[str], bool],
    counter: "Synchronized[int] | None" = None,
) -> Start:
    """Raise the signal before opcode number ``opcode`` of the traced files; ``counter`` counts."""
    counter = counter or Value("q", -1)

    def start(pipe: int) -> None:
        def trace(frame: FrameType, event: str, _: object) -> Any:
            if not is_traced(frame.f_code.co_filename):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            counter.value += event == "opcode"
            if event == "opcode" and counter.value == opcode:
                sys.settrace(None)
                os.write(pipe, b".")
                signal.raise_signal(number)
            return trace

        sys.settrace(trace)

    return start
