"""Host facts: what one command learns about a host, and the next one uses. Pure.

Facts are guesses. They save requests, but the rules for schemes, realms and credentials decide as
if there were none.
"""

from typing import Protocol

from manyfest.adapters.endpoint import Endpoint
from manyfest.adapters.http_registry.auth.challenge import Challenge
from manyfest.domain.ports.host_book import HostFacts

_LENGTH_LIMIT = 2048  # of a realm, as in ``realm_policy``, and of a service


class HostFactsLookup(Protocol):
    """Looks up the facts about a ``host[:port]``, once for each, from any thread."""

    def __call__(self, host: str, /, *, insecure: bool) -> HostFacts | None:
        """Return the facts learnt with this permission to be insecure; None if there are none."""
        ...


def nothing_known(_host: str, /, *, insecure: bool) -> HostFacts | None:  # noqa: ARG001 - as above
    """Return None: no command has learnt anything yet."""
    return None


def usable_facts(endpoint: Endpoint, known_of: HostFactsLookup) -> HostFacts | None:
    """Return the facts about a registry, unless its scheme is not allowed any more."""
    known = known_of(endpoint.host, insecure=endpoint.insecure)
    is_usable = known and known.scheme in {mode.scheme for mode in endpoint.modes}
    return known if is_usable else None


def presumed_challenge(known: HostFacts | None) -> Challenge | None:
    """Return the challenge that an earlier command got, which the host may still make."""
    if known is None or not known.realm:
        return None
    return Challenge("bearer", {"realm": known.realm, "service": known.service})


class ChunkLimit:
    """The ``size`` of upload chunks in bytes, as chosen or as ``known`` of the host; 0: no limit.

    ``learnt`` is the size that the host took after it had refused a larger body.
    """

    def __init__(self, known: HostFacts | None) -> None:
        self.size = self.learnt = known.chunk_size if known else 0

    def choose(self, size: int) -> None:
        """Send chunks of ``size`` bytes, unless it is 0."""
        self.size = size or self.size

    def shrink(self, size: int) -> None:
        """Send chunks of ``size`` bytes from now on: the host refused a larger body (413)."""
        self.size = self.learnt = min(self.size or size, size)


class ReferrersApi:
    """Whether a host lists referrers, as ``known`` and as it answers. Thread-safe."""

    def __init__(self, known: HostFacts | None) -> None:
        self._is_presumed_missing = known is not None and known.lacks_referrers
        self._answers: set[bool] = set()

    def answered(self, *, has_listed: bool) -> None:
        """Note one answer. Some hosts answer for a missing repository as if there were no API."""
        self._answers.add(has_listed)

    @property
    def is_missing(self) -> bool:
        """Whether nothing was listed, and the host said or is known to list none."""
        return True not in self._answers and (self._is_presumed_missing or bool(self._answers))


def facts_learnt(
    endpoint: Endpoint,
    scheme: str,
    challenge: Challenge | None,
    chunk_size: int = 0,
    takes_tags: bool | None = None,  # noqa: FBT001 - a fact as the others
    lacks_referrers: bool = False,  # noqa: FBT001, FBT002
) -> HostFacts:
    """Collect the facts: scheme, realm and service for tokens, and what the host is able to.

    A Basic challenge is not remembered, so that no password is sent to a host that did not ask.
    """
    realm, service = "", ""
    if challenge is not None and challenge.scheme == "bearer":
        realm, service = challenge.get("realm"), challenge.get("service")
    if max(len(realm), len(service)) > _LENGTH_LIMIT:
        realm, service = "", ""
    login, able = (scheme, realm, service), (chunk_size, takes_tags, lacks_referrers)
    return HostFacts(endpoint.host, endpoint.insecure, *login, *able)


def news(learnt: HostFacts, known: HostFacts | None, endpoint: Endpoint) -> HostFacts | None:
    """Return the facts that were ``learnt``, if they are new and save a request.

    These do: a realm, the size of chunks, whether a PUT may name tags, that referrers are not
    listed, a scheme that is not tried first.
    """
    is_new = bool(learnt.scheme) and learnt != known
    is_able = learnt.chunk_size or learnt.takes_tags is not None or learnt.lacks_referrers
    saves = learnt.realm or is_able or learnt.scheme != endpoint.modes[0].scheme
    return learnt if is_new and (known or saves) else None
