"""The program: runs a command line and turns every outcome into an exit code."""

import os
from collections.abc import Sequence
from contextlib import suppress

from manyfest.cli import exit_codes
from manyfest.cli.output import fail, note, write_text, write_traceback
from manyfest.domain.errors import InputError, ManyfestError


def main(arguments: Sequence[str], program: str = "manyfest") -> int:
    """Run ``arguments``; return the exit code, and never raise.

    ``arguments`` are without the program's name. ``program`` is the name that help shows.
    """
    try:
        _require_unicode(arguments)
        return _run_app(arguments, program)
    except BaseException as error:  # noqa: BLE001 -- a person must never see a traceback
        return _report(_interruption_of(error) or error, arguments, program)


def _interruption_of(error: BaseException) -> BaseException | None:
    """Return the interruption by a signal that became another error; None for all other errors.

    A signal within the code of a lock's ``with`` may leave it unlocked too early: its end raises
    RuntimeError while the interruption passes.
    """
    before = error.__context__ if isinstance(error, RuntimeError) else None
    return before if isinstance(before, KeyboardInterrupt) else None


def _require_unicode(arguments: Sequence[str]) -> None:
    """Refuse arguments that are not UTF-8: names and values end up in JSON.

    Python decodes other bytes to surrogates, which JSON cannot encode.
    """
    for argument in arguments:
        if any("\ud800" <= char <= "\udfff" for char in argument):
            raise InputError(f"an argument is not UTF-8: {argument!r}")


def _run_app(arguments: Sequence[str], program: str) -> int:
    from manyfest.cli.process.command_group import run

    if arguments[:1] == ["__complete"]:
        from manyfest.cli.process.completion import completions

        write_text(completions(arguments[1:]))
        return exit_codes.DONE
    try:
        run(arguments, program)
    except exit_codes.ExitError as ended:
        return ended.code
    return exit_codes.DONE


def _report(error: BaseException, arguments: Sequence[str], program: str) -> int:
    if os.environ.get("MANYFEST_DEBUG"):
        write_traceback(error)
    if isinstance(error, KeyboardInterrupt):
        note("; ".join(("interrupted", *map(str, error.args))))
    elif not isinstance(error, BrokenPipeError):
        from manyfest.cli.advice.advise import advised
        from manyfest.cli.advice.workflow_commands import workflow_error
        from manyfest.cli.process.command_group import GROUPS

        message = advised(_message(error), error, arguments, GROUPS, program)
        if command := workflow_error(message, arguments):
            with suppress(OSError):
                write_text(command)
        fail(message)
    return exit_codes.meaning_of(error).code


def _message(error: BaseException) -> str:
    if isinstance(error, ManyfestError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return "out of memory"
    return f"this is a bug: {type(error).__name__}: {error} (MANYFEST_DEBUG=1 shows where)"
