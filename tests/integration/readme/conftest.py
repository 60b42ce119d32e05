"""A reader of the README types its commands: each starts as it does for a user."""

import pytest

from tests.support.programs.docker_client import CommandLine


@pytest.fixture
def manyfest(started_manyfest: CommandLine) -> CommandLine:
    return started_manyfest
