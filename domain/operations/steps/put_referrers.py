"""Put referrers, and check that the target lists them.

Registries that keep the list of a subject's referrers may lose one of two that are put at the same
time, so the referrers of one subject are put one after the other; those of others beside them.
Subjects come first: the distribution-spec allows a missing one, and some registries refuse it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby

from manyfest.domain.events import OnEvent
from manyfest.domain.operations.steps.transfer import ManifestCopy, put_copy
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import Registry
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
    copies: Sequence[ReferrerCopy], *, ports: Ports, on_event: OnEvent
) -> tuple[ReferrerCopy, ...]:
    """Put ``copies``, level by level, and return those that the target does not list then.

    The target's lists are read back, one of each subject; what they lack is put again, one after
    the other. Uses the ports registry, fan_out and pause. Raises what writing and listing raise.
    """
    _put(copies, ports, on_event)
    unlisted = _unlisted(copies, ports)
    for seconds in _PAUSES:
        if not unlisted:
            break
        ports.pause(seconds)
        again = _unlisted(unlisted, ports)
        _put_in_turn(again, ports.registry, on_event)
        unlisted = _unlisted(again, ports)
    return unlisted


def _put(copies: Sequence[ReferrerCopy], ports: Ports, on_event: OnEvent) -> None:
    put_in_turn = partial(_put_in_turn, registry=ports.registry, on_event=on_event)
    for _, level in groupby(copies, key=lambda each: each.level):
        ports.fan_out(put_in_turn, tuple(_by_subject(level).values()))


def _put_in_turn(copies: Sequence[ReferrerCopy], registry: Registry, on_event: OnEvent) -> None:
    for each in copies:
        put_copy(each.copy, registry, on_event)


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
