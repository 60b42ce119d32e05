"""Gzip and zstd, recognised by their first bytes; the zstd library is loaded at first use."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from manyfest.domain.errors import BundleError

GZIP = b"\x1f\x8b"  # RFC 1952
ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878

START = 4  # bytes by which they are recognised

# Memory for one frame, in bytes: the default limit of the zstd program.
_WINDOW = 128 * 1024 * 1024
_LEVEL = 3  # zstd's default; most of a bundle is compressed already


def decompressor_for(start: bytes) -> Callable[[BinaryIO], IO[bytes]] | None:
    """Return the decompressor for a file with these first bytes, None for a plain file."""
    found = (reader for magic, reader in _READERS.items() if start.startswith(magic))
    return next(found, None)


def zstd_writer(file: BinaryIO) -> IO[bytes]:
    """Return a file that compresses into ``file``, with a checksum; close it before ``file``."""
    from zstandard import ZstdCompressor

    compressor = ZstdCompressor(level=_LEVEL, write_checksum=True)
    return cast("IO[bytes]", compressor.stream_writer(file, closefd=False))


@contextmanager
def translating_errors(path: Path | str) -> Iterator[None]:
    """Translate the errors of decompressors to BundleError."""
    try:
        yield
    except EOFError as error:
        raise BundleError(str(path), "is cut off") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BundleError(str(path), f"is damaged: {error}") from error
    except Exception as error:
        if type(error).__name__ != "ZstdError":  # by name, since only zstd files load the library
            raise
        raise BundleError(str(path), f"is damaged: {error}") from error


def _gunzip(file: BinaryIO) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file))


def _unzstd(file: BinaryIO) -> IO[bytes]:
    from zstandard import ZstdDecompressor

    reader = ZstdDecompressor(max_window_size=_WINDOW)
    return cast("IO[bytes]", reader.stream_reader(file, read_across_frames=True))


_READERS: dict[bytes, Callable[[BinaryIO], IO[bytes]]] = {GZIP: _gunzip, ZSTD: _unzstd}
