"""Invariants of a store, a tag and a layout, checked without the store's own code."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from attrs import evolve, frozen

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference
from manyfest.store.store import open_store

_TABLES = ("manifests", "blobs")
_NO_NAME = Reference.parse("no/name")
_NO_TIME = datetime(2020, 1, 1, tzinfo=UTC)


@frozen
class State:
    """A draft (None if absent) without its name and times, and the digest its tag points to."""

    draft: Draft | None
    tag: Digest | None

    @property
    def unmarked(self) -> Draft | None:
        """The draft without the mark of having been pushed."""
        return evolve(self.draft, pushed=None) if self.draft else None

    def __str__(self) -> str:
        if self.draft is None:
            return f"[no draft, tag {self.tag}]"
        entries = ", ".join(f"{e.source} {e.descriptor.platform}" for e in self.draft.entries)
        return f"[{entries}; pushed {self.draft.pushed}, tag {self.tag}]"


def state_of(store: Path, name: Reference, registry: Registry) -> State:
    """Read the state of the draft and the tag.

    Raises the errors of the store and the registry, and AssertionError: a child of the list is
    missing.
    """
    with closing(open_store(store)) as opened:
        found = opened.drafts.find(name)
    if found is not None:
        found = evolve(found, name=_NO_NAME, created_at=_NO_TIME, changed_at=_NO_TIME)
    return State(found, _complete(name, registry))


def faults_of(store: Path) -> tuple[str, ...]:
    """Return all faults of the file, hashing every row of content; no file has no faults."""
    if not store.exists():
        return ()
    with closing(sqlite3.connect(store)) as connection:
        checks = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        checks += [f"foreign key {row}" for row in connection.execute("PRAGMA foreign_key_check")]
        return (*checks, *_other_bytes(connection), *_missing(connection))


def faults_of_layout(folder: Path) -> tuple[str, ...]:
    """Return the names of blobs whose bytes do not match their digest."""
    blobs = sorted(folder.glob("blobs/sha256/*"))
    return tuple(each.name for each in blobs if Digest.of(each.read_bytes()).hex != each.name)


def _other_bytes(connection: sqlite3.Connection) -> Iterator[str]:
    for table in _TABLES:
        for digest, data in connection.execute(f"SELECT digest, data FROM {table}"):
            if Digest.of(data, Digest.parse(digest).algorithm) != Digest.parse(digest):
                yield f"{table}: {digest} has other bytes"


def _missing(connection: sqlite3.Connection) -> Iterator[str]:
    kept = {digest for (digest,) in connection.execute("SELECT digest FROM manifests")}
    for draft, found in connection.execute("SELECT draft, found FROM entries"):
        if json.loads(found)["digest"] not in kept:
            yield f"{draft} names {found}, which is not kept"


def _complete(name: Reference, registry: Registry) -> Digest | None:
    """Return the digest the tag points to, after fetching every child."""
    try:
        found = registry.get_manifest(name)
    except ManifestUnknownError:
        return None
    for child in found.entries:
        try:
            registry.get_manifest(name.at(child.digest))
        except ManifestUnknownError as error:
            raise AssertionError(f"the tag names {child.digest}, which is not there") from error
    return found.digest
