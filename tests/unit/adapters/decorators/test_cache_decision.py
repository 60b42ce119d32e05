"""The cache's decisions about a tag: the rows of the table in ADR 0020."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from manyfest.adapters.decorators.cache_decision import (
    ALWAYS_ASK,
    CachedTag,
    Event,
    Freshness,
    Get,
    Head,
    HeadAnswered,
    LookUpRoute,
    Raise,
    RequestFailed,
    RouteFound,
    Serve,
    ServeUnconfirmed,
    Started,
    Step,
    TagFacts,
    decide,
)
from manyfest.contracts.images import docker_image
from manyfest.domain.errors import (
    DeadlineError,
    DeniedError,
    ManifestUnknownError,
    ProtocolError,
    RateLimitedError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference, Repository

HOST = "registry.example"
TAG = Reference(Repository(HOST, "team/app"), "v1")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

OLD, NEW = docker_image(text="old").manifest, docker_image(text="new").manifest
CACHED = CachedTag(Observation(TAG, OLD.digest, NOON), OLD)

UNREACHABLE = UnreachableError(HOST, f"{TAG}: cannot reach it")
NOT_FOUND = ManifestUnknownError(str(TAG))
DENIED = DeniedError(HOST, f"{TAG}: denied")
REFUSED = RefusedError(HOST, f"{TAG}: method not allowed", 405)
ODD = ProtocolError(HOST, f"{TAG}: no registry answers so")
NOT_IMPLEMENTED = ServerError(HOST, f"{TAG}: not implemented", 501)

IS_CACHED, NOT_CACHED = TagFacts(CACHED), TagFacts(None)
HOST_IS_AWAY = TagFacts(CACHED, UNREACHABLE)
BY_DIGEST, BY_TAG = Get(NEW.digest), Get()
STALE = Freshness(stale_if_error=True)
LOOK_UP_ROUTE, SERVE_UNCONFIRMED = LookUpRoute(), ServeUnconfirmed(CACHED)
SERVE_STALE, FAIL = ServeUnconfirmed(CACHED, UNREACHABLE), Raise(UNREACHABLE)


def _later(minutes: int) -> Freshness:
    """The policy of ``--max-age 10m`` so many minutes after the observation."""
    return Freshness(10 * MINUTE, now=NOON + minutes * MINUTE)


def _failed(step: Head | Get, error: Exception = UNREACHABLE) -> RequestFailed:
    return RequestFailed(step, error)


ROWS: dict[str, tuple[TagFacts, Freshness, Event, Step]] = {
    "not cached": (NOT_CACHED, ALWAYS_ASK, Started(), BY_TAG),
    "to be confirmed": (IS_CACHED, ALWAYS_ASK, Started(), LOOK_UP_ROUTE),
    "fresh": (IS_CACHED, _later(9), Started(), SERVE_UNCONFIRMED),
    "too old": (IS_CACHED, _later(11), Started(), LOOK_UP_ROUTE),
    "dated ahead": (IS_CACHED, _later(-11), Started(), LOOK_UP_ROUTE),
    "unreachable before, stale allowed": (HOST_IS_AWAY, STALE, Started(), SERVE_STALE),
    "unreachable before, stale not allowed": (HOST_IS_AWAY, ALWAYS_ASK, Started(), LOOK_UP_ROUTE),
    "not mirrored": (IS_CACHED, ALWAYS_ASK, RouteFound(is_mirrored=False), Head()),
    "mirrored": (IS_CACHED, ALWAYS_ASK, RouteFound(is_mirrored=True), BY_TAG),
    "same or cached digest": (IS_CACHED, ALWAYS_ASK, HeadAnswered(OLD.digest, OLD), Serve(OLD)),
    "other digest": (IS_CACHED, ALWAYS_ASK, HeadAnswered(NEW.digest, None), BY_DIGEST),
    "HEAD not found": (IS_CACHED, ALWAYS_ASK, _failed(Head(), NOT_FOUND), BY_TAG),
    "HEAD denied": (IS_CACHED, ALWAYS_ASK, _failed(Head(), DENIED), BY_TAG),
    "HEAD refused": (IS_CACHED, ALWAYS_ASK, _failed(Head(), REFUSED), BY_TAG),
    "HEAD answered badly": (IS_CACHED, ALWAYS_ASK, _failed(Head(), ODD), BY_TAG),
    "HEAD not implemented": (IS_CACHED, STALE, _failed(Head(), NOT_IMPLEMENTED), BY_TAG),
    "HEAD unavailable": (IS_CACHED, ALWAYS_ASK, _failed(Head()), FAIL),
    "HEAD unavailable, stale allowed": (IS_CACHED, STALE, _failed(Head()), SERVE_STALE),
    "digest gone": (IS_CACHED, ALWAYS_ASK, _failed(BY_DIGEST, NOT_FOUND), BY_TAG),
    "digest denied": (IS_CACHED, ALWAYS_ASK, _failed(BY_DIGEST, DENIED), Raise(DENIED)),
    "digest unavailable, stale allowed": (IS_CACHED, STALE, _failed(BY_DIGEST), SERVE_STALE),
    "tag gone": (IS_CACHED, STALE, _failed(BY_TAG, NOT_FOUND), Raise(NOT_FOUND)),
    "tag denied": (IS_CACHED, STALE, _failed(BY_TAG, DENIED), Raise(DENIED)),
    "tag unavailable": (IS_CACHED, ALWAYS_ASK, _failed(BY_TAG), FAIL),
    "tag unavailable, stale allowed": (IS_CACHED, STALE, _failed(BY_TAG), SERVE_STALE),
    "tag unavailable, not cached": (NOT_CACHED, STALE, _failed(BY_TAG), FAIL),
}


@pytest.mark.parametrize(("tag", "freshness", "event", "step"), ROWS.values(), ids=ROWS)
def test_a_row_of_the_table(tag, freshness, event, step):
    assert decide(tag, freshness, event) == step


def test_the_rows_are_those_of_the_adr():
    (adr,) = (Path(__file__).parents[4] / "ADR").glob("0020-*.md")
    cases = re.findall(r"^\| ([^|]+?) \|.*\|$", adr.read_text(), re.MULTILINE)
    assert cases == ["case", *ROWS]


UNAVAILABLE: dict[str, UnavailableError] = {
    "unreachable": UNREACHABLE,
    "429": RateLimitedError(HOST, f"{TAG}: slow down"),
    "503": ServerError(HOST, f"{TAG}: oops", 503),
    "out of time": DeadlineError(HOST, f"{TAG}: out of time"),
}


@pytest.mark.parametrize("error", UNAVAILABLE.values(), ids=UNAVAILABLE)
@pytest.mark.parametrize("step", [Head(), BY_DIGEST, BY_TAG], ids=["HEAD", "digest", "tag"])
def test_all_that_is_unavailable_is_decided_alike(step, error):
    failed = RequestFailed(step, error)
    assert decide(IS_CACHED, STALE, failed) == ServeUnconfirmed(CACHED, error)
    assert decide(IS_CACHED, ALWAYS_ASK, failed) == Raise(error)


def test_a_head_that_wants_a_login_is_asked_for_by_get():
    failed = RequestFailed(Head(), UnauthorizedError(HOST, f"{TAG}: unauthorized"))
    assert decide(IS_CACHED, ALWAYS_ASK, failed) == BY_TAG
