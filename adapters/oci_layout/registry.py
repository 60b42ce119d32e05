"""The registry port over the files of OCI layouts (image-spec, image-layout.md)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import BinaryIO

from attrs import evolve

from manyfest.adapters.oci_layout.layout_files import (
    INDEX,
    blob_path,
    make_layout,
    open_layout,
    read_index,
)
from manyfest.adapters.oci_layout.safe_directory import MissingError, SafeDirectory, read_chunks
from manyfest.adapters.registry_parts import blob_digest, require_children
from manyfest.domain import manifests, media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified, verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    DocumentError,
    IntegrityError,
    ManifestUnknownError,
    NotFoundError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import referrer_descriptor, referrers_tag, with_referrer
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Layout, Reference


class LayoutRegistry(Registry):
    """Serves every layout directory; a write makes a missing one.

    Besides the errors of the port, raises LayoutError: the directory is no layout of version 1.0.0,
    a file is a symbolic link or not regular, or the system refuses.
    """

    def get_manifest(self, reference: Reference) -> Manifest:
        with _open(reference, ManifestUnknownError(str(reference))) as root:
            return _by_digest(root, reference) if reference.digest else _by_tag(root, reference)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        digest = reference.digest or manifest.digest
        verified(manifest.data, digest, None, str(reference))
        with make_layout(_directory(reference)) as root:
            require_children(
                manifest, str(reference.home), lambda child: root.has_file(*blob_path(child.digest))
            )
            root.write([manifest.data], *blob_path(digest))
            with root.locked():
                if expected is not None and reference.digest is None:
                    current = _image(root, reference)
                    expected.check(reference, None if current is None else current.digest)
                if manifest.subject is not None:
                    _update_referrers_tag(root, reference.at(manifest.subject.digest), manifest)
                if reference.digest is None:
                    _set_name(root, reference.tag, manifest)

    def tags(self, home: Home) -> tuple[str, ...]:
        try:
            root = open_layout(_directory(Reference(home)))
        except MissingError:
            return ()
        with root:
            return read_index(root).names()

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """List those under the referrers tag, then those that are entries of the index."""
        try:
            root = open_layout(_directory(reference))
        except MissingError:
            return ()
        with root:
            found = _referrers(root, reference)
            return tuple({descriptor.digest: descriptor for descriptor in found}.values())

    def head_blob(self, reference: Reference) -> int:
        """Read and hash the whole file: a damaged blob counts as missing, and is rewritten."""
        with _blob_file(reference) as file:
            size = os.fstat(file.fileno()).st_size
            chunks = read_chunks(file, _directory(reference))
            try:
                for _ in verified_chunks(chunks, blob_digest(reference), size, str(reference)):
                    pass
            except IntegrityError as error:
                raise BlobUnknownError(str(reference)) from error
            return size

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        digest, directory = blob_digest(reference), _directory(reference)
        with _blob_file(reference) as file:
            yield verified_chunks(read_chunks(file, directory), digest, size, str(reference))

    def mount_blob(self, reference: Reference, origin: Home) -> bool:  # noqa: ARG002
        return False  # a hard link would let damage in one layout spread to the other

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        digest = blob_digest(reference)
        with make_layout(_directory(reference)) as root, source() as chunks:
            root.write(verified_chunks(chunks, digest, size, str(reference)), *blob_path(digest))


def _by_tag(root: SafeDirectory, reference: Reference) -> Manifest:
    found = _image(root, reference)
    if found is None:
        raise ManifestUnknownError(str(reference))
    if isinstance(found, Manifest):
        return evolve(found, name=str(reference))
    return _read(root, found.digest, found, str(reference))


def _by_digest(root: SafeDirectory, reference: Reference) -> Manifest:
    digest, subject = blob_digest(reference), str(reference)
    index = read_index(root)
    try:
        return _read(root, digest, index.by_digest(digest), subject)
    except MissingError as error:
        made = index.list_of_digest(digest, partial(_document, root))
        if made is None:
            raise ManifestUnknownError(subject) from error
        return evolve(made, name=subject)


def _image(root: SafeDirectory, reference: Reference) -> Descriptor | Manifest | None:
    return read_index(root).find(reference.tag, partial(_document, root))


def _document(root: SafeDirectory, listed: Descriptor) -> bytes | None:
    """Return the bytes of a manifest or config; None if it is missing."""
    with suppress(MissingError):
        data = root.read(manifests.SIZE_LIMIT, *blob_path(listed.digest))
        return verified(data, listed.digest, listed.size, f"{root.directory}: {listed.digest}")
    return None


def _read(root: SafeDirectory, digest: Digest, entry: Descriptor | None, subject: str) -> Manifest:
    data = root.read(manifests.SIZE_LIMIT, *blob_path(digest))
    if len(data) > manifests.SIZE_LIMIT:
        raise DocumentError(subject, f"larger than {manifests.SIZE_LIMIT} bytes")
    verified(data, digest, entry.size if entry else None, subject)
    return Manifest.received(data, entry.media_type if entry else "", subject, digest.algorithm)


def _set_name(root: SafeDirectory, tag: str | None, manifest: Manifest) -> None:
    root.write([read_index(root).with_name(tag, manifest.descriptor())], INDEX)


def _update_referrers_tag(root: SafeDirectory, subject: Reference, referrer: Manifest) -> None:
    tag = referrers_tag(subject)
    listed = _tagged(root, tag)
    extended = with_referrer(listed, referrer)
    if extended is not listed:
        root.write([extended.data], *blob_path(extended.digest))
        _set_name(root, tag.tag, extended)


def _tagged(root: SafeDirectory, tag: Reference) -> Manifest | None:
    found = _image(root, tag)
    return _read(root, found.digest, None, str(tag)) if isinstance(found, Descriptor) else found


def _referrers(root: SafeDirectory, subject: Reference) -> Iterator[Descriptor]:
    listed = _tagged(root, referrers_tag(subject))
    yield from listed.entries if listed else ()
    for entry in read_index(root).entries:
        if entry.media_type not in media_types.OCI_FAMILY:
            continue
        with suppress(MissingError):
            manifest = _read(root, entry.digest, entry, str(subject.at(entry.digest)))
            if manifest.subject and manifest.subject.digest == subject.digest:
                yield referrer_descriptor(manifest)


def _blob_file(reference: Reference) -> BinaryIO:
    unknown, path = BlobUnknownError(str(reference)), blob_path(blob_digest(reference))
    with _open(reference, unknown) as root, _missing_as(unknown):
        return root.open(*path)


def _open(reference: Reference, unknown: NotFoundError) -> SafeDirectory:
    with _missing_as(unknown):
        return open_layout(_directory(reference))


@contextmanager
def _missing_as(unknown: NotFoundError) -> Iterator[None]:
    try:
        yield
    except MissingError as error:
        raise unknown from error


def _directory(reference: Reference) -> str:
    if not isinstance(reference.home, Layout):
        raise TypeError(f"{reference} is in no layout")
    return reference.home.directory
