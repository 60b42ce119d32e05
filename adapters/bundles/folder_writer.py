"""Writing a bundle as a folder: a new one appears whole; an existing layout gets names last."""

import errno
import shutil
from contextlib import suppress
from pathlib import Path

from manyfest.adapters.bundles.layout import DRAFTS
from manyfest.adapters.files.atomic_file import (
    folder_in_use,
    remove_leftovers_beside,
    temporary_name,
)
from manyfest.adapters.oci_layout.layout_files import INDEX, blob_path, make_layout
from manyfest.adapters.oci_layout.safe_directory import (
    MissingError,
    SafeDirectory,
    make_directory,
    read_chunks,
)
from manyfest.domain.bundles.index_entries import INDEX_LIMIT, encode_index
from manyfest.domain.digests import Digest, verified_chunks
from manyfest.domain.drafts.draft_json import decode_drafts, encode_drafts
from manyfest.domain.errors import DocumentError, IntegrityError, LayoutError
from manyfest.domain.ports.bundles import BundleBlob, BundleContent


def write_folder(directory: Path, content: BundleContent) -> None:
    """Make a layout in ``directory``, or add to the one it has.

    In an existing layout, entries and drafts of the same names are replaced; all else stays.
    Raises LayoutError: the directory has other content; OSError; the errors of opening a blob.
    After an error no name of an existing layout has changed, and no part of a new one remains.
    """
    remove_leftovers_beside(directory)
    exists = directory.is_symlink() or _has_content(directory)
    if exists or not _make(directory, content):
        with make_layout(str(directory)) as root:
            _add(root, content)


def _make(directory: Path, content: BundleContent) -> bool:
    """Make a new folder, whole; False if another process has made one meanwhile."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    built = directory.with_name(temporary_name())
    try:
        with make_layout(str(built)) as root, folder_in_use(built):
            _add(root, content)
        # Under the lock, so as not to replace a folder in which another process begins a layout.
        with make_directory(str(directory)) as place, place.locked():
            built.rename(directory)
    except BaseException as error:
        with suppress(OSError):
            shutil.rmtree(built)
        if isinstance(error, OSError) and error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        if isinstance(error, LayoutError):  # name the directory that the person named
            raise LayoutError(str(directory), error.reason) from error
        raise
    return True


def _has_content(directory: Path) -> bool:
    try:
        return any(directory.iterdir())
    except FileNotFoundError:
        return False


def _add(root: SafeDirectory, content: BundleContent) -> None:
    for blob in content.blobs:
        if not _is_intact(root, blob.digest, blob.size):
            _write_blob(root, blob)
    with root.locked():
        if content.drafts:
            _add_drafts(root, content)
        root.write(_index(root, content), INDEX)


def _is_intact(root: SafeDirectory, digest: Digest, size: int) -> bool:
    try:
        with root.open(*blob_path(digest)) as file:
            chunks = read_chunks(file, root.directory)
            for _ in verified_chunks(chunks, digest, size, str(digest)):
                pass
    except (MissingError, IntegrityError):
        return False
    return True


def _write_blob(root: SafeDirectory, blob: BundleBlob) -> None:
    with blob.source() as chunks:
        checked = verified_chunks(chunks, blob.digest, blob.size, str(blob.digest))
        root.make_folder("blobs", blob.digest.algorithm)
        root.write(checked, *blob_path(blob.digest))


def _add_drafts(root: SafeDirectory, content: BundleContent) -> None:
    folder, name = DRAFTS.split("/")
    root.make_folder(folder)
    present = root.read(INDEX_LIMIT, folder, name) if root.has_file(folder, name) else None
    kept = decode_drafts(present, f"{root.directory}: {DRAFTS}") if present else ()
    drafts = {draft.name: draft for draft in (*kept, *content.drafts)}
    root.write([encode_drafts(drafts.values())], folder, name)


def _index(root: SafeDirectory, content: BundleContent) -> list[bytes]:
    existing = root.read(INDEX_LIMIT, INDEX)
    try:
        return encode_index(content.entries, existing)
    except DocumentError as error:
        raise LayoutError(root.directory, str(error)) from error
