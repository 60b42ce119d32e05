"""Learning: what this conversation with a host is worth to the next one, and the other way round.

Pure. Facts are guesses: the rules for schemes, realms and credentials decide as if there were none.
"""

from typing import Protocol

from manyfest.adapters.endpoint import Endpoint
from manyfest.adapters.http_registry.auth.challenge import Challenge
from manyfest.domain.ports.host_book import HostFacts

_LENGTH_LIMIT = 2048  # of a realm, as in realms, and of a service


class HostFactsLookup(Protocol):
    """What is known of a ``host[:port]``; called once for each, from any thread."""

    def __call__(self, host: str, /, *, insecure: bool) -> HostFacts | None:
        """The facts that were learnt where insecurity was allowed, or where it was not."""
        ...


def nothing_known(_host: str, /, *, insecure: bool) -> HostFacts | None:  # noqa: ARG001 - as above
    """Every host is new."""
    return None


def presumed_challenge(known: HostFacts | None) -> Challenge | None:
    """The challenge that a host will make, if it is still as it was."""
    if known is None or not known.realm:
        return None
    return Challenge("bearer", {"realm": known.realm, "service": known.service})


def facts_learnt(endpoint: Endpoint, scheme: str, challenge: Challenge | None) -> HostFacts:
    """What was learnt: the scheme that works, and what tokens are asked for with.

    That a host wants a password is not among it: no password is sent to who did not ask for it.
    """
    realm, service = "", ""
    if challenge is not None and challenge.scheme == "bearer":
        realm, service = challenge.get("realm"), challenge.get("service")
    if max(len(realm), len(service)) > _LENGTH_LIMIT:
        realm, service = "", ""
    return HostFacts(endpoint.host, endpoint.insecure, scheme, realm, service)


def is_useful(learnt: HostFacts, endpoint: Endpoint) -> bool:
    """Whether knowing it saves a request: not where what is tried first is right already."""
    return bool(learnt.realm) or learnt.scheme != endpoint.modes[0].scheme
