"""The process is the subject here: it starts as it does for a user."""

import pytest

from tests.support.programs.docker_client import CommandLine


@pytest.fixture
def manyfest(started_manyfest: CommandLine) -> CommandLine:
    return started_manyfest
