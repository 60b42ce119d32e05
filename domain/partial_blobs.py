"""Blobs that are written to a file which may have their first bytes from an earlier transfer.

Theory of operation. A transfer of gigabytes breaks off: the network, Ctrl-C, ``kill -9``. What has
come by then is in a file of the blob's own name, which the next transfer goes on with (ADR 0044).
The file has no state but its bytes, and is trusted for nothing: they are hashed again, with those
that follow. If the digest is wrong in the end, or the file is longer than the blob, it is emptied,
and the whole blob is fetched, once.

The owner of the file opens and locks it, so that no two writers use it, and publishes it when
``fill`` has returned.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from typing import BinaryIO

from manyfest.domain.digests import CHUNK_SIZE, Digest, verified_chunks
from manyfest.domain.errors import IntegrityError
from manyfest.domain.ports.registry import BlobSource

# Bytes; a smaller blob is not worth a file that outlives its writer.
SMALLEST = CHUNK_SIZE


def _ignore(_written: int) -> None:
    """Drop the number of bytes in the file."""


def fill(
    file: BinaryIO,
    digest: Digest,
    size: int,
    source: BlobSource,
    on_written: Callable[[int], None] = _ignore,
) -> None:
    """Write what is missing of the blob to ``file``, which is at its end then.

    ``on_written`` gets the number of bytes in the file, after each write.

    Raises SizeMismatchError, DigestMismatchError: the whole blob is another; the file is empty
    then. Raises the errors of ``source`` and of the file; the file may have more bytes then.
    """
    kept = file.seek(0, 2)
    complete = partial(_complete, file, digest, size, source, on_written)
    if 0 < kept <= size:
        try:
            complete(kept)
        except IntegrityError:
            pass
        else:
            return
    try:
        _empty(file)
        complete(0)
    except IntegrityError:
        _empty(file)
        raise


def _complete(
    file: BinaryIO,
    digest: Digest,
    size: int,
    source: BlobSource,
    on_written: Callable[[int], None],
    kept: int,
) -> None:
    passed = 0
    opened = closing(_with_kept(file, kept, size, source)) if kept else source()
    with opened as chunks:
        for chunk in verified_chunks(chunks, digest, size, str(digest)):
            passed += len(chunk)
            if passed > kept:
                file.write(chunk)
                on_written(passed)


def _with_kept(
    file: BinaryIO, kept: int, size: int, source: BlobSource
) -> Generator[bytes, None, None]:
    file.seek(0)
    left = kept
    while left and (chunk := file.read(min(CHUNK_SIZE, left))):
        left -= len(chunk)
        yield chunk
    file.seek(kept)
    if kept < size:
        with source(kept) as chunks:
            yield from chunks


def _empty(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
