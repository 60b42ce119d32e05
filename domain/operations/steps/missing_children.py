"""Find the children of lists that their target lacks, and plan to put them there again.

A registry keeps a list whose image was deleted, and some accept a list that names one that never
existed (distribution-spec: a registry MAY refuse it). So the target is asked for each child, one
HEAD each, in parallel; a registry adapter may answer from what it showed or took in this command.
Only a confirmed absence counts: a target that refuses to tell, or fails, decides nothing.

A missing child is put again if it can be had whole: from the home that it came from, or from the
store if that has its manifest, its config and its layers. Nested lists are looked through.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from attr import evolve

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import (
    AccessError,
    DeadlineError,
    DocumentError,
    ManifestUnknownError,
    PartMissingError,
    ProtocolError,
    RefusedError,
    UnavailableError,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.stored_blobs import StoredBlobs
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    Copy,
    content_copies,
    has_blob,
    is_there,
    missing_part,
)
from manyfest.domain.operations.steps.tree import is_blob, nested_too_deep, walk
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

# Answers that do not say whether a manifest exists.
_UNDECIDED = (AccessError, UnavailableError, ProtocolError, RefusedError, DocumentError)


@frozen
class Child:
    """``listed`` by ``parent``, or by a list in it; ``origin`` is the home that it came from.

    ``gone`` is what its parent's home lacks of it: the child itself or, in a layout, a blob.
    """

    listed: Descriptor
    parent: Reference
    origin: Home
    gone: Reference | None = None

    @property
    def reference(self) -> Reference:
        """The child in its parent's home, by digest."""
        return Reference(self.parent.home, None, self.listed.digest)


def missing_children(
    children: Iterable[Child], *, ports: Ports, meanwhile: Sequence[Callable[[], object]] = ()
) -> tuple[Child, ...]:
    """Return those of ``children``, and of their own, that their homes lack.

    One HEAD each, but for those that the registry knows about. The calls in ``meanwhile`` are made
    in parallel with the first ones, if there are any. Uses the ports registry and fan_out. Raises
    DocumentError: lists nested too deep; TooManyBytesError: of nested lists; DeadlineError; what
    ``meanwhile`` raises.
    """
    children = tuple(children)
    reader = MeteredReader(ports.registry, str(children[0].parent) if children else "")
    missing: list[Child] = []
    others: list[Callable[[], object]] = list(meanwhile)

    def expand(level: tuple[Child, ...]) -> Iterator[Child]:
        looks = [partial(_look, child, ports.registry, reader) for child in level]
        calls: list[Callable[[], object]] = [*looks, *others]
        others.clear()
        for child, answer in zip(level, ports.fan_out(_call, calls), strict=False):
            if isinstance(answer, Reference):
                missing.append(evolve(child, gone=answer))
            elif isinstance(answer, Manifest):
                yield from (evolve(child, listed=entry) for entry in answer.entries)

    if too_deep := walk(children, expand, lambda child: child.reference):
        raise nested_too_deep(str(too_deep[0].reference))
    return tuple(missing)


def children_in_place(parent: Reference, manifest: Manifest) -> tuple[Child, ...]:
    """Return the entries of the ``manifest`` at ``parent``, which come from nowhere else."""
    return tuple(Child(entry, parent, parent.home) for entry in manifest.entries)


def repairs(missing: Sequence[Child], *, ports: Ports) -> tuple[Copy, ...]:
    """Return the content to put so that nothing is missing, children before their lists.

    Uses the ports registry, contents and layers. Raises PartMissingError: a child cannot be had,
    or not whole; what reading raises.
    """
    found = {child: _repair(child, ports) for child in missing}
    require_none([child for child, copies in found.items() if copies is None])
    copies = (copy for each in found.values() for copy in each or ())
    return tuple({copy.target: copy for copy in copies}.values())


def require_none(lost: Sequence[Child]) -> None:
    """Raise PartMissingError, which names the first of ``lost``, unless that is empty."""
    if lost:
        first, platform = lost[0], lost[0].listed.platform
        shown = "" if platform is None else str(platform)
        gone = str(first.gone or first.reference)
        raise PartMissingError(str(first.parent), gone, shown, len(lost) - 1)


def _call(call: Callable[[], object]) -> object:
    return call()


def _look(child: Child, registry: Registry, reader: ManifestReader) -> Reference | Manifest | None:
    """Return what the home lacks of ``child``, else the manifest if that is a list.

    Of a list, reading it is proof enough unless the store answers.
    """
    is_list = child.listed.media_type in media_types.LISTS
    try:
        nested = reader.get_manifest(child.reference) if is_list else None
        return _gone(child, registry) or nested
    except ManifestUnknownError:
        return child.reference
    except DeadlineError:
        raise  # not the child's home, but our time is at its end
    except _UNDECIDED:
        return None


def _gone(child: Child, registry: Registry) -> Reference | None:
    """Return what the home lacks of ``child``; it does not know what cannot be verified."""
    content = child.reference
    if not child.listed.digest.is_verifiable:
        return None
    if is_blob(content, child.listed, registry):
        return None if has_blob(content, registry) else content
    return missing_part(content, registry)


def _repair(child: Child, ports: Ports) -> tuple[Copy, ...] | None:
    """Return the copies that bring it, None if its home lacks it and the store has it not whole.

    Raises PartMissingError: another home, which it came from, has lost it or what it lists.
    """
    home, origin = child.parent.home, Reference(child.origin, None, child.listed.digest)
    try:
        copies = content_copies(origin, child.listed, home, ports.registry)
    except ManifestUnknownError as error:
        if child.origin == home:
            return None
        platform = child.listed.platform if error.reference == str(origin) else None
        shown = "" if platform is None else str(platform)
        raise PartMissingError(str(child.parent), error.reference, shown) from error
    if child.origin != home:
        return copies
    absent = tuple(copy for copy in copies if not is_there(copy, ports.registry))
    stored = StoredBlobs(ports.contents, ports.layers, with_layers=True)
    return None if any(_lacks(stored, copy) for copy in absent) else absent


def _lacks(stored: StoredBlobs, copy: Copy) -> bool:
    """Whether the store has not all blobs to bring ``copy``."""
    if isinstance(copy, BlobCopy):
        return not stored.has(copy.target, copy.size)
    return any(stored.knowing([copy.manifest]).lacking(copy.manifest))
