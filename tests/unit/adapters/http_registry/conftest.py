"""A raw-socket server for conversations that go wrong, and a registry that speaks to it."""

import contextlib
import ssl
from collections.abc import Callable, Iterator

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from tests.support.http.raw_server import COMPLAINT, Answer, RawServer, reply


@pytest.fixture(name="reply")
def _reply() -> Callable[..., bytes]:
    return reply


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    with contextlib.ExitStack() as stack:

        def start(
            answer: Answer, tls: ssl.SSLContext | None = None, complaint: bytes = COMPLAINT
        ) -> RawServer:
            return stack.enter_context(RawServer(answer, tls, complaint))

        yield start


@pytest.fixture
def registry() -> Iterator[HttpRegistry]:
    """Without credentials, a minute, and no time lost on pauses between tries."""
    with HttpRegistry(Deadline(60, jitter=lambda: -1.4)) as made:
        yield made
