"""The cache's decisions about a tag, as pure functions.

Theory of operation. A digest needs no decision, its bytes never change: ``cached`` takes them from
the store, or from the registry if the store lacks them. A tag may have moved, so the answer in the
store is only a candidate. ``cached`` takes a step, and calls the function of how it went, which
returns the next step, until one ends the read: a manifest answers, an error is raised::

    first_step ──► Get (by tag)            the store has no candidate
               ├─► ServeUnconfirmed        it is fresh, or its host was found unreachable before
               └─► LOOK_UP_ROUTE

    after_route ──► HEAD, or Get (by tag) if a mirror may answer

    after_head ──► the manifest            the store has the one of this digest
               └─► Get (by digest)         it has not

    after_failure ──► Get (by tag)         the digest is gone: the tag moved on
                  ├─► ServeUnconfirmed     the registry is unavailable, a stale answer is allowed
                  └─► the error            else

A successful Get ends the read. After a Head that tells nothing, ``head_manifest`` sends a GET
itself (ADR 0032). ADR 0020 has the reasons, and these rows as a table, which is
``tests/unit/adapters/decorators/test_cache_decision.py``.
"""

from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    ManifestUnknownError,
    ManyfestError,
    UnavailableError,
    UnreachableError,
)
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.values import frozen

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


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

        Not a bundle's claim, and not an observation that a wrong clock dated ahead.
        """
        if self.max_age is None or observation.is_claimed or observation.is_after(self.now):
            return False
        return abs(self.now - observation.seen_at) <= self.max_age


ALWAYS_ASK = Freshness()


@frozen
class KnownTag:
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

    cached: KnownTag | None
    host_error: UnreachableError | None = None


class Ask(Enum):
    """Steps without a value: find out whether a mirror may answer a GET, or send a HEAD."""

    LOOK_UP_ROUTE = auto()
    HEAD = auto()


@frozen
class Get:
    """Step: get the manifest from the registry, by ``digest`` or, without one, by tag."""

    digest: Digest | None = None


@frozen
class ServeUnconfirmed:
    """Step: answer from the store, and report it; ``error`` if the registry was asked."""

    cached: KnownTag
    error: UnavailableError | None = None


Step = Ask | Get | ServeUnconfirmed | Manifest | ManyfestError


def first_step(tag: TagFacts, freshness: Freshness) -> Step:
    """The step that begins the read of a tag."""
    if tag.cached is None:
        return Get()
    if freshness.is_fresh(tag.cached.observation):
        return ServeUnconfirmed(tag.cached)
    if tag.host_error is not None and freshness.stale_if_error:
        return ServeUnconfirmed(tag.cached, tag.host_error)
    return Ask.LOOK_UP_ROUTE


def after_route(*, is_mirrored: bool) -> Step:
    """The step once it is known whether a mirror may answer; a HEAD always goes to the origin."""
    return Get() if is_mirrored else Ask.HEAD


def after_head(digest: Digest, manifest: Manifest | None) -> Step:
    """The step once the tag points to ``digest``, of which the store has ``manifest`` or None."""
    return Get(digest) if manifest is None else manifest


def after_failure(tag: TagFacts, freshness: Freshness, step: Step, error: ManyfestError) -> Step:
    """The step after the request of ``step`` has failed, retries included."""
    if _is_digest_gone(step, error):
        return Get()
    if tag.cached and freshness.stale_if_error and isinstance(error, UnavailableError):
        return ServeUnconfirmed(tag.cached, error)
    return error


def _is_digest_gone(step: Step, error: ManyfestError) -> bool:
    gone = isinstance(error, ManifestUnknownError)
    return isinstance(step, Get) and step.digest is not None and gone
