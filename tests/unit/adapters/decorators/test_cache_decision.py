"""The cache's decisions about a tag: the rows of the table in ADR 0020."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from manyfest.adapters.decorators.cache_decision import (
    ALWAYS_ASK,
    Ask,
    Freshness,
    Get,
    KnownTag,
    ServeUnconfirmed,
    Step,
    TagFacts,
    after_failure,
    after_head,
    after_route,
    first_step,
)
from manyfest.contracts.images import docker_image
from manyfest.domain.errors import (
    DeadlineError,
    DeniedError,
    ManifestUnknownError,
    ManyfestError,
    RateLimitedError,
    ServerError,
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
CACHED = KnownTag(Observation(TAG, OLD.digest, NOON), OLD)

UNREACHABLE = UnreachableError(HOST, f"{TAG}: cannot reach it")
NOT_FOUND = ManifestUnknownError(str(TAG))
DENIED = DeniedError(HOST, f"{TAG}: denied")

IS_CLAIMED = TagFacts(evolve(CACHED, observation=evolve(CACHED.observation, is_claimed=True)))
IS_CACHED, NOT_CACHED = TagFacts(CACHED), TagFacts(None)
HOST_IS_AWAY = TagFacts(CACHED, UNREACHABLE)
BY_DIGEST, BY_TAG = Get(NEW.digest), Get()
STALE = Freshness(stale_if_error=True)
SERVE_UNCONFIRMED, SERVE_STALE = ServeUnconfirmed(CACHED), ServeUnconfirmed(CACHED, UNREACHABLE)


def _later(minutes: int) -> Freshness:
    """The policy of ``--max-age 10m`` so many minutes after the observation."""
    return Freshness(10 * MINUTE, now=NOON + minutes * MINUTE)


def _failed(
    step: Step,
    error: ManyfestError = UNREACHABLE,
    *,
    tag: TagFacts = IS_CACHED,
    freshness: Freshness = ALWAYS_ASK,
) -> Step:
    return after_failure(tag, freshness, step, error)


ROWS: dict[str, tuple[Step, Step]] = {
    "not cached": (first_step(NOT_CACHED, ALWAYS_ASK), BY_TAG),
    "to be confirmed": (first_step(IS_CACHED, ALWAYS_ASK), Ask.LOOK_UP_ROUTE),
    "fresh": (first_step(IS_CACHED, _later(9)), SERVE_UNCONFIRMED),
    "too old": (first_step(IS_CACHED, _later(11)), Ask.LOOK_UP_ROUTE),
    "dated ahead": (first_step(IS_CACHED, _later(-11)), Ask.LOOK_UP_ROUTE),
    "claimed": (first_step(IS_CLAIMED, _later(9)), Ask.LOOK_UP_ROUTE),
    "unreachable before, stale allowed": (first_step(HOST_IS_AWAY, STALE), SERVE_STALE),
    "unreachable before, stale not allowed": (
        first_step(HOST_IS_AWAY, ALWAYS_ASK),
        Ask.LOOK_UP_ROUTE,
    ),
    "not mirrored": (after_route(is_mirrored=False), Ask.HEAD),
    "mirrored": (after_route(is_mirrored=True), BY_TAG),
    "same or cached digest": (after_head(OLD.digest, OLD), OLD),
    "other digest": (after_head(NEW.digest, None), BY_DIGEST),
    "HEAD not found": (_failed(Ask.HEAD, NOT_FOUND, freshness=STALE), NOT_FOUND),
    "HEAD denied": (_failed(Ask.HEAD, DENIED, freshness=STALE), DENIED),
    "HEAD unavailable": (_failed(Ask.HEAD), UNREACHABLE),
    "HEAD unavailable, stale allowed": (_failed(Ask.HEAD, freshness=STALE), SERVE_STALE),
    "digest gone": (_failed(BY_DIGEST, NOT_FOUND), BY_TAG),
    "digest denied": (_failed(BY_DIGEST, DENIED), DENIED),
    "digest unavailable, stale allowed": (_failed(BY_DIGEST, freshness=STALE), SERVE_STALE),
    "tag gone": (_failed(BY_TAG, NOT_FOUND, freshness=STALE), NOT_FOUND),
    "tag denied": (_failed(BY_TAG, DENIED, freshness=STALE), DENIED),
    "tag unavailable": (_failed(BY_TAG), UNREACHABLE),
    "tag unavailable, stale allowed": (_failed(BY_TAG, freshness=STALE), SERVE_STALE),
    "tag unavailable, not cached": (
        _failed(BY_TAG, tag=NOT_CACHED, freshness=STALE),
        UNREACHABLE,
    ),
}


@pytest.mark.parametrize(("decided", "expected"), ROWS.values(), ids=ROWS)
def test_a_row_of_the_table(decided, expected):
    assert decided == expected


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
@pytest.mark.parametrize("step", [Ask.HEAD, BY_DIGEST, BY_TAG], ids=["HEAD", "digest", "tag"])
def test_all_that_is_unavailable_is_decided_alike(step, error):
    assert after_failure(IS_CACHED, STALE, step, error) == ServeUnconfirmed(CACHED, error)
    assert after_failure(IS_CACHED, ALWAYS_ASK, step, error) is error
