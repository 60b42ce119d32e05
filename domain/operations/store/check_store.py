"""Checking the store: every byte is hashed again, and what is damaged is set aside."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from manyfest.domain.ports.integrity import Damage, Integrity, Kind


@frozen
class Checked:
    """How many of each kind were looked at, and what of that is damaged."""

    numbers: Mapping[Kind, int]
    damaged: tuple[Damage, ...]


def check_store(store: Integrity) -> Checked:
    """Look at everything, and change nothing. Raises StoreError, DamagedStoreError."""
    numbers: Counter[Kind] = Counter()
    damaged: list[Damage] = []
    for kind in Kind:
        for damage in store.check(kind):
            numbers[kind] += 1
            if damage is not None:
                damaged.append(damage)
    return Checked(numbers, tuple(damaged))


def set_damage_aside(store: Integrity, checked: Checked, now: datetime) -> tuple[str, ...]:
    """Set aside what is damaged, all or nothing; ``now`` is in UTC. Gives the tags hurt by it.

    What was healed meanwhile stays. Raises StoreError; DamagedStoreError: the file's structure
    itself is beyond repair.
    """
    with store.transaction():
        return store.quarantine(checked.damaged, now)
