"""Fetch images and lists whole into the store, for use without a network.

Theory of operation. A command fetches many references, and a failure of one must not cost the
others. So errors are values here, each noted at the reference at which it occurred:

1. The references given (roots) are read in parallel, each with its config if it is an image. Of a
   list, the entries of the wanted platforms are its children.
2. Children are read the same way, level by level, every reference once, whichever roots share it
   (``steps.tree.walk``). References nested too deep get an error instead of being read.
3. With layers, the blobs that images and lists need and the layer store lacks are downloaded in
   parallel, each once. A failed download is an error of all images that need the blob.
4. A root failed if an error is noted at it or anywhere below it; the nearest one is reported.
5. Manifests, configs and observations of all that was found are recorded in one transaction. A
   root that failed keeps what was found of it, so that the next fetch has less to do.

All that is found stays in memory until then, as bytes, up to a limit (``steps.metered_reader``).
What is over it fails with TooManyBytesError, unread if its list says so, and may be fetched alone.

Layers are written as they come, before their manifests are recorded: garbage collection spares
young files (``collect_garbage``), and ``missing_blobs`` renews the age of those already there. A
StoreError is no failure of one reference: it ends the fetch.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from attr import define, evolve, field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DeadlineError, ManyfestError, StoreError, bare
from manyfest.domain.events import (
    BlobCopied,
    OnEvent,
    ReferenceRead,
    TransferPlanned,
    ignore,
)
from manyfest.domain.lists.distributable_blobs import foreign_layers, needed_blobs
from manyfest.domain.lists.platform_selection import require_platform, select_entries
from manyfest.domain.operations.content.fetch_attached import FetchedAttached
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.metered_reader import MeteredReader, together
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import open_from, with_progress
from manyfest.domain.operations.steps.tree import is_blob, nested_too_deep, walk
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.registry import BlobReader
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class _Part:
    """A manifest and, of the wanted entries of a list: manifests, blobs, and those left out."""

    resolved: Resolved
    children: tuple[Reference, ...] = ()
    blobs: tuple[Descriptor, ...] = ()
    unverifiable: tuple[Descriptor, ...] = ()


# A manifest with what it lists, or the reason why it cannot be read.
_Answer = _Part | ManyfestError


@frozen
class Fetched:
    """The manifests found, the number and bytes of downloaded layers, and the failures.

    ``failures`` has the references given that are not whole, each with its nearest error.
    ``unverifiable`` are entries left out, because nothing can be verified against their digests,
    ``foreign_layers`` those not asked for, and ``attached`` is what was fetched besides.
    """

    found: tuple[Resolved, ...] = ()
    layers: int = 0
    layer_bytes: int = 0
    failures: Mapping[Reference, ManyfestError] = field(factory=dict)
    unverifiable: tuple[Reference, ...] = ()
    foreign_layers: tuple[Descriptor, ...] = ()
    attached: FetchedAttached = FetchedAttached()

    def __add__(self, other: "Fetched") -> "Fetched":
        """Put the fetches of two slices together."""
        return Fetched(
            self.found + other.found,
            self.layers + other.layers,
            self.layer_bytes + other.layer_bytes,
            {**self.failures, **other.failures},
            self.unverifiable + other.unverifiable,
            self.foreign_layers + other.foreign_layers,
            self.attached + other.attached,
        )


@frozen
class _Blob:
    """A blob to download, by home and digest, and the images that need it."""

    reference: Reference
    size: int
    needed_by: tuple[Reference, ...]
    urls: tuple[str, ...] = ()


@define
class _FetchState:
    """The manifests found with what they list, and the errors, by reference."""

    found: dict[Reference, _Part] = field(factory=dict)
    errors: dict[Reference, ManyfestError] = field(factory=dict)
    late: DeadlineError | None = None

    def unless_late(self, read: Callable[[Reference], _Answer], reference: Reference) -> _Answer:
        """Return the answer of ``read``; once there is no time left, the error about that."""
        if self.late is not None:
            return self.late
        answer = read(reference)
        if isinstance(answer, DeadlineError):
            self.late = answer
        return answer

    def note(self, wanted: Sequence[Reference], answers: Sequence[_Answer]) -> Iterable[Reference]:
        """Add the ``answers`` for what was ``wanted``; returns what these list."""
        for reference, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, ManyfestError):
                self.fail([reference], answer)
            else:
                self.found[reference] = answer
        return self._listed_by(wanted)

    def fail(self, references: Iterable[Reference], error: ManyfestError) -> None:
        """Note ``error`` at ``references`` that have none yet."""
        for reference in references:
            self.errors.setdefault(reference, error)

    def failures(self, roots: Iterable[Reference]) -> dict[Reference, ManyfestError]:
        """Return the ``roots`` that are not whole, with the reason."""
        reasons = ((root, self._reason(root)) for root in roots)
        return {root: reason for root, reason in reasons if reason is not None}

    def missing_blobs(self, layers: LayerStore | None, *, with_foreign: bool) -> tuple[_Blob, ...]:
        """Return the blobs that images and lists need and ``layers`` lack, each once.

        Configs that were read are not among them. Blobs in ``layers`` are renewed, because
        no recorded manifest may name them yet.
        """
        read = [part.resolved for part in self.found.values()]
        configs = {r.manifest.config for r in read if r.config is not None}
        blobs: dict[Digest, _Blob] = {}
        for reference, part in self.found.items():
            needed = needed_blobs(part.resolved.manifest, with_foreign=with_foreign)
            for blob in (*needed, *part.blobs):
                if blob in configs or (layers and layers.touch(blob.digest) == blob.size):
                    continue
                before = blobs[blob.digest].needed_by if blob.digest in blobs else ()
                place = reference.at(blob.digest)
                blobs[blob.digest] = _Blob(place, blob.size, (*before, reference), blob.urls)
        return tuple(blobs.values())

    def unverifiable(self) -> tuple[Reference, ...]:
        """Return the entries that were left out, because they cannot be verified."""
        return tuple(
            reference.at(entry.digest)
            for reference, part in self.found.items()
            for entry in part.unverifiable
        )

    def _reason(self, root: Reference) -> ManyfestError | None:
        """Return the error nearest to ``root``: at it, or on the next level below."""
        level: tuple[Reference, ...] = (root,)
        visited = {root}
        while level:
            for reference in level:
                if reference in self.errors:
                    return self.errors[reference]
            level = tuple(child for child in self._listed_by(level) if child not in visited)
            visited.update(level)
        return None

    def _listed_by(self, references: Iterable[Reference]) -> Iterable[Reference]:
        """Return the children of ``references``, each once."""
        parts = (self.found[each] for each in references if each in self.found)
        return dict.fromkeys(child for part in parts for child in part.children)


def fetch(
    references: Sequence[Reference],
    *,
    ports: Ports,
    platforms: Sequence[Platform] = (),
    with_layers: bool = False,
    with_foreign: bool = False,
    again: bool = False,
    on_event: OnEvent = ignore,
) -> Fetched:
    """Fetch all that ``references`` name: lists, images, configs, and ``with_layers`` other blobs.

    Of these, layers with ``urls`` only ``with_foreign``; of lists given, only the entries for
    ``platforms`` (all if empty), with their attestations.
    Blobs in the store are not downloaded, unless ``again``. One reference that fails leaves the
    others alone. Uses the ports registry, contents, layers, fan_out and now. Raises StoreError.
    """
    reading = _FetchState()
    roots = tuple(dict.fromkeys(references))
    reader = MeteredReader(ports.registry, together(roots))
    read_root = partial(_read, platforms=platforms, registry=reader, on_event=on_event)
    read_child = partial(_read, platforms=(), registry=reader, on_event=ignore)

    def read_level(level: tuple[Reference, ...]) -> Iterable[Reference]:
        read = read_root if level == roots else read_child
        return reading.note(level, ports.fan_out(partial(reading.unless_late, read), level))

    for reference in walk(roots, read_level, lambda reference: reference):
        reading.fail([reference], nested_too_deep(str(reference)))
    layers = None if again else ports.layers
    blobs = reading.missing_blobs(layers, with_foreign=with_foreign) if with_layers else ()
    on_event(TransferPlanned(len(blobs), sum(blob.size for blob in blobs), 0))
    bring = partial(_download, ports=ports, on_event=on_event)
    errors = ports.fan_out(bring, blobs)
    for blob, error in zip(blobs, errors, strict=True):
        if error is not None:
            reading.fail(blob.needed_by, error)
    brought = [blob.size for blob, error in zip(blobs, errors, strict=True) if error is None]
    found = tuple(part.resolved for part in reading.found.values())
    with ports.contents.transaction():
        record(ports.contents, found, ports.now)
    return Fetched(
        found,
        len(brought),
        sum(brought),
        reading.failures(references),
        reading.unverifiable(),
        foreign_layers(each.manifest for each in found) if with_layers and not with_foreign else (),
    )


def _read(
    reference: Reference, platforms: Sequence[Platform], registry: MeteredReader, on_event: OnEvent
) -> _Answer:
    try:
        resolved = _with_config(resolve(reference, registry), registry)
        return _with_entries(resolved, platforms, registry)
    except StoreError:
        raise
    except ManyfestError as error:
        return bare(error)
    finally:
        on_event(ReferenceRead())


def _with_config(resolved: Resolved, registry: BlobReader) -> Resolved:
    """Read the config of an image; that of another artifact is a blob like any other."""
    return with_config(resolved, registry) if resolved.manifest.has_image_config else resolved


def _with_entries(
    resolved: Resolved, platforms: Sequence[Platform], registry: MeteredReader
) -> _Part:
    manifest, subject = resolved.manifest, str(resolved.reference)
    if not manifest.is_list:
        require_platform(platforms, resolved.platform, subject)
        return _Part(evolve(resolved, manifest=manifest.without_views()))
    listed = select_entries(manifest.entries, platforms, subject)
    registry.require_room(listed)
    at = resolved.reference.at
    are_blobs = {
        entry: is_blob(at(entry.digest), entry, registry)
        for entry in listed
        if entry.digest.is_verifiable
    }
    return _Part(
        resolved,
        children=tuple(at(entry.digest) for entry, is_one in are_blobs.items() if not is_one),
        blobs=tuple(entry for entry, is_one in are_blobs.items() if is_one),
        unverifiable=tuple(entry for entry in listed if not entry.digest.is_verifiable),
    )


def _download(blob: _Blob, ports: Ports, on_event: OnEvent) -> ManyfestError | None:
    digest = blob.reference.digest
    assert digest is not None  # noqa: S101 - made by ``Reference.at``

    @contextmanager
    def opened(start: int = 0, /) -> Iterator[Iterator[bytes]]:
        with open_from(start, blob.reference, blob.size, blob.urls, ports.registry) as chunks:
            yield with_progress(chunks, blob.reference, on_event, start)

    try:
        ports.layers.resume(digest, blob.size, opened)
    except StoreError:
        raise
    except ManyfestError as error:
        return error
    on_event(BlobCopied(blob.reference, blob.size))
    return None
