"""Locks: the digests of a spec's sources, and of the lists made of them.

Written by hand and not with cattrs: ADR 0030.
"""

from collections.abc import Mapping, Sequence

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import DocumentError, InvalidDigestError, LockError
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec
from manyfest.domain.values import frozen

_VERSION = 1


@frozen
class Lock:
    """Digests of ``sources`` and ``lists``, by their names in the spec.

    The spec's spelling keeps a lock independent of the machine, wherever a layout's folder is.
    """

    sources: Mapping[str, Digest]
    lists: Mapping[str, Digest]

    @classmethod
    def from_json(cls, document: Json, subject: str) -> "Lock":
        """Parse a lock. Raises DocumentError: malformed, or of another version."""
        members = {"version", "sources", "lists"}
        if not isinstance(document, dict) or set(document) != members:
            raise DocumentError(subject, f"not a lock: it has other members than {sorted(members)}")
        if document["version"] != _VERSION:
            raise DocumentError(subject, f"a lock of version {document['version']!r}")
        return cls(*(_digests(document, key, subject) for key in ("sources", "lists")))

    def to_json(self) -> dict[str, Json]:
        """Return the JSON members, with names in alphabetical order."""
        return {
            "version": _VERSION,
            "sources": {name: str(digest) for name, digest in sorted(self.sources.items())},
            "lists": {name: str(digest) for name, digest in sorted(self.lists.items())},
        }

    def unknown_sources(self, specs: Sequence[ListSpec]) -> tuple[str, ...]:
        """Return the names of sources that are not locked, each once."""
        names = (entry.written for spec in specs for entry in spec.entries)
        return tuple(dict.fromkeys(name for name in names if name not in self.sources))

    def pinned(self, spec: ListSpec) -> ListSpec:
        """Return ``spec`` with its sources pinned to their locked digests.

        Sources that are not locked are left out. Raises LockError: the spec has another digest.
        """
        known = (entry for entry in spec.entries if entry.written in self.sources)
        return evolve(spec, entries=tuple(map(self._pinned, known)))

    def check_list(self, written: str, digest: Digest) -> None:
        """Raise LockError unless the list has the locked digest."""
        locked = self.lists.get(written)
        if locked is None:
            raise LockError(written, "has no digest in the lock")
        if locked != digest:
            raise LockError(written, f"would be {digest}, the lock has {locked}")

    def _pinned(self, entry: EntrySpec) -> EntrySpec:
        locked = self.sources[entry.written]
        if entry.source.digest not in {None, locked}:
            raise LockError(entry.written, f"is {locked} in the lock")
        return evolve(entry, source=evolve(entry.source, digest=locked))


def _digests(document: Mapping[str, Json], key: str, subject: str) -> dict[str, Digest]:
    texts = document[key]
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise DocumentError(f"{subject}: {key}", "not an object of digests")
    try:
        return {name: Digest.parse(text) for name, text in texts.items()}
    except InvalidDigestError as error:
        raise DocumentError(f"{subject}: {key}", str(error)) from error
