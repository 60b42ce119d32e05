"""Check the store: hash every byte again, and set damaged content aside."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from manyfest.domain.ports.integrity import ContentKind, Damage, Integrity
from manyfest.domain.values import frozen


@frozen
class StoreCheck:
    """The number of checked items of each kind, and the damage found."""

    numbers: Mapping[ContentKind, int]
    damaged: tuple[Damage, ...]


def check_store(store: Integrity) -> StoreCheck:
    """Check everything; change nothing. Raises StoreError, DamagedStoreError."""
    numbers: Counter[ContentKind] = Counter()
    damaged: list[Damage] = []
    for kind in ContentKind:
        for damage in store.check(kind):
            numbers[kind] += 1
            if damage is not None:
                damaged.append(damage)
    return StoreCheck(numbers, tuple(damaged))


def set_damage_aside(store: Integrity, checked: StoreCheck, now: datetime) -> tuple[str, ...]:
    """Move damaged content to the quarantine, all or nothing; return the tags affected.

    ``now`` is in UTC. What was repaired since the check stays. Raises StoreError;
    DamagedStoreError: the structure of the file is beyond repair.
    """
    with store.transaction():
        return store.quarantine(checked.damaged, now)
