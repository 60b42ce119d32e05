"""The image that entries of ``index.json`` are together.

``index.json`` is an image index itself (image-spec, image-layout.md), and some programs list the
images of the platforms there, without an index of their own: under no name, or all under one. Then
it is the list (``crane push --index``). Other entries are no choice of their own: children that a
listed index lists too (oras), and referrers of a listed image.
"""

from collections.abc import Callable, Sequence

from attr import evolve

from manyfest.domain import manifests, media_types
from manyfest.domain.bundles.index_entries import FIRST_SEEN, IMAGE_NAME, LAST_SEEN, REF_NAME
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.image_configs import SIZE_LIMIT, platform_of_config
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform

# Returns the bytes of a document in the layout, checked; None if the layout lacks it.
Read = Callable[[Descriptor], bytes | None]

# Annotations about this layout, which mean nothing elsewhere (image-spec, annotations.md).
_NAMES = frozenset({REF_NAME, IMAGE_NAME, FIRST_SEEN, LAST_SEEN})


def image_of(
    index: Manifest, entries: Sequence[Descriptor], read: Read
) -> Descriptor | Manifest | None:
    """Return the image of these ``entries`` of ``index``, which is ``index.json``.

    A descriptor if one entry is the image; a list if the entries are images for distinct platforms,
    under at most one name; None if they are several images. The list has the bytes of ``index`` if
    that needs no change. Otherwise it is authored: names are left out, and a platform that an entry
    does not have is that of the image's config.
    Raises DocumentError: a document of an entry is malformed; what ``read`` raises.
    """
    roots = _roots(entries, read)
    if len(roots) == 1:
        return roots[0]
    if any(each.media_type not in media_types.IMAGES for each in roots) or _names_differ(roots):
        return None
    listed = tuple(_without_names(_with_platform(each, read)) for each in roots)
    made = _list(index, listed) if _is_for_distinct_platforms(listed) else None
    return made if made and made.size <= manifests.SIZE_LIMIT else None


def _roots(entries: Sequence[Descriptor], read: Read) -> tuple[Descriptor, ...]:
    """Return the entries, each digest once, without those below or attached to another one."""
    distinct = tuple({entry.digest: entry for entry in reversed(entries)}.values())[::-1]
    if len(distinct) == 1:
        return distinct
    below: set[Digest] = set()
    subjects: dict[Digest, Digest] = {}
    for entry in distinct:
        if manifest := _manifest(entry, read):
            below |= {child.digest for child in manifest.entries}
            if manifest.subject is not None:
                subjects[entry.digest] = manifest.subject.digest
    there = below | {entry.digest for entry in distinct}
    attached = {digest for digest, subject in subjects.items() if subject in there}
    return tuple(entry for entry in distinct if entry.digest not in below | attached)


def _manifest(entry: Descriptor, read: Read) -> Manifest | None:
    if entry.media_type not in media_types.ACCEPTED or (data := read(entry)) is None:
        return None
    return Manifest.received(data, entry.media_type, str(entry.digest), entry.digest.algorithm)


def _names_differ(entries: Sequence[Descriptor]) -> bool:
    names = {(e.annotations.get(REF_NAME), e.annotations.get(IMAGE_NAME)) for e in entries}
    return len(names) > 1


def _with_platform(entry: Descriptor, read: Read) -> Descriptor:
    if entry.platform is not None:
        return entry
    manifest = _manifest(entry, read)
    config = manifest.config if manifest else None
    if config is None or config.media_type not in media_types.IMAGE_CONFIGS:
        return entry
    data = read(config) if config.size <= SIZE_LIMIT else None
    platform = Platform() if data is None else platform_of_config(data, str(config.digest))
    return evolve(entry, platform=platform) if platform.os else entry


def _without_names(entry: Descriptor) -> Descriptor:
    kept = {key: text for key, text in entry.annotations.items() if key not in _NAMES}
    if len(kept) == len(entry.annotations):
        return entry
    others = {key: value for key, value in entry.others.items() if key != "annotations"}
    return evolve(entry, others=others | ({"annotations": kept} if kept else {}))


def _is_for_distinct_platforms(entries: Sequence[Descriptor]) -> bool:
    images = [entry for entry in entries if attested_digest(entry) is None]
    platforms = [normalised(entry.platform) for entry in images if entry.platform]
    return len({*platforms} - {Platform()}) == len(images) > 0


def _list(index: Manifest, entries: Sequence[Descriptor]) -> Manifest:
    if entries == index.entries:
        return Manifest(media_types.OCI_INDEX, index.data, name=index.name)
    head: dict[str, Json] = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX}
    values = [entry.to_json() for entry in entries]
    data = authored_list(head | dict(index.document) | {"manifests": values})
    return Manifest(media_types.OCI_INDEX, data, name=index.name)
