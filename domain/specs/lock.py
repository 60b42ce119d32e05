"""Locks: the digests that the sources of specs had, and those of the lists made of them."""

from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import DocumentError, InvalidDigestError, LockError
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec

_VERSION = 1


@frozen
class Lock:
    """Digests of ``sources`` and of ``lists``, by their names as the spec writes them.

    So a lock is the same on every machine, wherever a layout's folder is.
    """

    sources: Mapping[str, Digest]
    lists: Mapping[str, Digest]

    @classmethod
    def from_json(cls, document: Json, subject: str) -> "Lock":
        """The lock in ``document``. Raises DocumentError: it is none, or of another version."""
        members = {"version", "sources", "lists"}
        if not isinstance(document, dict) or set(document) != members:
            raise DocumentError(subject, f"not a lock: it has other members than {sorted(members)}")
        if document["version"] != _VERSION:
            raise DocumentError(subject, f"a lock of version {document['version']!r}")
        return cls(*(_digests(document, key, subject) for key in ("sources", "lists")))

    def to_json(self) -> dict[str, Json]:
        """The JSON members, names in alphabetical order."""
        return {
            "version": _VERSION,
            "sources": {name: str(digest) for name, digest in sorted(self.sources.items())},
            "lists": {name: str(digest) for name, digest in sorted(self.lists.items())},
        }

    def unknown_sources(self, specs: Sequence[ListSpec]) -> tuple[str, ...]:
        """The sources of ``specs`` that are not locked, by their names, each once."""
        names = (entry.written for spec in specs for entry in spec.entries)
        return tuple(dict.fromkeys(name for name in names if name not in self.sources))

    def pinned(self, spec: ListSpec) -> ListSpec:
        """``spec`` with its sources by their locked digests, and without those that have none.

        Raises LockError: the spec asks for another digest.
        """
        known = (entry for entry in spec.entries if entry.written in self.sources)
        return evolve(spec, entries=tuple(map(self._pinned, known)))

    def check_list(self, written: str, digest: Digest) -> None:
        """Raises LockError when the list would not be the locked one."""
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
