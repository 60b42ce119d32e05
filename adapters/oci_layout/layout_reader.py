"""Manifests of a layout, found by name or digest; wherever its files are."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from threading import Lock
from typing import Protocol

from attr import evolve

from manyfest.adapters.oci_layout.index_json import IndexJson
from manyfest.adapters.oci_layout.layout_files import INDEX, blob_path, remember
from manyfest.adapters.oci_layout.safe_directory import MissingError
from manyfest.adapters.registry_parts import blob_digest, received_manifest
from manyfest.domain import manifests, media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified
from manyfest.domain.errors import DocumentError, ManifestUnknownError
from manyfest.domain.lists.referrers import referrer_descriptor, referrers_tag
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference


class Documents(Protocol):
    """The documents of a layout, in a directory or an archive."""

    @property
    def directory(self) -> str:
        """The path of the layout, as errors name it."""
        ...

    def read(self, limit: int, *path: str) -> bytes:
        """Return a whole file, or the first ``limit`` + 1 bytes of a larger one.

        Raises MissingError; LayoutError: it is not a regular file.
        """
        ...

    def stamp(self, *path: str) -> tuple[int, ...]:
        """Return what another number tells of: that the file changed. Empty if that is not sure.

        Raises MissingError, LayoutError.
        """
        ...


def read_index(root: Documents) -> IndexJson:
    """Read the index of a layout. Raises LayoutError."""
    stamp = root.stamp(INDEX)
    known, index = _INDEXES.get(root.directory, ((), None))
    if index is not None and stamp and known == stamp:
        return index
    index = _parsed(root.read(manifests.SIZE_LIMIT, INDEX), root.directory)
    remember(_INDEXES, root.directory, (stamp, index))
    return index


# Every look at a layout needs its index, and one list may have 26,000 entries: only an index that
# has changed is read again, and parsed again only if it has other bytes.
_INDEXES: dict[str, tuple[tuple[int, ...], IndexJson]] = {}
_parsed = lru_cache(maxsize=4)(IndexJson.parse)

_READING = Lock()  # so that threads do not read the same entries at the same time
_NOTHING = Digest.of(b"")  # the subject of no manifest: an index whose entries refer to nothing


def manifest_at(root: Documents, reference: Reference) -> Manifest:
    """Read the manifest of ``reference``, as ``ManifestReader.get_manifest`` promises.

    Raises MissingError: the index lists it, and it is not there.
    """
    return _by_digest(root, reference) if reference.digest else _by_tag(root, reference)


def image_under(root: Documents, tag: str | None) -> Descriptor | Manifest | None:
    """Return what ``IndexJson.find`` finds. Raises LayoutError."""
    return read_index(root).find(tag, partial(_document, root))


def referrers_list(root: Documents, tag: Reference) -> Manifest | None:
    """Return the list of referrers under ``tag``, if there is one. Raises as ``manifest_at``."""
    found = image_under(root, tag.tag)
    return _read(root, found.digest, found, str(tag)) if isinstance(found, Descriptor) else found


def referrers_of(root: Documents, subject: Reference) -> tuple[Descriptor, ...]:
    """List those under the referrers tag, then those that are entries of the index, each once."""
    found = _referrers(root, subject)
    return tuple({descriptor.digest: descriptor for descriptor in found}.values())


def _referrers(root: Documents, subject: Reference) -> Iterator[Descriptor]:
    listed = referrers_list(root, referrers_tag(subject))
    yield from listed.entries if listed else ()
    if subject.digest is not None:
        yield from _by_subject(root, subject).get(subject.digest, ())


def _by_subject(root: Documents, subject: Reference) -> Mapping[Digest, Sequence[Descriptor]]:
    """Return the referrers among the index's entries, by the digest of their subject.

    They are read once for each index: a list of 26,000 images asks once for each of them. If one
    is missing it may still come, and they are read again.
    """
    index = read_index(root)
    with _READING:
        if not index.known_referrers:
            found, is_whole = _read_referrers(root, index, subject)
            if not is_whole:
                return found
            index.known_referrers.update(found or {_NOTHING: []})
    return index.known_referrers


def _read_referrers(
    root: Documents, index: IndexJson, place: Reference
) -> tuple[dict[Digest, list[Descriptor]], bool]:
    """Read the entries; return also whether none is missing. ``place`` names them in errors."""
    found: dict[Digest, list[Descriptor]] = defaultdict(list)
    is_whole = True
    for entry in index.entries:
        if media_types.is_blob(entry.media_type) or entry.media_type in media_types.DOCKER_FAMILY:
            continue
        try:
            manifest = _read(root, entry.digest, entry, str(place.at(entry.digest)))
        except MissingError:
            is_whole = False
        else:
            if manifest.subject:
                found[manifest.subject.digest].append(referrer_descriptor(manifest))
    return found, is_whole


def _by_tag(root: Documents, reference: Reference) -> Manifest:
    found = image_under(root, reference.tag)
    if found is None:
        raise ManifestUnknownError(str(reference))
    if isinstance(found, Manifest):
        return evolve(found, name=str(reference))
    return _read(root, found.digest, found, str(reference))


def _by_digest(root: Documents, reference: Reference) -> Manifest:
    digest, subject = blob_digest(reference), str(reference)
    index = read_index(root)
    try:
        return _read(root, digest, index.by_digest(digest), subject)
    except MissingError as error:
        made = index.list_of_digest(digest, partial(_document, root))
        if made is None:
            raise ManifestUnknownError(subject) from error
        return evolve(made, name=subject)


def _document(root: Documents, listed: Descriptor) -> bytes | None:
    """Return the bytes of a manifest or config; None if it is missing."""
    with suppress(MissingError):
        data = root.read(manifests.SIZE_LIMIT, *blob_path(listed.digest))
        return verified(data, listed.digest, listed.size, f"{root.directory}: {listed.digest}")
    return None


def _read(root: Documents, digest: Digest, entry: Descriptor | None, subject: str) -> Manifest:
    data = root.read(manifests.SIZE_LIMIT, *blob_path(digest))
    if len(data) > manifests.SIZE_LIMIT:
        raise DocumentError(subject, f"larger than {manifests.SIZE_LIMIT} bytes")
    verified(data, digest, entry.size if entry else None, subject)
    return received_manifest(data, entry.media_type if entry else "", subject, digest.algorithm)
