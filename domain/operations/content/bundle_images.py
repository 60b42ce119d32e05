"""The images of a bundle under their names, and those without a name."""

from collections.abc import Iterator

from attr import evolve

from manyfest.domain.bundles.index_entries import REF_NAME, reference_of
from manyfest.domain.bundles.index_image import Read, image_of
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import BundleError, InvalidReferenceError
from manyfest.domain.lists.referrers import is_referrers_tag
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.bundles import Bundle
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen


@frozen
class Naming:
    """Names for images that have none of a registry.

    A bare tag belongs to ``repository``; the image without a name is ``unnamed``.
    """

    repository: Repository | None = None
    unnamed: Reference | None = None

    @classmethod
    def parse(cls, text: str | None) -> "Naming":
        """Parse a repository, perhaps with a tag; without a text there are no names.

        Raises InvalidReferenceError: it is neither.
        """
        if text is None:
            return NO_NAMES
        try:
            parsed, is_tagged = Reference.parse(f"{text}:tag"), False
        except InvalidReferenceError:
            parsed, is_tagged = Reference.parse(text), True
        if not isinstance(parsed.home, Repository) or parsed.digest is not None:
            raise InvalidReferenceError(text, "this is not a repository of a registry")
        return cls(parsed.home, parsed if is_tagged else None)


NO_NAMES = Naming()


@frozen
class NamedImage:
    """An image's entry in ``index.json`` and its name; ``made`` is a list that has no entry."""

    entry: Descriptor
    name: Reference | None
    made: Manifest | None = None


def images_of(bundle: Bundle, naming: Naming, read: Read) -> tuple[NamedImage, ...]:
    """Return the images of ``bundle``, each name once.

    Images of platforms that ``index.json`` lists under one name, or without one, are a list, which
    is made. Raises BundleError: several images of one name; a name without registry that
    ``naming`` gives none; DocumentError; what ``read`` raises.
    """
    groups: dict[Reference | None, list[Descriptor]] = {}
    for entry in bundle.entries:
        name = reference_of(entry, bundle.name, naming.repository)
        if name is not None or not is_referrers_tag(entry.annotations.get(REF_NAME)):
            groups.setdefault(name or naming.unnamed, []).append(entry)
    if naming.unnamed is not None and naming.unnamed not in groups:
        raise BundleError(bundle.name, f"has no image without a name, to be {naming.unnamed}")
    return tuple(
        image
        for name, entries in groups.items()
        for image in _images_called(name, entries, bundle, read)
    )


def _images_called(
    name: Reference | None, entries: list[Descriptor], bundle: Bundle, read: Read
) -> Iterator[NamedImage]:
    distinct = {entry.digest: entry for entry in reversed(entries)}
    found = entries[0] if len(distinct) == 1 else image_of(bundle.index, entries, read)
    if isinstance(found, Manifest):
        listed = evolve(found.descriptor(), others=entries[0].others)
        yield NamedImage(listed, name, found)
    elif name is None:
        yield from (NamedImage(entry, None) for entry in entries)
    elif found is None:
        raise BundleError(bundle.name, f"has two images named {name}")
    else:
        yield NamedImage(found, name)


def unnamed_digests(images: tuple[NamedImage, ...]) -> tuple[Digest, ...]:
    """Return the digests of images that have no name, each once."""
    called = {image.entry.digest for image in images if image.name is not None}
    digests = (image.entry.digest for image in images if image.name is None)
    return tuple(digest for digest in dict.fromkeys(digests) if digest not in called)
