"""The cache's decisions about a tag, as a pure function.

Theory of operation. A digest needs no decision, its bytes never change: ``cached`` takes them from
the store, or from the registry if the store lacks them. A tag may have moved, so the answer in the
store is only a candidate. ``decide`` is called with what is known and what happened last, and
names the next step; ``cached`` takes it, and reports how it went, until a step ends the read::

    Started ──► Get (by tag)           the store has no candidate
            ├─► ServeUnconfirmed       it is fresh, or its host was found unreachable before
            └─► LookUpRoute ──► RouteFound ──► Head, or Get (by tag) if a mirror may answer

    HeadAnswered ──► Serve             the store has the manifest of this digest
                 └─► Get (by digest)   it has not

    RequestFailed ──► Get (by tag)     HEAD cannot tell, or the digest is gone: the tag has moved on
                  ├─► ServeUnconfirmed the registry is unavailable, and a stale answer is allowed
                  └─► Raise            else

A successful Get ends the read. ADR 0020 has the reasons, and these rows as a table, which is
``tests/unit/adapters/decorators/test_cache_decision.py``.
"""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from attrs import frozen

from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    AccessError,
    ManifestUnknownError,
    ManyfestError,
    ProtocolError,
    RefusedError,
    ServerError,
    UnavailableError,
    UnreachableError,
)
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

# Errors of a HEAD after which GET decides: HEAD is unsupported, or the explanation is in a body,
# which only the answer to a GET has.
_RETRY_WITH_GET = (ManifestUnknownError, AccessError, RefusedError, ProtocolError)


@frozen
class Freshness:
    """When a cached tag may answer without confirmation; by default never (ADR 0020).

    ``max_age``: without asking, if the last observation is at most this much away from ``now``
    (UTC). ``stale_if_error``: after asking, if the registry is unreachable, busy or failing
    (the name is RFC 5861's).
    """

    max_age: timedelta | None = None
    stale_if_error: bool = False
    now: datetime = _LONG_AGO

    def is_fresh(self, observation: Observation) -> bool:
        """Return whether ``observation`` may answer without a request.

        An observation that a wrong clock dated further ahead than ``max_age`` is not fresh.
        """
        return self.max_age is not None and abs(self.now - observation.seen_at) <= self.max_age


ALWAYS_ASK = Freshness()


@frozen
class CachedTag:
    """The last observation of a tag, and the manifest of that digest, which the store has."""

    observation: Observation
    manifest: Manifest


@frozen
class TagFacts:
    """Facts about a tag before any request.

    ``cached`` is None if the tag was never observed, or if the store lacks the manifest or has it
    damaged. ``host_error`` is the error of an earlier read in this command that could not reach
    the same host.
    """

    cached: CachedTag | None
    host_error: UnreachableError | None = None


@frozen
class LookUpRoute:
    """Step: find out whether a mirror may answer a GET of the tag."""


@frozen
class Head:
    """Step: ask the registry by HEAD for the digest of the tag."""


@frozen
class Get:
    """Step: get the manifest from the registry, by ``digest`` or, without one, by tag."""

    digest: Digest | None = None


@frozen
class Serve:
    """Step: answer with this manifest of the store, which the registry has just confirmed."""

    manifest: Manifest


@frozen
class ServeUnconfirmed:
    """Step: answer from the store, and report it; ``error`` if the registry was asked."""

    cached: CachedTag
    error: UnavailableError | None = None


@frozen
class Raise:
    """Step: fail with this error."""

    error: ManyfestError


Step = LookUpRoute | Head | Get | Serve | ServeUnconfirmed | Raise


@frozen
class Started:
    """Event: a caller wants the manifest of a tag."""


@frozen
class RouteFound:
    """Event: whether a mirror may answer a GET of the tag. A HEAD always goes to the origin."""

    is_mirrored: bool


@frozen
class HeadAnswered:
    """Event: the tag points to ``digest``; ``manifest`` is the store's, None if it has none."""

    digest: Digest
    manifest: Manifest | None


@frozen
class RequestFailed:
    """Event: the request of this step failed, retries included."""

    step: Head | Get
    error: ManyfestError


Event = Started | RouteFound | HeadAnswered | RequestFailed


def decide(tag: TagFacts, freshness: Freshness, event: Event) -> Step:
    """The step that follows ``event``."""
    match event:
        case Started():
            return _first_step(tag, freshness)
        case RouteFound(is_mirrored):
            return Get() if is_mirrored else Head()
        case HeadAnswered(digest, manifest):
            return Get(digest) if manifest is None else Serve(manifest)
        case RequestFailed(step, error):
            return Get() if _get_decides(step, error) else _give_up(tag, freshness, error)


def _first_step(tag: TagFacts, freshness: Freshness) -> Step:
    if tag.cached is None:
        return Get()
    if freshness.is_fresh(tag.cached.observation):
        return ServeUnconfirmed(tag.cached)
    if tag.host_error is not None and freshness.stale_if_error:
        return ServeUnconfirmed(tag.cached, tag.host_error)
    return LookUpRoute()


def _get_decides(step: Head | Get, error: ManyfestError) -> bool:
    if isinstance(step, Head):
        not_implemented = isinstance(error, ServerError) and (
            error.status == HTTPStatus.NOT_IMPLEMENTED
        )
        return not_implemented or isinstance(error, _RETRY_WITH_GET)
    return step.digest is not None and isinstance(error, ManifestUnknownError)


def _give_up(tag: TagFacts, freshness: Freshness, error: ManyfestError) -> Step:
    if tag.cached and freshness.stale_if_error and isinstance(error, UnavailableError):
        return ServeUnconfirmed(tag.cached, error)
    return Raise(error)
