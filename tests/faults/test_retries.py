"""Retries of transient faults: number, waiting time, and the threads that wait."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import pull_blob, push_blob
from manyfest.domain.errors import RateLimitedError, ServerError
from manyfest.domain.references import Reference
from tests.support.clock import HandClock
from tests.support.faults.judged import refused, succeeded
from tests.support.faults.registries import IMAGES, MANIFESTS, registry_of
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Drip, Fault, Reset, reset_in_body, truncated, unavailable
from tests.support.http.http_messages import Answer, Reply


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with registry_of(*IMAGES) as running:
        yield running


@pytest.fixture
def pauses() -> None:
    """Leave the pauses as they are: they are the subject."""


def in_a_moment(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


# What Retry-After says, and how many seconds are waited at least and at most.
ASKED = {
    "a second": (lambda: "1", 1.0, 2.0),
    "a date": (lambda: in_a_moment(2), 0.9, 3.0),
    "a date that has passed": (lambda: in_a_moment(-3600), 0.0, 1.0),
    "a date in no time zone": (lambda: "Thu, 01 Jan 2026 12:00:10 +" + "9" * 20, 0.0, 1.0),
    "less than nothing": (lambda: "-5", 0.0, 1.0),
    "words": (lambda: "abc", 0.0, 1.0),
    "as ghcr.io has it": (lambda: "12.5ms", 0.0, 1.0),
    "nothing": (lambda: None, 0.0, 1.0),
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "least", "most"), ASKED.values(), ids=ASKED)
def test_a_pause_is_as_long_as_the_registry_asks_for(server, status, asked, least, most):  # T6, T7
    server.on("GET", MANIFESTS, unavailable(status, asked()))
    succeeded("inspect", f"{server.host}/app:1")
    first, second = server.arrivals
    assert least <= second - first < most + 2  # the machine may be busy


TOO_LONG = {
    "an hour": ("3600", "3600 s"),
    "for ever": ("1" + "0" * 30, "1e+30 s"),
    "longer than there are numbers": ("9" * 400, "inf s"),
    "a date far ahead": ("Fri, 31 Dec 9999 23:59:59 GMT", " s"),
}


@pytest.mark.parametrize(("asked", "words"), TOO_LONG.values(), ids=TOO_LONG)
def test_nobody_waits_for_longer_than_half_a_minute(server, asked, words):  # T8
    server.always("GET", MANIFESTS, unavailable(429, asked))
    refused("inspect", f"{server.host}/app:1", code=5, words=("asked to wait", words))
    assert server.count() == 1


def test_a_pause_that_does_not_fit_the_time_limit_is_not_begun(server):
    server.always("GET", MANIFESTS, unavailable(429, "29"))
    began = time.monotonic()
    line = refused("inspect", "--timeout", "28", f"{server.host}/app:1", code=5)
    assert "no time left to try again" in line
    assert time.monotonic() - began < 25


def test_too_many_requests_for_ever_end_after_five(server):  # T9
    server.always("GET", MANIFESTS, unavailable(429, "0.1"))
    refused("inspect", f"{server.host}/app:1", code=5, words=("toomanyrequests", "tried 5 times"))
    assert server.count() == 5


def test_pauses_grow_and_are_no_beat(server):
    server.always("GET", MANIFESTS, Answer(500))
    jitter = iter([0.0, 1.0, 0.5, 0.0])
    with (
        HttpRegistry(Deadline(60, jitter=lambda: next(jitter))) as registry,
        pytest.raises(ServerError, match="tried 5 times"),
    ):
        registry.get_manifest(Reference.parse(f"{server.host}/app:1"))
    pauses = [later - earlier for earlier, later in pairwise(server.arrivals)]
    expected = [0.2 * 0.75, 0.4 * 1.25, 0.8, 1.6 * 0.75]
    assert all(have >= want for have, want in zip(pauses, expected, strict=True))


# What stands between the tries, and the last word about them.
LAST_WORDS: dict[str, tuple[tuple[Fault, ...], tuple[str, ...]]] = {
    "the wait got too long": (
        (Reset(), unavailable(503), unavailable(429, "3600")),
        ("toomanyrequests", "tried 3 times, asked to wait 3600 s"),
    ),
    "the time ran out": (
        (unavailable(503), Drip(b"", b"H")),
        ("503 Service Unavailable", "tried once, then not done within the 2 s allowed"),
    ),
    "no time for another try": (
        (unavailable(503), unavailable(503, "1.9")),
        ("503 Service Unavailable", "tried 2 times, no time left"),
    ),
}


@pytest.mark.parametrize(("faults", "words"), LAST_WORDS.values(), ids=LAST_WORDS)
def test_the_error_tells_how_often_it_was_tried_and_why_no_more(server, faults, words):
    server.on("GET", MANIFESTS, *faults)
    refused("inspect", "--timeout", "2", f"{server.host}/app:1", code=5, words=words)
    assert server.count() == len(faults)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 418, 501])
def test_what_does_not_pass_is_not_tried_again(server, status):
    server.always("GET", MANIFESTS, Answer(status))
    code = {403: 4, 404: 3, 501: 5}.get(status, 1)
    refused("inspect", f"{server.host}/app:1", code=code)
    assert server.count() == 1


BROKEN: dict[str, Fault] = {
    "reset before the answer": Reset(),
    "reset in the body": reset_in_body(20),
    "truncated": truncated(20),
}


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_asked_for_again_and_no_part_of_it_is_shown(server, fault):  # T10, T11
    server.on("GET", MANIFESTS, fault)
    shown = succeeded("inspect", "--raw", f"{server.host}/app:1")
    assert shown.stdout == IMAGES[1].manifest.data
    assert server.count() == 2


class Pausing(Deadline):
    """A deadline that tells when a thread begins to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.began = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.began.set()
        super().sleep(seconds)


