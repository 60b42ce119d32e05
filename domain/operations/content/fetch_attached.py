"""Fetch what is attached to fetched manifests into the store: signatures, SBOMs, provenance.

Manifests and their documents are recorded as reading them by ``attached`` and ``sbom`` would: small
documents in the store itself, where queries find their packages, large ones among the layers. A
failure costs what it concerns, and is returned.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, ManyfestError, StoreError, TooManyBytesError
from manyfest.domain.images.attachments import Attachment
from manyfest.domain.operations.attached.copies import BYTES_LIMIT
from manyfest.domain.operations.attached.find import Found, find_attached, may_be_subject
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.metered_reader import MeteredReader, together
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import open_from
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.operations.views.attached import attestation_entries
from manyfest.domain.ports import Ports
from manyfest.domain.values import frozen

# Bytes of a document that is kept in the store's file, and of those that are in memory together.
SMALL = 16 * 1024 * 1024
_TOGETHER = 64 * 1024 * 1024


@frozen
class FetchedAttached:
    """The number of attached manifests that are cached now, and the failures."""

    manifests: int = 0
    failures: tuple[ManyfestError, ...] = ()

    def __add__(self, other: "FetchedAttached") -> "FetchedAttached":
        """Count both, and name each failure once."""
        failures = dict.fromkeys((*self.failures, *other.failures))
        return FetchedAttached(self.manifests + other.manifests, tuple(failures))


def fetch_attached(fetched: Sequence[Resolved], *, ports: Ports) -> FetchedAttached:
    """Fetch what is attached to what was ``fetched``, on every level, and the documents in it.

    Uses the ports registry, contents, layers, fan_out and now. Raises StoreError, DeadlineError.
    """
    nodes = _nodes(fetched)
    subjects = [node for node in nodes if may_be_subject(node)]
    if not subjects:
        return FetchedAttached()
    reader = MeteredReader(ports.registry, together([node.source for node in subjects]))
    found = find_attached(
        subjects,
        registry=ports.registry,
        reader=reader,
        fan_out=ports.fan_out,
        entries=attestation_entries(nodes),
    )
    resolved = [*_attached(found), *_nested(found.attachments, reader)]
    with ports.contents.transaction():
        record(ports.contents, resolved, ports.now)
    failures = (*found.failures, *_fetch_documents(resolved, ports))
    return FetchedAttached(len(found.attachments), tuple(dict.fromkeys(failures)))


def _nodes(fetched: Sequence[Resolved]) -> tuple[Node, ...]:
    """Return the manifests that were fetched, each once, with the entries that list them."""
    places = {each.reference.at(each.manifest.digest): each.manifest for each in fetched}
    listed = {
        place.at(entry.digest): entry
        for place, manifest in places.items()
        for entry in manifest.entries
    }
    return tuple(Node(place, each, listed.get(place)) for place, each in places.items())


def _attached(found: Found) -> Iterator[Resolved]:
    for one in found.attachments:
        if one.manifest is not None:
            yield Resolved(one.place, one.manifest)


def _nested(attachments: Sequence[Attachment], reader: MeteredReader) -> Iterator[Resolved]:
    """Yield the manifests in attachments that are lists themselves."""
    for one in attachments:
        if one.manifest is not None and one.manifest.is_list:
            for node in below(one.place, one.manifest, reader):
                yield Resolved(node.source, node.read(reader))


def _fetch_documents(resolved: Sequence[Resolved], ports: Ports) -> Iterator[ManyfestError]:
    """Fetch the configs and documents that the store lacks; yield failures."""
    lacking = _lacking(resolved, ports)
    if sum(blob.size for _, blob in lacking) > BYTES_LIMIT:
        yield TooManyBytesError(str(lacking[0][0].reference), BYTES_LIMIT)
        return
    for group in _groups(lacking):
        answers = ports.fan_out(lambda one: _fetched(*one, ports), group)
        small = [each for each in answers if isinstance(each, Resolved)]
        with ports.contents.transaction():
            record(ports.contents, small, ports.now)
        yield from (each for each in answers if isinstance(each, ManyfestError))


def _lacking(resolved: Sequence[Resolved], ports: Ports) -> list[tuple[Resolved, Descriptor]]:
    lacking: dict[Digest, tuple[Resolved, Descriptor]] = {}
    for each in resolved:
        for blob in _blobs(each):
            if blob.digest.is_verifiable and not _is_cached(blob, ports):
                lacking[blob.digest] = each, blob
    return list(lacking.values())


def _is_cached(blob: Descriptor, ports: Ports) -> bool:
    is_small = ports.contents.blob(blob.digest) is not None
    return is_small or ports.layers.touch(blob.digest) == blob.size


def _blobs(resolved: Resolved) -> tuple[Descriptor, ...]:
    """Return the config and layers; none of a manifest that cannot be read."""
    with suppress(DocumentError):
        config = resolved.manifest.config
        return (*((config,) if config else ()), *resolved.manifest.layers)
    return ()


def _groups(
    lacking: Sequence[tuple[Resolved, Descriptor]],
) -> Iterator[list[tuple[Resolved, Descriptor]]]:
    """Split them into groups of which the small documents fit into memory together."""
    group: list[tuple[Resolved, Descriptor]] = []
    total = 0
    for one in lacking:
        size = one[1].size if _is_small(one[1]) else 0
        if group and total + size > _TOGETHER:
            yield group
            group, total = [], 0
        group.append(one)
        total += size
    if group:
        yield group


def _is_small(blob: Descriptor) -> bool:
    """Whether the content store takes it: that has small blobs, by sha256."""
    return blob.size <= SMALL and blob.digest.algorithm == "sha256"


def _fetched(resolved: Resolved, blob: Descriptor, ports: Ports) -> Resolved | ManyfestError | None:
    """Read a small document, or write a large one to the layers; called by threads."""
    place = resolved.reference.at(blob.digest)
    try:
        if not _is_small(blob):
            opened = partial(
                open_from, blob=place, size=blob.size, urls=(), registry=ports.registry
            )
            ports.layers.resume(blob.digest, blob.size, lambda start=0, /: opened(start))
            return None
        with ports.registry.open_blob(place, blob.size) as chunks:
            return Resolved(resolved.reference, resolved.manifest, b"".join(chunks))
    except StoreError:
        raise
    except ManyfestError as error:
        return error
