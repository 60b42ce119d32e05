"""The index of a memory: the states of tags, and the digests of all content.

Theory of operation. A memory is a set of parts, and each part has an index. The union of indexes is
commutative and idempotent, so readers agree on the memory whatever the order in which writers came.
Content is a set of digests. The spans of a tag are sorted by digest before they are merged, because
of two looks at one moment the one that is added later counts as newer.

As bytes it is JSON, gzipped. The same index has the same bytes, with the same version of zlib.

A few kilobytes can expand to the whole limit, and JSON to twenty times its bytes when it is parsed.
So two ratios are refused that no index has: digests hardly compress (3 times in a memory of 100,000
manifests, 70 times if all tags have one image), and each member has a digest or a span (35 bytes or
more for each bracket and comma).
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from attr import evolve, field

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json, parse_object
from manyfest.domain.encoding.timestamps import format_utc, parse_utc
from manyfest.domain.errors import DocumentError, ManyfestError
from manyfest.domain.history.observation import Observation, by_tag, merge_observations
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

# Bytes of all indexes of a memory, expanded: 100,000 tags with five manifests each take 60 MiB.
INDEX_LIMIT = 256 * 1024 * 1024
_FREE_BYTES = 1024 * 1024  # that an index may have at any ratio
_MOST_RATIO = 200  # bytes for each packed byte
_FREE_MARKS = 1000
_LEAST_FOR_MARK = 20  # bytes
_MARKS = (b"[", b"{", b",")

_VERSION = 1
_GZIP = 31  # zlib's window bits for the gzip format (RFC 1952); the header has no time


@frozen
class MemoryIndex:
    """The ``observations`` of tags, and the content: ``manifests`` with media types, ``configs``.

    ``covers`` are the parts whose indexes are in this one.
    """

    observations: tuple[Observation, ...] = ()
    manifests: Mapping[Digest, str] = field(factory=dict)
    configs: frozenset[Digest] = frozenset()
    covers: frozenset[Digest] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether it has neither observations nor content."""
        return not (self.observations or self.manifests or self.configs)

    def news_for(self, known: "MemoryIndex") -> "MemoryIndex":
        """Return what ``known`` lacks of it: content, and the spans of tags that change there."""
        before = by_tag(known.observations)
        return MemoryIndex(
            tuple(
                span
                for tag, spans in by_tag(self.observations).items()
                for span in _new_spans(before.get(tag, []), spans)
            ),
            {digest: kind for digest, kind in self.manifests.items() if digest not in known},
            frozenset(digest for digest in self.configs if digest not in known),
        )

    def __contains__(self, digest: Digest) -> bool:
        return digest in self.manifests or digest in self.configs


def union_of(indexes: Iterable[MemoryIndex]) -> MemoryIndex:
    """Return the union, with all that these cover."""
    found = tuple(indexes)
    manifests: dict[Digest, str] = {}
    for index in found:
        for digest, kind in index.manifests.items():
            manifests[digest] = min(kind, manifests.get(digest, kind))
    return MemoryIndex(
        merged_spans(span for index in found for span in index.observations),
        manifests,
        frozenset().union(*(index.configs for index in found)),
        frozenset().union(*(index.covers for index in found)),
    )


def merged_spans(spans: Iterable[Observation]) -> tuple[Observation, ...]:
    """Merge the spans of all tags; the order in which they come does not matter."""
    found = by_tag(spans)
    return tuple(
        span
        for tag in sorted(found, key=str)
        for span in merge_observations((), _sorted(found[tag]))
    )


def _new_spans(before: list[Observation], spans: list[Observation]) -> list[Observation]:
    """Return the ``spans`` of one tag that are not known ``before``; none if they add nothing."""
    new = [span for span in spans if span not in before]
    if not (new and before):
        return new
    return new if merged_spans((*before, *new)) != merged_spans(before) else []


def _sorted(spans: Iterable[Observation]) -> list[Observation]:
    return sorted(spans, key=lambda span: str(span.digest))


