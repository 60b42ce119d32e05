"""The registry port over tar files of images, which are only read.

``oci-archive:FILE`` is an OCI layout in a tar file, ``docker-archive:FILE`` the output of ``docker
save`` and its kind (containers-transports(5)). An archive is opened at its first use, and stays
open: its headers are read once, and a file that takes its path meanwhile does no harm.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Never

from attr import evolve, field

from manyfest.adapters.bundles.docker_archive import LISTING, DockerBundle
from manyfest.adapters.bundles.file_source import DOCUMENT_LIMIT
from manyfest.adapters.bundles.layout import LayoutBundle
from manyfest.adapters.bundles.open_bundle import bundle_of
from manyfest.adapters.bundles.tar_reader import ArchiveFiles, open_archive
from manyfest.adapters.bundles.tar_stream import Check, unlimited
from manyfest.adapters.deadline import Deadline, deadline_errors
from manyfest.adapters.oci_layout.layout_files import INDEX
from manyfest.adapters.oci_layout.layout_reader import manifest_at, read_index, referrers_of
from manyfest.adapters.oci_layout.safe_directory import MissingError
from manyfest.adapters.registry_parts import blob_digest, is_document_of_manifest
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    BundleError,
    FileUnknownError,
    InvalidReferenceError,
    LayoutError,
    ManifestUnknownError,
    ReadOnlyError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.bundles import Bundle
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Archive, Home, Reference
from manyfest.domain.values import frozen


@frozen
class _OpenArchive:
    """An open archive; a layout reader takes it for the documents of a layout."""

    files: ArchiveFiles
    bundle: Bundle
    expanding: Lock = field(factory=Lock, eq=False)

    @property
    def directory(self) -> str:
        return self.files.name

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes that read it; docker and buildx write both forms in one archive."""
        is_layout = isinstance(self.bundle, LayoutBundle)
        has_listing = self.files.size(LISTING) is not None
        forms = {"oci-archive:": is_layout, "docker-archive:": has_listing}
        return tuple(scheme for scheme, is_it in forms.items() if is_it)

    def read(self, limit: int, *path: str) -> bytes:  # noqa: ARG002 (a bundle has the same limit)
        if path == (INDEX,):
            return self.bundle.index.data
        digest = Digest(*path[-2:])
        if self.bundle.size(digest) is None:
            raise MissingError(self.directory, f"lists {digest} without bringing it")
        return self.bundle.read(digest)

    def stamp(self, *_: str) -> tuple[int, ...]:
        """Return nothing: the index is in memory."""
        return ()

    def blob(self, digest: Digest, size: int) -> Iterator[bytes]:
        """Yield the bytes of an existing blob; several threads may, each another one."""
        if size > DOCUMENT_LIMIT:
            with self.expanding:
                self.files.spool_all()
        for _, chunks in self.bundle.iter_blobs([digest]):
            yield from chunks


