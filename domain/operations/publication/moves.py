"""Moves: entries of a draft whose content is needed in another home than they came from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.list_assembly import ManifestLookup, ordered_entries
from manyfest.domain.errors import InputError, ManifestUnknownError
from manyfest.domain.operations.steps.missing_children import Child, repairs, require_none
from manyfest.domain.operations.steps.transfer import Copy, ManifestCopy, content_copies
from manyfest.domain.operations.steps.tree import Node
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Home, Reference

# An entry, and the home that needs its content.
Move = tuple[Entry, Home]


def moves_of(draft: Draft, homes: Sequence[Home]) -> tuple[Move, ...]:
    """Return the moves of ``draft``'s entries to ``homes``, in the order of the list."""
    entries = ordered_entries(draft)
    return tuple((entry, home) for home in homes for entry in entries if not entry.is_in(home))


def require_unconverted(drafts: Iterable[Draft]) -> None:
    """Check that all attached content can come along: it is about digests before a conversion.

    Raises InputError: an entry is converted.
    """
    for entry in chain.from_iterable(draft.entries for draft in drafts):
        if entry.is_converted:
            raise InputError(
                f"what is attached to {entry.label} cannot come along, as the image is converted",
                "attached-to-converted",
            )


def copies_of(move: Move, registry: ManifestReader, cached: ManifestLookup) -> tuple[Copy, ...]:
    """Read what is to be copied: nothing of an entry that its home has lost, whole or in part.

    ``cached`` finds images that need not be read. Raises as ``content_copies``.
    """
    entry, home = move
    known = cached(entry.found.digest)
    if known is not None and not known.is_list and not entry.is_converted:
        return (ManifestCopy(entry.content, Reference(home, None, known.digest), known),)
    try:
        if entry.is_converted:
            from manyfest.domain.operations.steps.conversion import converted_copies

            return converted_copies(entry, home, registry)
        return content_copies(entry.content, entry.found, home, registry)
    except ManifestUnknownError:
        return ()


def subjects_of(moves: Sequence[Move], listed_in: Digest) -> tuple[Node, ...]:
    """Return the content that moves as it is, and its source list if that has this digest, too."""
    entries = dict.fromkeys(entry for entry, _ in moves if not entry.is_converted)
    tops = {entry.source.at(listed_in) for entry in entries if entry.list_digest == listed_in}
    return (*(Node(entry.content, listed=entry.found) for entry in entries), *map(Node, tops))


def nodes_below(moves: Sequence[Move], copies: Mapping[Move, tuple[Copy, ...]]) -> tuple[Node, ...]:
    """Return the manifests among the ``copies`` of what moves as it is."""
    read = (copy for move in moves if not move[0].is_converted for copy in copies[move])
    return tuple(Node(copy.source) for copy in read if isinstance(copy, ManifestCopy))


def repaired(draft: Draft, lacking: Sequence[Child], ports: Ports) -> Iterator[Copy]:
    """Yield the copies that bring missing children; a converted one is made of what its source has.

    Raises PartMissingError.
    """
    converted = {entry.descriptor.digest: entry for entry in draft.entries if entry.is_converted}
    for child in lacking:
        if entry := converted.get(child.listed.digest):
            copies = copies_of((entry, child.parent.home), ports.registry, lambda _: None)
            require_none([] if copies else [child])
            yield from copies
    others = [child for child in lacking if child.listed.digest not in converted]
    yield from repairs(others, ports=ports)
