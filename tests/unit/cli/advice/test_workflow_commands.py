"""Errors as GitHub's runner reads them."""

import pytest

from manyfest.cli.advice.workflow_commands import workflow_error


@pytest.mark.parametrize("flag", ["--github", "--github=true"])
def test_an_error_is_one_command(flag: str) -> None:
    shown = workflow_error("100%\r\n::error::forged", ["publish", flag])
    assert shown == "::error::100%25%0D%0A::error::forged"


@pytest.mark.parametrize("arguments", [[], ["publish"], ["publish", "--github=false"]])
def test_nobody_else_gets_one(arguments: list[str]) -> None:
    assert workflow_error("no", arguments) == ""