class ArchiveRegistry(Registry):
    """Serves every archive; ``close`` closes those that were opened.

    Reading an archive pauses the clock of a soft ``deadline``: its size is not ours to judge.
    Besides the errors of the port, raises BundleError: the archive is damaged or of another form,
    or the system refuses; FileUnknownError; ReadOnlyError: any write.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._stack = ExitStack()
        self._opened: dict[Home, _OpenArchive] = {}
        self._opening = Lock()

    def close(self) -> None:
        """Close the archives."""
        self._stack.close()

    def open_file(self, path: str) -> tuple[Archive, Bundle]:
        """Open an archive of either form; return the home that names it, and its bundle.

        Raises BundleError, FileUnknownError.
        """
        opened = _opened(path, unlimited)
        with self._opening, self._deadline.clock_paused():
            archive = self._stack.enter_context(opened)
            home = Archive(archive.schemes[0], path)
            self._opened[home] = archive
            return home, archive.bundle

    def get_manifest(self, reference: Reference) -> Manifest:
        archive = self._open(reference.home)
        with _bundle_errors():
            return manifest_at(archive, _with_listed_name(archive, reference))

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def is_manifest(self, reference: Reference) -> bool:
        return is_document_of_manifest(self, reference)

    def put_manifest(
        self,
        reference: Reference,
        manifest: Manifest,  # noqa: ARG002
        expected: Expectation | None = None,  # noqa: ARG002
    ) -> Never:
        raise ReadOnlyError(str(reference))

    def delete_tag(self, reference: Reference, expected: Expectation) -> Never:  # noqa: ARG002
        raise ReadOnlyError(str(reference))

    def tags(self, home: Home) -> tuple[str, ...]:
        with _bundle_errors():
            return read_index(self._open(home)).names()

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        archive = self._open(reference.home)
        with _bundle_errors():
            return referrers_of(archive, reference)

    def head_blob(self, reference: Reference) -> int:
        size = self._open(reference.home).bundle.size(blob_digest(reference))
        if size is None:
            raise BlobUnknownError(str(reference))
        return size

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        digest, archive = blob_digest(reference), self._open(reference.home)
        there = self.head_blob(reference)
        with self._deadline.clock_paused():
            yield verified_chunks(archive.blob(digest, there), digest, size, str(reference))

    def mount_blob(self, reference: Reference, origin: Home) -> Never:  # noqa: ARG002
        raise ReadOnlyError(str(reference))

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> Never:  # noqa: ARG002
        raise ReadOnlyError(str(reference))

    def _open(self, home: Home) -> _OpenArchive:
        if not isinstance(home, Archive):
            raise TypeError(f"{home} is no archive")
        with self._opening, self._deadline.clock_paused():
            if home not in self._opened:
                opened = _opened(home.path, partial(self._check, home))
                archive = self._stack.enter_context(opened)
                _check_form(home, archive)
                self._opened[home] = archive
            return self._opened[home]

    def _check(self, home: Archive) -> None:
        with deadline_errors(str(home)):
            self._deadline.check_hard_limit()


@contextmanager
def _opened(name: str, check: Check) -> Iterator[_OpenArchive]:
    path = Path(name)
    if path.is_dir():
        raise BundleError(name, "is a folder; a layout in a folder is written oci:DIR[:TAG]")
    with ExitStack() as stack:
        try:
            files = stack.enter_context(open_archive(path, check))
        except FileNotFoundError as error:
            raise FileUnknownError(name) from error
        except OSError as error:
            raise BundleError(name, f"cannot be read: {error.strerror}") from error
        yield _OpenArchive(files, bundle_of(files))


def _check_form(home: Archive, archive: _OpenArchive) -> None:
    """Check that the archive is what its scheme says."""
    if home.scheme not in archive.schemes:
        other = f"{archive.schemes[0]}{home.path}"
        raise BundleError(home.path, f"is of another form, which {other} reads")


def _with_listed_name(archive: _OpenArchive, reference: Reference) -> Reference:
    """Return ``reference`` with the name that ``index.json`` has; ``@N`` becomes a digest."""
    tag = reference.tag
    if tag is None or reference.digest is not None:
        return reference
    index = read_index(archive)
    if tag.startswith("@"):
        return reference.at(_numbered(archive, reference, int(tag[1:])))
    full = None if index.matching(tag) else _full_name(tag)
    return evolve(reference, tag=full) if full and index.matching(full) else reference


def _numbered(archive: _OpenArchive, reference: Reference, number: int) -> Digest:
    """Return the digest of an image by its place, which begins with 0.

    The place is that in ``index.json``. In ``manifest.json`` an image is listed once with all its
    names.
    """
    digests = [entry.digest for entry in archive.bundle.entries]
    if isinstance(archive.bundle, DockerBundle):
        digests = list(dict.fromkeys(digests))
    if number >= len(digests):
        raise ManifestUnknownError(str(reference))
    return digests[number]


def _full_name(tag: str) -> str | None:
    """Return docker's full form of a name: ``app`` is ``docker.io/library/app:latest``."""
    try:
        return str(Reference.parse(tag))
    except InvalidReferenceError:
        return None


@contextmanager
def _bundle_errors() -> Iterator[None]:
    """Translate errors about a layout to those about the archive that it is in."""
    try:
        yield
    except LayoutError as error:
        raise BundleError(error.directory, error.reason) from error
