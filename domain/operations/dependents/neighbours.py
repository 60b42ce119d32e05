"""Find images that share layers with an image, and guess which of them is its base.

An image is built on another one if it begins with all layers of that, in their order. Nothing says
that it was built on this one and no other with the same layers, so that the answer is a guess.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, DocumentError
from manyfest.domain.images.configuration import read_configuration
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore, Role, SharedLayers
from manyfest.domain.values import frozen

# image-spec, annotations.md
_BASE_NAME = "org.opencontainers.image.base.name"
_BASE_DIGEST = "org.opencontainers.image.base.digest"

_NEAREST = 10  # images
_NAMES = 3  # of an image


@frozen
class Neighbour:
    """An image with common layers, and some tags that lead to it."""

    layers: SharedLayers
    names: tuple[str, ...]

    @property
    def digest(self) -> Digest:
        """The digest of the image."""
        return self.layers.manifest


@frozen
class Neighbours:
    """The number of images with common layers, and the ``nearest``: those with most bytes.

    ``base`` is a guess. ``stated_base`` is the name, and ``stated_digest`` the digest, that the
    image's annotations or labels state, unchecked; empty if they state none.
    """

    number: int = 0
    nearest: tuple[Neighbour, ...] = ()
    base: Neighbour | None = None
    stated_base: str = ""
    stated_digest: str = ""


def find_neighbours(manifest: Manifest, contents: ContentStore) -> Neighbours:
    """Find the neighbours of an image; a list has none. Raises what the store raises."""
    if manifest.is_list:
        return Neighbours()
    shared = [one for one in contents.sharing(manifest.layers) if one.manifest != manifest.digest]
    nearest = sorted(shared, key=lambda one: (-one.size, one.manifest))[:_NEAREST]
    stated = _stated(manifest, contents)
    return Neighbours(
        number=len(shared),
        nearest=tuple(_neighbour(one, contents) for one in nearest),
        base=_base(shared, len(manifest.layers), contents),
        stated_base=stated.get(_BASE_NAME, ""),
        stated_digest=stated.get(_BASE_DIGEST, ""),
    )


def _base(shared: list[SharedLayers], own: int, contents: ContentStore) -> Neighbour | None:
    """Return the image of most layers that are all at the beginning; one with names if it can."""
    bases = [one for one in shared if one.aligned == one.total < own]
    most = max((one.total for one in bases), default=0)
    longest = sorted((one for one in bases if one.total == most), key=lambda one: one.manifest)
    found = [_neighbour(one, contents) for one in longest[:_NEAREST]]
    return next((one for one in found if one.names), found[0] if found else None)


def _neighbour(shared: SharedLayers, contents: ContentStore) -> Neighbour:
    names = dict.fromkeys(_names(shared.manifest, contents))
    return Neighbour(shared, tuple(islice(names, _NAMES)))


def _names(digest: Digest, contents: ContentStore) -> Iterator[str]:
    """Yield tags that point, or pointed, to the image, and to lists of it."""
    for each in contents.observations_of(digest):
        yield str(each.tag_reference)
    for listing in islice(contents.predecessors(digest, Role.ENTRY), _NAMES):
        for each in islice(contents.observations_of(listing.manifest), _NAMES):
            yield str(each.tag_reference)


def _stated(manifest: Manifest, contents: ContentStore) -> dict[str, str]:
    """Return annotations of the manifest over labels of its config, as far as they are cached."""
    stated: dict[str, str] = {}
    with suppress(DamagedStoreError, DocumentError):
        config = manifest.config
        data = contents.blob(config.digest) if config else None
        stated |= read_configuration(data).labels if data else {}
    annotations = manifest.document.get("annotations")
    texts = annotations.items() if isinstance(annotations, dict) else ()
    return stated | {name: text for name, text in texts if isinstance(text, str)}
