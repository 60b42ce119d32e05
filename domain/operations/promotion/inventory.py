"""Take an inventory of an image or a list: all manifests, and all that is attached to them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.images.attachments import Attachment, Form, Purpose
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import LISTS
from manyfest.domain.operations.attached.find import find_attached, may_be_subject, platform_of
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.tree import Node, below, is_blob
from manyfest.domain.operations.views.attached import attestation_entries
from manyfest.domain.ports.fan_out import FanOut, Remembered
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Inventory:
    """All that was read at ``root``, a digest in its home.

    ``selected`` is its manifest, or of a list some entries: only what these name was looked at.
    ``manifests`` are those of its tree, itself included; ``images`` are those among them that are
    neither lists nor attestations. ``attached`` is what is attached to any of them, and to that in
    turn. ``missing`` are manifests that a list names and the home lacks, or that is attached and
    gone; ``unverifiable`` are entries by digests that nothing can be verified against.
    """

    root: Reference
    selected: Manifest
    manifests: Mapping[Digest, Descriptor]
    images: tuple[Node, ...]
    attached: tuple[Attachment, ...]
    missing: tuple[Reference, ...] = ()
    unverifiable: tuple[Reference, ...] = ()
    read: tuple[Resolved, ...] = ()

    @property
    def attached_digests(self) -> frozenset[tuple[Digest | None, Digest | None]]:
        """The digests of subjects, each with that of what is attached to it."""
        return frozenset((one.subject.digest, one.digest) for one in self.attached)


def take_inventory(
    root: Resolved, selected: Manifest, registry: Registry, fan_out: FanOut
) -> Inventory:
    """Read ``root``, the trees of its ``selected`` entries and what is attached, from ``registry``.

    Raises what reading and listing raise, but ManifestUnknownError: what is missing is returned.
    """
    top = Node(root.reference.at(root.manifest.digest), root.manifest)
    reader = MeteredReader(registry, str(root.reference))
    read_one = partial(_read, reader=reader)
    nodes = (top, *below(top.source, selected, reader))
    entries = attestation_entries(nodes)
    attesting = {entry.place for entry in entries}
    verifiable = [node for node in nodes if node.is_verifiable]
    unread = [node for node in verifiable if node.source not in attesting]
    reader.announce(node.listed for node in unread if node.listed)
    passing = [node for node in unread if reader.passes(node.source.digest)]
    reads = Remembered(read_one, [node for node in unread if node not in passing])
    found = find_attached(
        [node for node in verifiable if may_be_subject(node)],
        registry=registry,
        reader=MeteredReader(registry, f"the manifests attached to {root.reference}"),
        fan_out=fan_out,
        entries=entries,
        meanwhile=reads.calls,
    )
    if found.failures:
        raise found.failures[0]
    others = iter(reads.results)
    results = [(node, read_one(node) if node in passing else next(others)) for node in unread]
    read = [each for _, each in results if each is not None]
    listed = [one.manifest for one in found.attachments if one.form is Form.ENTRY and one.manifest]
    known = [each.known for each in read if each.known]
    return Inventory(
        root=top.source,
        selected=selected,
        manifests={each.digest: each for each in (*known, *(one.descriptor() for one in listed))},
        images=tuple(_images(results)),
        attached=found.attachments,
        missing=(
            *(node.source for node, each in results if each is None),
            *(one.place for one in found.gone),
        ),
        unverifiable=tuple(node.source for node in nodes if not node.is_verifiable),
        read=tuple(Resolved(top.source.at(m.digest), m) for each in read if (m := each.manifest)),
    )


def lacking_purposes(
    found: Inventory, required: Sequence[Purpose]
) -> Iterator[tuple[Purpose, tuple[Node, ...]]]:
    """Yield each of ``required`` that is attached neither to the root nor to each image.

    With it come the images that lack it.
    """
    for purpose in required:
        subjects = {
            one.subject for one in found.attached if not one.level and purpose in one.purposes
        }
        images = tuple(image for image in found.images if image.source not in subjects)
        if found.root not in subjects and (images or not found.images):
            yield purpose, images


def name_of(image: Node) -> str:
    """Return the platform of ``image``, as its list states it, or its digest."""
    platform = platform_of(image)
    return str(platform) if platform and str(platform) else str(image.source.digest)


@frozen
class _Read:
    """A manifest that is ``known``, and itself unless it passed; neither of a blob."""

    known: Descriptor | None = None
    manifest: Manifest | None = None


def _read(node: Node, reader: MeteredReader) -> _Read | None:
    """Read the manifest; None if it is missing."""
    if node.listed is not None and is_blob(node.source, node.listed, reader):
        return _Read()
    try:
        manifest = node.read(reader)
    except ManifestUnknownError:
        return None
    is_held = not reader.passes(manifest.digest)
    return _Read(manifest.descriptor(), manifest if is_held else None)


def _images(results: Sequence[tuple[Node, _Read | None]]) -> Iterator[Node]:
    for node, read in results:
        if read is not None and read.known and read.known.media_type not in LISTS:
            yield node
