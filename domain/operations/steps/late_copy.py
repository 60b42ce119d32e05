"""Copy images whose manifests are too large to be held together: each is read when it is copied.

A plan holds the manifests that are missing, up to the bound of ``MeteredReader``. Where a list says
beforehand that they are larger together, the large ones are read one after the other, while they
are written, and let go again.
"""

from collections.abc import Sequence
from functools import partial

from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManifestUnknownError, PartMissingError
from manyfest.domain.events import OnEvent
from manyfest.domain.operations.steps.metered_reader import large_images
from manyfest.domain.operations.steps.transfer import (
    ManifestCopy,
    blob_copies,
    copy_blob,
    put_copy,
)
from manyfest.domain.operations.steps.tree import Node
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

_KEPT = 40_000  # digests of blobs that came with images before


@frozen
class LateCopy:
    """The copy of the image at ``node`` to ``target``, by digest, which is not read yet."""

    node: Node
    target: Reference

    @property
    def source(self) -> Reference:
        """The manifest at its source, by digest."""
        return self.node.source

    @property
    def digest(self) -> Digest:
        """The digest that its list states."""
        assert self.node.listed is not None  # noqa: S101 - it was found in a list
        return self.node.listed.digest

    @property
    def size(self) -> int:
        """The bytes that its list states."""
        return self.node.listed.size if self.node.listed else 0


def large_nodes(nodes: Sequence[Node], subject: str) -> frozenset[Reference]:
    """Return the places of the images to be read late; none if all may be held together.

    Raises TooManyBytesError, which names ``subject``.
    """
    unread = [node.listed for node in nodes if node.listed and node.manifest is None]
    large = large_images(unread, subject)
    return frozenset(node.source for node in nodes if node.source.digest in large)


def bring_late(
    copies: Sequence[LateCopy],
    list_name: str,
    *,
    ports: Ports,
    with_foreign: bool,
    on_event: OnEvent,
) -> None:
    """Read and write one image after the other, blobs first; each blob is looked for once.

    Uses the ports registry and fan_out. Raises PartMissingError: the source has lost one; what
    reading and writing raises.
    """
    brought: set[Digest | None] = set()  # with 17,500 layers in each of 60 images, a million looks
    for late in copies:
        try:
            manifest = late.node.read(ports.registry)
        except ManifestUnknownError as error:
            raise PartMissingError(list_name, str(late.source), "") from error
        copy = ManifestCopy(late.source, late.target, manifest)
        bring = partial(copy_blob, registry=ports.registry, on_event=on_event)
        blobs = blob_copies([copy], with_foreign=with_foreign)
        ports.fan_out(bring, [blob for blob in blobs if blob.target.digest not in brought])
        named = {blob.target.digest for blob in blobs}
        brought = named | brought if len(brought) < _KEPT else named
        put_copy(copy, ports.registry, on_event)
