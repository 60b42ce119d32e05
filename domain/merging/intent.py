"""Intents: the entries that one writer adds to a tag shared by several.

An intent is an OCI index of the writer's entries, published under a tag of its own (ADR 0024). Its
annotations name the target tag and the time, so that no list under a release tag has its bytes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from attr import evolve

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.encoding.timestamps import parse_utc
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

PREFIX = "manyfest-merge-"  # of the tags of all intents; documented, for clean-up policies
TAG = "dev.manyfest.merge.tag"
MADE_AT = "dev.manyfest.merge.at"

# Lifetime of an intent: longer than a writer takes from reading a tag to putting it, by more than
# clocks differ. An older intent was merged long ago, and a later push may have undone it.
LIFETIME = timedelta(hours=1)

# Writers date their intents by the clock of the registry. One that is dated later than this ahead
# of it comes from a writer that went by a wrong clock of its own, and is not believed.
TOLERANCE = timedelta(minutes=10)

_HEX = 16


@frozen
class Intent:
    """The entries, and annotations of the list, that ``tag`` must have."""

    tag: str
    entries: tuple[Descriptor, ...]
    made_at: datetime
    annotations: Mapping[str, str]

    @property
    def manifest(self) -> Manifest:
        """The OCI index that publishes the intent."""
        own = {TAG: self.tag, MADE_AT: self.made_at.astimezone(UTC).isoformat()}
        document = {
            "schemaVersion": 2,
            "mediaType": media_types.OCI_INDEX,
            "manifests": [entry.to_json() for entry in self.entries],
            "annotations": {**self.annotations, **own},
        }
        return Manifest(media_types.OCI_INDEX, authored_list(document))

    def reference(self, target: Reference) -> Reference:
        """Return its reference in the repository of ``target``.

        The tag depends on the platforms, so that a repeated build replaces its intent.
        """
        return target.tagged(intent_prefix(self.tag) + _hash(*map(_slot, self.entries)))

    def is_live(self, now: datetime) -> bool:
        """Return True within the lifetime, by the registry's clock."""
        return not self.is_after(now) and now - self.made_at < LIFETIME

    def is_after(self, now: datetime) -> bool:
        """Return True if it is dated later than ``now``, by more than clocks differ."""
        return self.made_at - now > TOLERANCE

    def expired(self, now: datetime) -> "Intent":
        """Return the same intent at the end of its lifetime."""
        return evolve(self, made_at=now - LIFETIME)


def intent_prefix(tag: str) -> str:
    """Return the prefix of the tags of all intents for ``tag``."""
    return f"{PREFIX}{_hash(tag)}-"


def parse_intent(manifest: Manifest, tag: str) -> Intent | None:
    """Parse an intent for ``tag``; None if ``manifest`` is not one."""
    found = manifest.document.get("annotations")
    if not isinstance(found, dict) or found.get(TAG) != tag:
        return None
    try:
        made_at = parse_utc(found.get(MADE_AT, ""))
    except (ValueError, TypeError):
        return None
    annotations = {key: value for key, value in found.items() if key not in {TAG, MADE_AT}}
    return Intent(tag, manifest.entries, made_at, annotations)


def oldest_first(intents: Sequence[Intent]) -> tuple[Intent, ...]:
    """Sort by time, then by digest, so that every writer has the same order."""
    return tuple(sorted(intents, key=lambda each: (each.made_at, str(each.manifest.digest))))


def _slot(entry: Descriptor) -> str:
    """Return the platform of the entry, or its digest if it has none."""
    platform = entry.platform
    return str(platform) if platform and platform.os else str(entry.digest)


def _hash(*texts: str) -> str:
    return sha256("\n".join(sorted(texts)).encode()).hexdigest()[:_HEX]
