"""Put referrers, and check that the target lists them.

Registries that keep the list of a subject's referrers may lose one of two that are put at the same
time, so the referrers of one subject are put one after the other; those of others beside them.
Subjects come first: the distribution-spec allows a missing one, and some registries refuse it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby

from manyfest.domain.operations.steps.transfer import ManifestCopy
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# Seconds to wait before each further attempt: some registries take a moment to list a referrer.
_PAUSES = (0.5, 2.0)


@frozen
class ReferrerCopy:
    """``copy`` of a referrer; its ``subject`` is in the target, by digest, on a lower ``level``."""

    copy: ManifestCopy
    subject: Reference
    level: int


def put_referrers(
    copies: Sequence[ReferrerCopy], put: Callable[[ManifestCopy], bool], *, ports: Ports
) -> tuple[ReferrerCopy, ...]:
    """Put ``copies``, level by level, and return those that the target took and does not list.

    ``put`` returns whether the target took one. The target's lists are read back, one of each
    subject; what they lack is put again, one after the other. Uses the ports registry, fan_out and
    pause. Raises what ``put`` and listing raise.
    """
    taken = _put(copies, put, ports)
    unlisted = _unlisted(taken, ports)
    for seconds in _PAUSES:
        if not unlisted:
            break
        ports.pause(seconds)
        again = _put_in_turn(_unlisted(unlisted, ports), put)
        unlisted = _unlisted(again, ports)
    return unlisted


def _put(
    copies: Sequence[ReferrerCopy], put: Callable[[ManifestCopy], bool], ports: Ports
) -> tuple[ReferrerCopy, ...]:
    taken: list[ReferrerCopy] = []
    for _, level in groupby(copies, key=lambda each: each.level):
        groups = tuple(_by_subject(level).values())
        for group in ports.fan_out(partial(_put_in_turn, put=put), groups):
            taken += group
    return tuple(taken)


def _put_in_turn(
    copies: Sequence[ReferrerCopy], put: Callable[[ManifestCopy], bool]
) -> tuple[ReferrerCopy, ...]:
    return tuple(each for each in copies if put(each.copy))


def _unlisted(copies: Sequence[ReferrerCopy], ports: Ports) -> tuple[ReferrerCopy, ...]:
    subjects = tuple(_by_subject(copies))
    answers = ports.fan_out(ports.registry.referrers, subjects)
    listed = {
        (subject, entry.digest)
        for subject, entries in zip(subjects, answers, strict=True)
        for entry in entries
    }
    return tuple(each for each in copies if (each.subject, each.copy.manifest.digest) not in listed)


def _by_subject(copies: Iterable[ReferrerCopy]) -> dict[Reference, list[ReferrerCopy]]:
    groups: dict[Reference, list[ReferrerCopy]] = defaultdict(list)
    for each in copies:
        groups[each.subject].append(each)
    return groups
