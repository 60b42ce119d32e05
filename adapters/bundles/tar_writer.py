"""Writing a bundle as a tar archive, whole or not at all, with reproducible bytes."""

import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO

from manyfest.adapters.bundles.compression import zstd_writer
from manyfest.adapters.bundles.layout import DRAFTS, blob_file
from manyfest.adapters.files.atomic_file import atomic_write
from manyfest.adapters.oci_layout.layout_files import INDEX, MARKER, MARKER_BYTES
from manyfest.domain.bundles.index_entries import encode_index
from manyfest.domain.digests import verified_chunks
from manyfest.domain.drafts.draft_json import encode_drafts
from manyfest.domain.errors import BundleError
from manyfest.domain.ports.bundles import BundleContent

_END = bytes(tarfile.RECORDSIZE)

_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


def write_archive(path: Path, content: BundleContent, *, compressed: bool) -> None:
    """Write the archive at ``path``, replacing any other file.

    The order is that of the content, small kinds of blobs first. Headers name no time and no user.
    Raises BundleError: the path is no regular file, or the system refuses; the errors of opening
    a blob. After an error the path has its old file, or none.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise BundleError(str(path), "is no regular file that could be replaced")
    try:
        with (
            atomic_write(target) as file,
            zstd_writer(file) if compressed else nullcontext(file) as out,
        ):
            _write(out, content)
    except OSError as error:
        raise BundleError(str(target), f"cannot be written: {error.strerror}") from error


def _write(file: IO[bytes], content: BundleContent) -> None:
    written = 0
    for block in _blocks(content):
        file.write(block)
        written += len(block)
    file.write(_END[: -written % len(_END)] or _END)


def _blocks(content: BundleContent) -> Iterator[bytes]:
    yield from _file(MARKER, len(MARKER_BYTES), [MARKER_BYTES])
    index = encode_index(content.entries)
    yield from _file(INDEX, len(index), [index])
    if content.drafts:
        drafts = encode_drafts(content.drafts)
        yield _folder(DRAFTS.partition("/")[0])
        yield from _file(DRAFTS, len(drafts), [drafts])
    yield _folder("blobs")
    for algorithm in sorted({blob.digest.algorithm for blob in content.blobs}):
        yield _folder(f"blobs/{algorithm}")
    for blob in content.blobs:
        with blob.source() as chunks:
            checked = verified_chunks(chunks, blob.digest, blob.size, str(blob.digest))
            yield from _file(blob_file(blob.digest), blob.size, checked)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _file(path: str, size: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield _header(path, tarfile.REGTYPE, _FILE_MODE, size)
    yield from chunks
    yield bytes(-size % tarfile.BLOCKSIZE)


def _folder(path: str) -> bytes:
    return _header(f"{path}/", tarfile.DIRTYPE, _FOLDER_MODE, 0)


def _header(path: str, kind: bytes, mode: int, size: int) -> bytes:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.size = kind, mode, size
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
