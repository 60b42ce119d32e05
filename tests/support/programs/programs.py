"""Programs that tests run, and what happens to a test when one is missing."""

import os
import shutil

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
    if path is not None:
        return path
    reason = f"{name} is not installed"
    if skipping_is_forbidden():
        pytest.fail(f"{reason}, and {NO_SKIP} is set", pytrace=False)
    pytest.skip(reason)
