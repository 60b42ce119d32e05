"""Writing a bundle as a folder: a new one whole or not at all, into a layout its names last."""

import errno
import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from manyfest.adapters.bundles.layout import DRAFTS
from manyfest.adapters.files.atomic_file import TEMPORARY
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


def write_folder(directory: Path, packing: BundleContent) -> None:
    """The layout in ``directory``, made, or added to where there is one.

    In a layout, entries of the same names are replaced, and so are drafts; all else stays. Raises
    LayoutError: something else stands there; OSError; what opening a blob raises. Then no name is
    another than before, and of a new folder there is nothing.
    """
    is_there = directory.is_symlink() or _holds_something(directory)
    if is_there or not _made(directory, packing):
        with make_layout(str(directory)) as root:
            _add(root, packing)


def _made(directory: Path, packing: BundleContent) -> bool:
    """A new folder, whole; False: somebody else has made one meanwhile."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    built = directory.with_name(TEMPORARY + token_hex(8))
    try:
        with make_layout(str(built)) as root:
            _add(root, packing)
        # Under the lock, or it takes the place of a folder in which somebody begins a layout.
        with make_directory(str(directory)) as place, place.locked():
            built.rename(directory)
    except BaseException as error:
        with suppress(OSError):
            shutil.rmtree(built)
        if isinstance(error, OSError) and error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        if isinstance(error, LayoutError):  # by the name that a person knows
            raise LayoutError(str(directory), error.reason) from error
        raise
    return True


def _holds_something(directory: Path) -> bool:
    try:
        return any(directory.iterdir())
    except FileNotFoundError:
        return False


def _add(root: SafeDirectory, packing: BundleContent) -> None:
    for blob in packing.blobs:
        if not _is_intact(root, blob.digest, blob.size):
            _write_blob(root, blob)
    with root.locked():
        if packing.drafts:
            _add_drafts(root, packing)
        root.write([_index(root, packing)], INDEX)


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


def _add_drafts(root: SafeDirectory, packing: BundleContent) -> None:
    folder, name = DRAFTS.split("/")
    root.make_folder(folder)
    present = root.read(INDEX_LIMIT, folder, name) if root.has_file(folder, name) else None
    kept = decode_drafts(present, f"{root.directory}: {DRAFTS}") if present else ()
    drafts = {draft.name: draft for draft in (*kept, *packing.drafts)}
    root.write([encode_drafts(drafts.values())], folder, name)


def _index(root: SafeDirectory, packing: BundleContent) -> bytes:
    existing = root.read(INDEX_LIMIT, INDEX)
    try:
        return encode_index(packing.entries, existing)
    except DocumentError as error:
        raise LayoutError(root.directory, str(error)) from error