def test_one_refusal_makes_all_threads_wait(server):
    """One is told, and fifteen who begin after that have not been told anything."""
    server.on("GET", MANIFESTS, unavailable(429, "1"))
    references = [Reference.parse(f"{server.host}/app:{number}") for number in range(16)]
    deadline = Pausing(60)
    with HttpRegistry(deadline) as registry:

        def get(reference):
            if reference is not references[0]:
                assert deadline.began.wait(timeout=300)
            return registry.get_manifest(reference)

        got = in_threads(get, references)
    assert [manifest.digest for manifest in got] == [image.digest for image in IMAGES]
    first, *others = server.arrivals
    assert len(others) == 16
    assert min(others) - first >= 1


def test_a_command_whose_first_answer_is_a_refusal_waits_and_succeeds(server):
    server.on("GET", MANIFESTS, unavailable(429, "1"))
    sources = [f"{server.host}/app:{number}" for number in range(16)]
    succeeded("create", f"{server.host}/app:list", "--keep-order", *sources)
    assert len(server.requests) == 16 + 1 + 16  # manifests, the refused one, configs
    assert server.arrivals[-1] - server.arrivals[0] >= 1


class Together:
    """The first ``count`` requests are answered together when the last of them has come."""

    def __init__(self, count: int, answer: Answer) -> None:
        self._all = threading.Barrier(count, timeout=300)
        self._answer = answer

    def __call__(self, _good: Answer) -> Reply:
        self._all.wait()
        return self._answer


def test_sixteen_refusals_at_once_make_one_pause(server):
    together = Together(16, unavailable(429, "1"))
    server.on("GET", MANIFESTS, *[together] * 16)
    references = [Reference.parse(f"{server.host}/app:{number}") for number in range(16)]
    with HttpRegistry(Deadline(60)) as registry:
        registry.head_manifest(references[0])  # so that nobody waits for first contact
        got = in_threads(registry.get_manifest, references)
    assert [manifest.digest for manifest in got] == [image.digest for image in IMAGES]
    arrivals = server.arrivals[1:]
    assert len(arrivals) == 32
    assert arrivals[16] - arrivals[15] >= 1


class Limited:
    """In place of answers that go beyond ``count`` in so many ``seconds``: come back after them."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._given: list[float] = []
        self._lock = threading.Lock()

    def __call__(self, good: Answer) -> Reply:
        with self._lock:
            now = time.monotonic()
            self._given = [given for given in self._given if now - given < self._seconds]
            if len(self._given) >= self._count:
                return unavailable(429, str(self._seconds))
            self._given.append(now)
            return good


def test_many_threads_find_the_pace_that_a_registry_allows(server):
    server.always("GET", MANIFESTS, Limited(3, 0.3))
    references = [Reference.parse(f"{server.host}/app:{number}") for number in range(16)] * 2
    with HttpRegistry(Deadline(60, jitter=lambda: -1.4)) as registry:
        got = in_threads(registry.get_manifest, references)
    assert [manifest.digest for manifest in got] == [image.digest for image in IMAGES] * 2
    assert len(server.requests) < 3 * 32


def test_a_pause_that_is_too_long_ends_all_threads(server):
    server.always("GET", MANIFESTS, unavailable(429, "3600"))
    told, *others = [Reference.parse(f"{server.host}/app:{number}") for number in range(16)]
    with HttpRegistry(Deadline(60, clock=HandClock().clock)) as registry:
        with pytest.raises(RateLimitedError, match="asked to wait 3600 s"):
            registry.get_manifest(told)
        failed = in_threads(registry.get_manifest, others)
    assert [type(error) for error in failed] == [RateLimitedError] * 15
    assert all("it asks for a pause of 3600 s" in str(error) for error in failed)
    assert server.count() == 1


def test_one_host_s_pause_is_not_another_s(server):
    server.on("GET", MANIFESTS, unavailable(429, "3"))
    with registry_of(IMAGES[0]) as other, HttpRegistry(Deadline(60)) as registry:
        references = [Reference.parse(f"{host}/app:0") for host in (server.host, other.host)]
        in_threads(registry.get_manifest, references)
        assert other.arrivals[0] - server.arrivals[0] < 2
    assert server.arrivals[1] - server.arrivals[0] >= 3


def test_who_does_not_try_again_does_not_wait_either(server):
    """As with mirrors: the next host is asked at once."""
    server.on("GET", MANIFESTS, unavailable(429, "29"))
    reference = Reference.parse(f"{server.host}/app:0")
    with HttpRegistry(Deadline(60), tries=1) as registry:
        for words in ("tried once", "it asks for a pause"):
            with pytest.raises(RateLimitedError, match=words):
                registry.get_manifest(reference)
    assert server.count() == 1


def test_waiting_as_asked_is_no_crawling(server):
    """A layer's transfer is watched for its pace, and a pause that was asked for is not its own."""
    layer = bytes(5 * 1024 * 1024)
    with HttpRegistry(Deadline(60, rate_window=0.5)) as registry:
        name = Reference.parse(f"{server.host}/app:layer")
        blob = push_blob(registry, name.home, layer)
        server.on("GET", "*", unavailable(429, "1"), unavailable(429, "1"))
        assert pull_blob(registry, blob, len(layer)) == layer


def in_threads(function, items):
    """Call it for each item at the same time, and return results or errors."""
    outcomes = [None] * len(items)

    def run(position):
        try:
            outcomes[position] = function(items[position])
        except Exception as error:  # noqa: BLE001 - an outcome, too
            outcomes[position] = error

    threads = [threading.Thread(target=run, args=(position,)) for position in range(len(items))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
