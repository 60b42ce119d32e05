"""The registry port over the files of OCI layouts (image-spec, image-layout.md)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from manyfest.adapters.deadline import Deadline, deadline_errors
from manyfest.adapters.oci_layout.layout_files import INDEX, blob_path, make_layout, open_layout
from manyfest.adapters.oci_layout.layout_reader import (
    image_under,
    manifest_at,
    read_index,
    referrers_list,
    referrers_of,
)
from manyfest.adapters.oci_layout.safe_directory import MissingError, SafeDirectory, read_chunks
from manyfest.adapters.registry_parts import (
    blob_digest,
    is_document_of_manifest,
    require_children,
)
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import CHUNK_SIZE, verified, verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    IntegrityError,
    ManifestUnknownError,
    NotFoundError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import referrers_tag, with_referrer
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Layout, Reference


class LayoutRegistry(Registry):
    """Serves every layout directory; a write makes a missing one.

    Besides the errors of the port, raises LayoutError: the directory is no layout of version 1.0.0,
    a file is a symbolic link or not regular, or the system refuses. Where blobs are read, a hard
    ``deadline`` or its cancellation ends it, with a DeadlineError: a file may have any size.
    """

    def __init__(self, deadline: Deadline | None = None) -> None:
        self._deadline = deadline

    def get_manifest(self, reference: Reference) -> Manifest:
        with _open(reference, ManifestUnknownError(str(reference))) as root:
            return manifest_at(root, reference)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def is_manifest(self, reference: Reference) -> bool:
        return is_document_of_manifest(self, reference)

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
                    current = image_under(root, reference.tag)
                    expected.check(reference, None if current is None else current.digest)
                if manifest.subject is not None:
                    _update_referrers_tag(root, reference.at(manifest.subject.digest), manifest)
                if reference.digest is None:
                    _set_name(root, reference.tag, manifest)

    def delete_tag(self, reference: Reference, expected: Expectation) -> bool:
        """Take the tag's entries out of ``index.json``; blobs stay."""
        try:
            root = open_layout(_directory(reference))
        except MissingError:
            return False
        with root, root.locked():
            current = image_under(root, reference.tag)
            if current is None:
                return False
            expected.check(reference, current.digest)
            root.write([read_index(root).without_name(reference.tag)], INDEX)
            return True

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
            return referrers_of(root, reference)

    def head_blob(self, reference: Reference) -> int:
        """Read and hash the whole file: a damaged blob counts as missing, and is rewritten."""
        with _blob_file(reference) as file:
            size = os.fstat(file.fileno()).st_size
            chunks = self._read(file, reference)
            try:
                for _ in verified_chunks(chunks, blob_digest(reference), size, str(reference)):
                    pass
            except IntegrityError as error:
                raise BlobUnknownError(str(reference), "its file is damaged") from error
            return size

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        digest = blob_digest(reference)
        with _blob_file(reference) as file:
            yield verified_chunks(self._read(file, reference), digest, size, str(reference))

    def _read(self, file: BinaryIO, reference: Reference) -> Iterator[bytes]:
        for chunk in read_chunks(file, _directory(reference)):
            if self._deadline is not None:
                with deadline_errors(str(reference)):
                    self._deadline.check_hard_limit()
            yield chunk

    def mount_blob(self, reference: Reference, origin: Home) -> bool:  # noqa: ARG002
        return False  # a hard link would let damage in one layout spread to the other

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        digest = blob_digest(reference)
        if size > CHUNK_SIZE:
            from manyfest.adapters.oci_layout.partial_blobs import write_large_blob

            with make_layout(_directory(reference)) as root:
                write_large_blob(root, digest, size, source)
            return
        with source() as chunks, make_layout(_directory(reference)) as root:
            verified = verified_chunks(chunks, digest, size, str(reference))
            root.write(verified, *blob_path(digest))


def _set_name(root: SafeDirectory, tag: str | None, manifest: Manifest) -> None:
    root.write([read_index(root).with_name(tag, manifest.descriptor())], INDEX)


def _update_referrers_tag(root: SafeDirectory, subject: Reference, referrer: Manifest) -> None:
    tag = referrers_tag(subject)
    listed = referrers_list(root, tag)
    extended = with_referrer(listed, referrer, tag)
    if extended is not listed:
        root.write([extended.data], *blob_path(extended.digest))
        _set_name(root, tag.tag, extended)


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
