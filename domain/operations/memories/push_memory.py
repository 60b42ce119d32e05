"""Push histories and content of the store into a memory, as a delta on what it has.

The first part becomes the base. Once there are more than ``MOST_DELTAS``, a writer puts a new base,
which is the union of all indexes and lists all bundles: only its index is uploaded. Then the writer
takes the tags away of what the base before it covered.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.history.observation import Observation
from manyfest.domain.memories.memory_index import MemoryIndex
from manyfest.domain.operations.content.export_bundle import export_bundle
from manyfest.domain.operations.memories.put_parts import put_base, put_part, untag_covered
from manyfest.domain.operations.memories.read_memory import Memory, read_memory
from manyfest.domain.ports import Ports
from manyfest.domain.ports.bundles import BundleBlob, BundleContent, BundlePacker
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

MOST_DELTAS = 20


@frozen
class PushedMemory:
    """The digest of the ``part`` that was put, and its ``index``: what the memory lacked.

    ``part`` is None if the memory lacked nothing. ``base`` is the digest of a new base, and
    ``uploaded`` counts the bytes of the bundle. ``deltas`` is their number now.
    """

    part: Digest | None
    index: MemoryIndex
    base: Digest | None = None
    uploaded: int = 0
    deltas: int = 0


def push_memory(
    target: Reference, references: Sequence[Reference], *, ports: Ports, packer: BundlePacker
) -> PushedMemory:
    """Push the histories of ``references``, and the content of all their states, to ``target``.

    Attached content comes along. A list comes with those of its images that the store has. No
    registry is asked about the references. Uses the ports registry, fan_out, contents, layers
    and pause. Raises NeverSeenError: a reference is not cached; InputError: it is not of a
    registry; MergeUnsettledError: the registry does not list what was put; DocumentError:
    ``target`` is something else; what reading and writing raise.
    """
    spans: dict[Reference, Sequence[Observation]] = {
        each: _spans(each, ports.contents) for each in dict.fromkeys(references)
    }
    content = export_bundle(tuple(_states(spans)), ports=ports, sparse=True).packing
    spans |= _spans_of_attached(content, spans, ports.contents)
    memory = read_memory(target, ports=ports)
    own = _index(spans, content, memory, ports.contents)
    news = own.news_for(memory.index)
    if news.is_empty:
        return PushedMemory(None, news, deltas=len(memory.deltas))
    with ExitStack() as stack:
        bundle = None
        if news.manifests or news.configs:
            bundle = stack.enter_context(packer.packed(_content_of(news, content, spans)))
        part = put_part(memory, news, bundle, ports=ports)
    after = Memory(
        target, memory.base, memory.indexes | {part: news}, memory.listed | {part.digest}
    )
    is_due = memory.base is None or len(after.deltas) > MOST_DELTAS
    base = put_base(after, ports=ports) if is_due else None
    if base:
        untag_covered(memory, ports=ports)
    size, left = bundle.size if bundle else 0, 0 if is_due else len(after.deltas)
    return PushedMemory(part.digest, news, base.digest if base else None, size, left)


def _spans(reference: Reference, contents: ContentStore) -> tuple[Observation, ...]:
    """Return the history of a tag; a digest has none. Raises NeverSeenError.

    Claims of servers are left out: they have no content, and everyone can import them.
    """
    if reference.digest is not None:
        return ()
    spans = tuple(span for span in contents.history(reference) if not span.source)
    if not spans:
        raise NeverSeenError(str(reference))
    return spans


def _spans_of_attached(
    content: BundleContent,
    spans: Mapping[Reference, Sequence[Observation]],
    contents: ContentStore,
) -> dict[Reference, Sequence[Observation]]:
    """Return what is attached to the references of ``spans``: digests, and tags in their one state.

    Of a tag, only the state that ``content`` has: its older ones belong to other content.
    """
    known = {str(reference) for reference in _states(spans)}
    attached = [Reference.parse(name) for name in content.entries if name not in known]
    return {each: _newest(each, contents) for each in attached}


def _newest(reference: Reference, contents: ContentStore) -> tuple[Observation, ...]:
    seen = None if reference.digest else contents.last_observation(reference)
    return (seen,) if seen else ()


def _states(spans: Mapping[Reference, Sequence[Observation]]) -> dict[Reference, Digest]:
    """Return the digests of all states: of the newest under its tag, of the others by digest."""
    states: dict[Reference, Digest] = {}
    for reference, history in spans.items():
        if reference.digest is not None:
            states[reference] = reference.digest
        for number, span in enumerate(history):
            past = evolve(reference, digest=span.digest) if number else reference
            states[past] = span.digest
    return states


def _index(
    spans: Mapping[Reference, Sequence[Observation]],
    content: BundleContent,
    memory: Memory,
    contents: ContentStore,
) -> MemoryIndex:
    """Return the index of the states; content that ``memory`` has already is left out."""
    kinds = {}
    for blob in content.manifests:
        if blob.digest not in memory.index:
            manifest = contents.manifest(blob.digest)
            if manifest is not None:  # garbage collection may have removed it meanwhile
                kinds[blob.digest] = manifest.media_type
    return MemoryIndex(
        tuple(span for history in spans.values() for span in history),
        kinds,
        frozenset(blob.digest for blob in content.configs),
    )


def _content_of(
    news: MemoryIndex,
    content: BundleContent,
    spans: Mapping[Reference, Sequence[Observation]],
) -> BundleContent:
    """Return the bundle of what is new; its own index names the states whose manifests it has."""
    states = {str(reference): digest for reference, digest in _states(spans).items()}
    entries = content.entries.items()
    return BundleContent(
        {name: entry for name, entry in entries if states.get(name) in news.manifests},
        _only(content.manifests, news.manifests),
        _only(content.configs, news.configs),
    )


def _only(blobs: Collection[BundleBlob], wanted: Collection[Digest]) -> tuple[BundleBlob, ...]:
    return tuple(blob for blob in blobs if blob.digest in wanted)
