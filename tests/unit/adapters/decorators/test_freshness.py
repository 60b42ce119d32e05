"""Tags of which something is held: what the origin is asked, and when it is not asked at all."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from attrs import define, evolve, field

from manyfest.adapters.decorators.cache_decision import Freshness
from manyfest.adapters.decorators.cached import CachedRegistry
from manyfest.adapters.decorators.confirmed_observations import ConfirmedObservations
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.errors import (
    DeniedError,
    ManifestUnknownError,
    ProtocolError,
    RateLimitedError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference, Repository
from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryStore

HOME = Repository("registry.example", "team/app")
TAG, OTHER_TAG = Reference(HOME, "v1"), Reference(HOME, "v2")
HELD, OLD, NEW = (docker_image(text=text) for text in ("held", "old", "new"))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@define(eq=False)
class Origin(MemoryRegistry):
    """Counts what it is asked, and goes wrong when told to."""

    asked: list[str] = field(factory=list)
    fails: dict[str, Exception] = field(factory=dict)

    def __attrs_pre_init__(self):
        super().__init__()

    def get_manifest(self, reference):
        self._answer("GET tag" if reference.digest is None else "GET digest")
        return super().get_manifest(reference)

    def head_manifest(self, reference):
        self._answer("HEAD")
        return MemoryRegistry.get_manifest(self, reference).descriptor()

    def _answer(self, request):
        self.asked.append(request)
        if request in self.fails:
            raise self.fails[request]


@pytest.fixture
def origin():
    origin = Origin()
    for image in (HELD, OLD, NEW):
        push_image(origin, Reference(HOME, None, image.digest), image)
    for tag in (TAG, OTHER_TAG):
        origin.put_manifest(tag, HELD.manifest)
    return origin


@pytest.fixture
def contents():
    contents = MemoryStore().contents
    with contents.transaction():
        contents.keep_manifests([HELD.manifest, OLD.manifest])
        contents.observe(Observation(tag, HELD.digest, NOON) for tag in (TAG, OTHER_TAG))
    return contents


@pytest.fixture
def told():
    return []


@pytest.fixture
def cached(origin, contents, told):
    """Makes one; ``on_unconfirmed`` fills ``told``."""

    def make(**options):
        return CachedRegistry(
            origin,
            contents,
            MemoryLayers(),
            on_unconfirmed=lambda *news: told.append(news),
            **options,
        )

    return make


def test_what_is_held_is_confirmed_by_a_head(cached, origin, told):
    assert cached().get_manifest(TAG) == HELD.manifest
    assert origin.asked == ["HEAD"]
    assert told == []


def test_a_tag_that_moved_to_what_is_held_moves_no_bytes(cached, origin):
    origin.put_manifest(TAG, OLD.manifest)
    assert cached().get_manifest(TAG) == OLD.manifest
    assert origin.asked == ["HEAD"]


def test_a_tag_that_moved_is_read_by_digest(cached, origin):
    origin.put_manifest(TAG, NEW.manifest)
    assert cached().get_manifest(TAG) == NEW.manifest
    assert origin.asked == ["HEAD", "GET digest"]


def test_a_tag_that_moves_on_meanwhile_is_read_by_tag(cached, origin):
    origin.put_manifest(TAG, NEW.manifest)
    origin.fails["GET digest"] = ManifestUnknownError("gone")
    assert cached().get_manifest(TAG) == NEW.manifest
    assert origin.asked == ["HEAD", "GET digest", "GET tag"]


def test_what_was_never_seen_is_one_get(cached, origin):
    push_image(origin, Reference(HOME, "unseen"), NEW)
    assert cached().get_manifest(Reference(HOME, "unseen")) == NEW.manifest
    assert origin.asked == ["GET tag"]


def test_what_is_damaged_is_one_get(cached, origin, contents):
    contents._store.held.manifests[HELD.digest] = evolve(HELD.manifest, data=b"damaged")
    assert cached().get_manifest(TAG) == HELD.manifest
    assert origin.asked == ["GET tag"]


def test_where_a_mirror_answers_for_the_tag_it_is_asked_by_get(cached, origin):
    assert cached(is_mirrored=lambda _: True).get_manifest(TAG) == HELD.manifest
    assert origin.asked == ["GET tag"]


HOST = HOME.registry
BAD_HEADS = {
    "not found": ManifestUnknownError("x"),
    "denied": DeniedError(HOST, "x"),
    "refused": RefusedError(HOST, "x", 405),
    "no registry's answer": ProtocolError(HOST, "x"),
}


@pytest.mark.parametrize("error", BAD_HEADS.values(), ids=BAD_HEADS)
def test_a_head_that_fails_is_not_asked_about_once_more(cached, origin, error):
    origin.fails["HEAD"] = error
    with pytest.raises(type(error)):
        cached(freshness=Freshness(stale_if_error=True)).get_manifest(TAG)
    assert origin.asked == ["HEAD"]


def test_a_tag_that_is_gone_is_gone(cached, origin, contents):
    gone = Reference(HOME, "gone")
    with contents.transaction():
        contents.observe([Observation(gone, HELD.digest, NOON)])
    with pytest.raises(ManifestUnknownError):
        cached(freshness=Freshness(stale_if_error=True)).get_manifest(gone)
    assert origin.asked == ["HEAD"]


UNAVAILABLE = {
    "away": UnreachableError(HOST, f"{TAG}: cannot reach it"),
    "busy": RateLimitedError(HOST, f"{TAG}: slow down"),
    "broken": ServerError(HOST, f"{TAG}: oops", 503),
}


@pytest.mark.parametrize("error", UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_a_registry_that_cannot_be_asked_is_an_error(cached, origin, error):
    origin.fails["HEAD"] = error
    with pytest.raises(type(error)):
        cached(freshness=Freshness(max_age=MINUTE, now=NOON + 2 * MINUTE)).get_manifest(TAG)
    assert origin.asked == ["HEAD"]


@pytest.mark.parametrize("error", UNAVAILABLE.values(), ids=UNAVAILABLE)
@pytest.mark.parametrize("request_", ["HEAD", "GET tag"])
def test_or_the_last_observation_answers_if_that_is_wished(
    cached, origin, contents, told, error, request_
):
    origin.fails[request_] = error
    stale = cached(
        freshness=Freshness(stale_if_error=True), is_mirrored=lambda _: request_ == "GET tag"
    )
    assert stale.get_manifest(TAG) == HELD.manifest
    assert told == [(contents.last_observation(TAG), error)]


def test_nothing_stale_is_made_up(cached, origin):
    origin.fails = {"HEAD": UNAVAILABLE["away"], "GET tag": UNAVAILABLE["away"]}
    with pytest.raises(UnreachableError):
        cached(freshness=Freshness(stale_if_error=True)).get_manifest(Reference(HOME, "unseen"))


@pytest.mark.parametrize(("trouble", "heads"), [("away", 1), ("broken", 2)])
def test_who_cannot_be_reached_is_not_waited_for_again(cached, origin, told, trouble, heads):
    origin.fails["HEAD"] = UNAVAILABLE[trouble]
    stale = cached(freshness=Freshness(stale_if_error=True))
    for tag in (TAG, OTHER_TAG):
        assert stale.get_manifest(tag) == HELD.manifest
    assert Counter(origin.asked) == {"HEAD": heads}
    assert [seen.reference for seen, _ in told] == [TAG, OTHER_TAG]


AGES = {
    "just seen": (timedelta(0), True),
    "in time": (9 * MINUTE, True),
    "to the second": (10 * MINUTE, True),
    "too old": (10 * MINUTE + timedelta(seconds=1), False),
    "seen by a clock a little ahead": (-MINUTE, True),
    "seen by a clock far ahead": (-11 * MINUTE, False),
}


@pytest.mark.parametrize(("age", "suffices"), AGES.values(), ids=AGES)
def test_what_was_seen_a_short_time_ago_answers_if_that_is_wished(
    cached, origin, contents, told, age, suffices
):
    fresh = cached(freshness=Freshness(max_age=10 * MINUTE, now=NOON + age))
    assert fresh.get_manifest(TAG) == HELD.manifest
    assert origin.asked == ([] if suffices else ["HEAD"])
    assert told == ([(contents.last_observation(TAG), None)] if suffices else [])


def test_what_nobody_confirmed_is_not_observed(contents):
    confirmed = ConfirmedObservations(contents, {TAG})
    later = NOON + MINUTE
    with confirmed.transaction():
        confirmed.keep_manifests([NEW.manifest])
        confirmed.observe(Observation(tag, NEW.digest, later) for tag in (TAG, OTHER_TAG))
    assert confirmed.last_observation(TAG) == Observation(TAG, HELD.digest, NOON)
    assert confirmed.last_observation(OTHER_TAG) == Observation(OTHER_TAG, NEW.digest, later)
    assert confirmed.manifest(NEW.digest) == NEW.manifest
