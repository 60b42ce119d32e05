"""The values of ``show``: a manifest, its entries, and what is attached to them."""

from collections.abc import Iterable
from datetime import datetime

from attr import field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import DocumentError
from manyfest.domain.images.attachments import Attachment
from manyfest.domain.images.configuration import (
    CREATED,
    Configuration,
    annotations_of,
    moment,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.steps.tree import NESTING_LIMIT
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Extent:
    """The extent of a view: ``depth`` counts levels below the manifest itself.

    ``is_long`` reads the manifests and configs of entries from registries, and ``has_referrers``
    asks them for what is attached.
    """

    is_long: bool = False
    has_referrers: bool = False
    depth: int = NESTING_LIMIT


@frozen
class Item:
    """An entry of a list at ``place``, and what is known of it.

    ``source`` is where a draft has it from. ``manifest`` and ``configuration`` are None if they
    were not read, or are not held; ``fault`` tells why that failed. ``entries`` are those of a list
    within the list, None if they were not read or are shown elsewhere.
    """

    descriptor: Descriptor
    place: Reference
    kind: str
    source: Reference | None = None
    manifest: Manifest | None = None
    configuration: Configuration | None = None
    attached: tuple[Attachment, ...] = ()
    entries: tuple["Item", ...] | None = None
    fault: str = ""

    @property
    def created(self) -> datetime | None:
        """When the image was made, by its config, else by the annotations of its entry."""
        stated = self.configuration.created if self.configuration else None
        return stated or moment(self.descriptor.annotations.get(CREATED))


@frozen
class Overview:
    """A manifest, its entries if it is a list, and what is attached to it.

    An image has its ``configuration``; of another artifact ``facts`` are the texts and numbers in
    its config. ``draft`` is set if the manifest is a draft's, assembled and not published.
    """

    reference: Reference
    manifest: Manifest
    kind: str
    entries: tuple[Item, ...] = ()
    attached: tuple[Attachment, ...] = ()
    configuration: Configuration | None = None
    facts: tuple[tuple[str, str], ...] = field(factory=tuple)
    draft: Draft | None = None

    @property
    def created(self) -> datetime | None:
        """When it was made, by the config of an image, else by its annotations."""
        stated = self.configuration.created if self.configuration else None
        return stated or moment(annotations_of(self.manifest).get(CREATED))


def content_size(manifests: Iterable[Manifest]) -> int | None:
    """Return the bytes of all configs and layers, each once; None without any, or if malformed."""
    sizes: dict[Digest, int] = {}
    try:
        for manifest in manifests:
            if not manifest.is_list:
                blobs = [*manifest.layers, *([manifest.config] if manifest.config else [])]
                sizes |= {blob.digest: blob.size for blob in blobs}
    except DocumentError:
        return None
    return sum(sizes.values()) if sizes else None


def layers_of(manifest: Manifest) -> tuple[Descriptor, ...]:
    """Return the layers; none if the manifest is malformed."""
    try:
        return manifest.layers
    except DocumentError:
        return ()
