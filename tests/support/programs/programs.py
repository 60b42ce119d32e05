"""Programs that tests run, and what happens to a test when one is missing."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

NO_SKIP = "MANYFEST_TESTS_NO_SKIP"


def skipping_is_forbidden() -> bool:
    """Whether a skipped test counts as a failure, as it does in CI."""
    return bool(os.environ.get(NO_SKIP))


def require_program(name: str) -> str:
    """The path of the installed program ``name``.

    Without it the calling test is skipped, or fails when ``MANYFEST_TESTS_NO_SKIP`` is set.
    """
    path = shutil.which(name)
    return path or _go_without(f"{name} is not installed")


def require_file(path: Path, how_to_get_it: str) -> Path:
    """The file at ``path``; without it, as without a program."""
    return path if path.is_file() else _go_without(f"{path} is not there: {how_to_get_it}")


def _go_without(reason: str) -> NoReturn:
    if skipping_is_forbidden():
        pytest.fail(f"{reason}, and {NO_SKIP} is set", pytrace=False)
    pytest.skip(reason)
