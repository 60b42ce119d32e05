"""Answers about many digests by a few statements, where one each would take most of the time."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import Role
from manyfest.store.rows import groups

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase
    from manyfest.store.sqlite.database import Row

_PAGE = 1000  # digests that one statement asks about

# CROSS JOIN makes SQLite look for each digest in the index.
_SELECT_SIZES = """
    SELECT m.digest, length(m.data) FROM {texts} AS wanted CROSS JOIN {table} AS m
    WHERE m.digest = wanted.text ORDER BY wanted.number"""
_SELECT_MANIFESTS = """
    SELECT m.digest, m.media_type, m.data FROM {texts} AS wanted CROSS JOIN manifests AS m
    WHERE m.digest = wanted.text ORDER BY wanted.number"""
_SELECT_NAMED = """
    SELECT wanted.text FROM {texts} AS wanted
    WHERE EXISTS (SELECT 1 FROM descriptors WHERE digest = wanted.text AND role = '{role}')"""

# Bytes, and the digest that they have to match; DamagedStoreError if they do not.
Verify = Callable[[object, Digest], bytes]


def manifest_groups(
    database: "SqlDatabase", digests: Iterable[Digest], verify: Verify
) -> Iterator[Sequence[Manifest]]:
    """See ``ContentStore.manifest_groups``; ``verify`` returns bytes that match a digest."""
    for wanted in _pages(digests):
        sizes = _rows(database, _SELECT_SIZES, wanted, table="manifests")
        for group in groups(sizes, itemgetter(1)):
            rows = _rows(database, _SELECT_MANIFESTS, [text for text, _ in group])
            yield [
                Manifest.stored(media_type, verify(data, wanted[text]), wanted[text])
                for text, media_type, data in rows
            ]


def blob_sizes(database: "SqlDatabase", digests: Iterable[Digest]) -> dict[Digest, int]:
    """See ``ContentStore.blob_sizes``."""
    return {
        wanted[text]: size
        for wanted in _pages(digests)
        for text, size in _rows(database, _SELECT_SIZES, wanted, table="blobs")
    }


def named(database: "SqlDatabase", digests: Iterable[Digest], role: Role) -> frozenset[Digest]:
    """See ``ContentStore.named``."""
    return frozenset(
        wanted[text]
        for wanted in _pages(digests)
        for (text,) in _rows(database, _SELECT_NAMED, wanted, role=role.value)
    )


def _pages(digests: Iterable[Digest]) -> Iterator[dict[str, Digest]]:
    """Yield the digests by their texts, so many as one statement asks about."""
    rest = iter(digests)
    while page := {str(digest): digest for digest in islice(rest, _PAGE)}:
        yield page


def _rows(
    database: "SqlDatabase", statement: str, wanted: Iterable[str], **names: str
) -> list["Row"]:
    texts = json.dumps(list(wanted))
    return database.rows(statement.format(texts=database.texts, **names), (texts,))
