"""Intents: what one of several writers wants listed under a tag, published under a tag of its own.

An intent is an OCI index of the writer's entries (ADR 0024). Its annotations name the tag it is for
and when it was made, so that no list under a release tag ever has its bytes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from attrs import frozen

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.encoding.timestamps import parse_utc
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference

PREFIX = "manyfest-merge-"  # of every intent's tag, for clean-up policies; documented
TAG = "dev.manyfest.merge.tag"
MADE_AT = "dev.manyfest.merge.at"

# How long an intent counts: longer than any writer takes from reading a tag to putting it, by more
# than clocks differ. What is older was merged long ago, and a later push may have undone it.
LIFETIME = timedelta(hours=1)

_HEX = 16


@frozen
class Intent:
    """``entries``, and ``annotations`` of the list, that are to be found under ``tag``."""

    tag: str
    entries: tuple[Descriptor, ...]
    made_at: datetime
    annotations: Mapping[str, str]

    @property
    def manifest(self) -> Manifest:
        """The document that makes it visible."""
        own = {TAG: self.tag, MADE_AT: self.made_at.astimezone(UTC).isoformat()}
        document = {
            "schemaVersion": 2,
            "mediaType": media_types.OCI_INDEX,
            "manifests": [entry.to_json() for entry in self.entries],
            "annotations": {**self.annotations, **own},
        }
        return Manifest(media_types.OCI_INDEX, authored_list(document))

    def reference(self, target: Reference) -> Reference:
        """Where it stands, beside ``target``: one place for the same platforms, again and again."""
        return target.tagged(intent_prefix(self.tag) + _hash(*map(_place, self.entries)))

    def is_live(self, now: datetime) -> bool:
        """Whether it is young enough."""
        return now - self.made_at < LIFETIME


def intent_prefix(tag: str) -> str:
    """How the tags of all intents for ``tag`` begin."""
    return f"{PREFIX}{_hash(tag)}-"


def parse_intent(manifest: Manifest, tag: str) -> Intent | None:
    """The intent that ``manifest`` is, None if it is something else."""
    said = manifest.document.get("annotations")
    if not isinstance(said, dict) or said.get(TAG) != tag:
        return None
    try:
        made_at = parse_utc(said.get(MADE_AT, ""))
    except (ValueError, TypeError):
        return None
    annotations = {key: value for key, value in said.items() if key not in {TAG, MADE_AT}}
    return Intent(tag, manifest.entries, made_at, annotations)


def oldest_first(intents: Sequence[Intent]) -> tuple[Intent, ...]:
    """Oldest first, and of one moment by digest, so that every writer lets the same one win."""
    return tuple(sorted(intents, key=lambda each: (each.made_at, str(each.manifest.digest))))


def _place(entry: Descriptor) -> str:
    """What the entry takes in a list: a platform, or where there is none, itself."""
    platform = entry.platform
    return str(platform) if platform and platform.os else str(entry.digest)


def _hash(*texts: str) -> str:
    return sha256("\n".join(sorted(texts)).encode()).hexdigest()[:_HEX]