def encode_index(index: MemoryIndex) -> bytes:
    """Encode ``index``, the same one always in the same order."""
    tags = {
        str(tag): [_span_json(span) for span in spans]
        for tag, spans in sorted(by_tag(index.observations).items(), key=lambda each: str(each[0]))
    }
    document = {
        "version": _VERSION,
        "tags": tags,
        "manifests": {
            str(digest): index.manifests[digest] for digest in sorted(index.manifests, key=str)
        },
        "configs": [str(digest) for digest in sorted(index.configs, key=str)],
        "covers": [str(digest) for digest in sorted(index.covers, key=str)],
    }
    packer = zlib.compressobj(wbits=_GZIP)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return packer.compress(text.encode()) + packer.flush()


def _span_json(span: Observation) -> dict[str, Json]:
    members: dict[str, Json] = {
        "digest": str(span.digest),
        "firstSeen": format_utc(span.first_seen),
        "lastSeen": format_utc(span.seen_at),
    }
    return members | ({"claimed": True} if span.is_claimed else {})


def decode_index(text: bytes, subject: str) -> MemoryIndex:
    """Decode an expanded index of untrusted origin; ``subject`` names it in errors.

    Raises DocumentError: not JSON of this form and version, more members than its bytes can have, a
    name that is no tag of a registry.
    """
    if sum(map(text.count, _MARKS)) > _FREE_MARKS + len(text) // _LEAST_FOR_MARK:
        raise DocumentError(subject, "is no index of a memory: it has too many empty members")
    document = parse_object(text, subject)
    if document.get("version") != _VERSION:
        raise DocumentError(subject, "has another version; a newer manyfest may read it")
    try:
        return MemoryIndex(
            tuple(
                _span(Reference.parse(name), span)
                for name, spans in document["tags"].items()
                for span in spans
            ),
            {Digest.parse(text): str(kind) for text, kind in document["manifests"].items()},
            frozenset(map(Digest.parse, document["configs"])),
            frozenset(map(Digest.parse, document["covers"])),
        )
    except (ManyfestError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DocumentError(subject, f"is no index of a memory: {error!s:.200}") from error


def expand_index(data: bytes, subject: str, limit: int = INDEX_LIMIT) -> bytes:
    """Expand an index of untrusted origin, which ``decode_index`` decodes.

    Raises DocumentError: not gzip, larger than ``limit`` bytes, or than 200 times ``data``.
    """
    expander = zlib.decompressobj(wbits=_GZIP)
    limit = min(limit, _FREE_BYTES + _MOST_RATIO * len(data))
    try:
        found = expander.decompress(data, max(limit, 1))  # 0 is no limit
    except zlib.error as error:
        raise DocumentError(subject, f"is damaged: {error}") from error
    if expander.unconsumed_tail or not expander.eof or expander.unused_data:
        raise DocumentError(subject, f"is cut off, or larger than {limit} bytes when expanded")
    return found


def _span(tag: Reference, members: Json) -> Observation:
    """Return the span of a tag. Raises ValueError, and what wrong types raise."""
    if not isinstance(tag.home, Repository) or tag.tag is None or tag.digest is not None:
        raise ValueError(f"{tag} is no tag of a registry")
    first, last = parse_utc(members["firstSeen"]), parse_utc(members["lastSeen"])
    if first > last:
        raise ValueError(f"{tag} was seen last before it was seen first")
    is_claimed = members.get("claimed") is True
    return Observation(tag, Digest.parse(members["digest"]), last, first, is_claimed)


def received_by(index: MemoryIndex, now: datetime, *, is_trusted: bool) -> tuple[Observation, ...]:
    """Return the observations as a store takes them at ``now``: nothing is seen in the future.

    Unless the memory ``is_trusted``, all of them are claims.
    """
    return tuple(
        evolve(
            span,
            seen_at=min(span.seen_at, now),
            first_seen=min(span.first_seen, now),
            is_claimed=span.is_claimed or not is_trusted,
            is_report=True,
        )
        for span in index.observations
    )
