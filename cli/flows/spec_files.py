"""The files of ``apply`` and ``lock``: specs and locks, and the errors in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from manyfest.assembly.references import reference
from manyfest.cli import exit_codes
from manyfest.cli.arguments.input_files import STDIN, bytes_of
from manyfest.cli.exit_codes import ExitError
from manyfest.cli.output import fail, note
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import SpecError
from manyfest.domain.specs.list_spec import ListSpec
from manyfest.domain.specs.lock import Lock

IgnoreMissing = Annotated[
    bool, Option("--ignore-missing", help="Leave out images that do not exist.")
]


def read_spec_file(spec: str) -> tuple[ListSpec, ...]:
    """Read the lists that a file declares, ``-`` for standard input.

    Prints a line for each error in it, and ends the command. Raises InputError: it is too large.
    """
    from manyfest.adapters.manifest_tool.spec_yaml import read_specs

    try:
        return read_specs(bytes_of(spec), spec, reference)
    except SpecError as error:
        for problem in error.problems:
            fail(problem)
        raise ExitError(exit_codes.USAGE) from error


def read_lock_file(file: Path) -> Lock:
    """Read the lock in ``file``. Raises DocumentError; InputError: it is too large."""
    return Lock.from_json(parse_object(bytes_of(str(file)), str(file)), str(file))


def lock_path(spec: str, given: Path | None) -> Path:
    """Return the file of a spec's lock: ``given``, else beside the spec."""
    if given is None and spec == STDIN:
        raise UsageError("a spec from standard input needs the name of its lock file")
    return given or Path(f"{spec}.lock")


def print_missing(missing: Sequence[str]) -> None:
    """Note on stderr which images were left out."""
    for written in missing:
        note(f"left out, because it does not exist: {written}")
