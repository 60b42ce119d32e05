"""Writing a bundle as a tar archive, whole or not at all, with reproducible bytes."""

import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import cache
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

# A header's size and checksum (POSIX.1-1988, ustar); a larger size has a record of its own.
_SIZE, _CHECKSUM = slice(124, 135), slice(148, 155)
_LARGEST = 8**11 - 1


def write_archive(path: Path, content: BundleContent, *, compressed: bool) -> None:
    """Write the archive at ``path``, replacing any other file.

    The order is that of the content, small kinds of blobs first. Headers name no time and no user.
    Raises BundleError: the path is not a regular file, or the system refuses; the errors of opening
    a blob. After an error the path has its old file, or none.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise BundleError(str(path), "is not a regular file, so it is not replaced")
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
    yield from _file(INDEX, sum(map(len, index)), index)
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
    yield _file_header(path, size)
    yield from chunks
    yield bytes(-size % tarfile.BLOCKSIZE)


def _folder(path: str) -> bytes:
    return _header(f"{path}/", tarfile.DIRTYPE, _FOLDER_MODE, 0)


def _header(path: str, kind: bytes, mode: int, size: int) -> bytes:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.size = kind, mode, size
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def _file_header(path: str, size: int) -> bytes:
    """Return the same bytes as tarfile, sooner: there may be 100,000 files."""
    if len(path) > tarfile.LENGTH_NAME or size > _LARGEST:
        return _header(path, tarfile.REGTYPE, _FILE_MODE, size)
    block = bytearray(_template())
    block[: len(path)] = path.encode("ascii")
    block[_SIZE] = b"%011o" % size
    block[_CHECKSUM] = b"%06o\0" % sum(block)
    return bytes(block)


@cache
def _template() -> bytes:
    """Return a file's header without name, and with blanks in the place of its checksum."""
    header = _header("", tarfile.REGTYPE, _FILE_MODE, 0)
    return header[: _CHECKSUM.start] + b" " * 8 + header[_CHECKSUM.start + 8 :]
