"""What ``apply`` and ``lock`` share: reading specs and locks, and telling what is wrong there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from manyfest.cli import exit_codes
from manyfest.cli.arguments.references import reference
from manyfest.cli.output import fail, note, standard_input
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import InputError, SpecError
from manyfest.domain.specs.list_spec import ListSpec
from manyfest.domain.specs.lock import Lock

STDIN = "-"
_SIZE_LIMIT = 4 * 1024 * 1024

IgnoreMissing = Annotated[
    bool, typer.Option("--ignore-missing", help="Leave out images that are not there.")
]


def specs_in(spec: str) -> tuple[ListSpec, ...]:
    """The lists that the file declares, ``-`` for standard input.

    All its faults are told, a line each, and then the command ends. Raises InputError: too large.
    """
    from manyfest.adapters.manifest_tool.spec_yaml import read_specs

    try:
        return read_specs(_bytes_of(spec), spec, reference)
    except SpecError as error:
        for problem in error.problems:
            fail(problem)
        raise typer.Exit(exit_codes.USAGE) from error


def lock_in(file: Path) -> Lock:
    """The lock in ``file``. Raises DocumentError, InputError: too large."""
    return Lock.from_json(parse_object(_bytes_of(str(file)), str(file)), str(file))


def lock_file(spec: str, given: Path | None) -> Path:
    """Where the lock of ``spec`` is: as ``given``, else beside it."""
    if given is None and spec == STDIN:
        raise typer.TyperException("a spec from standard input needs the name of its lock file")
    return given or Path(f"{spec}.lock")


def print_missing(missing: Sequence[str]) -> None:
    """Say on stderr what was left out."""
    for written in missing:
        note(f"left out, because it is not there: {written}")


def _bytes_of(name: str) -> bytes:
    if name == STDIN:
        data = standard_input().read(_SIZE_LIMIT + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(_SIZE_LIMIT + 1)
    if len(data) > _SIZE_LIMIT:
        raise InputError(f"{name} has more than {_SIZE_LIMIT} bytes")
    return data
