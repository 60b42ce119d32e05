"""Compressed files, recognised by their first bytes; a library is loaded at its first use."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from manyfest.domain.errors import BundleError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP = b"\x1f\x8b"  # RFC 1952
ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878
BZIP2 = b"BZh"
XZ = b"\xfd7zX"  # the XZ file format, 2.1.1.1

START = 4  # bytes by which they are recognised

# Memory for one frame or block, in bytes: the default limit of the zstd program; ``xz -9`` needs 65
# MiB.
_WINDOW = 128 * 1024 * 1024
_PACKED = 64 * 1024  # bytes of an xz file that are read at a time
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
    except OSError as error:
        if error.errno is not None:  # bz2 raises one without a number for damaged data
            raise
        raise BundleError(str(path), f"is damaged: {error}") from error
    except Exception as error:
        # By name, since only files of these kinds load the libraries.
        if type(error).__name__ not in {"ZstdError", "LZMAError"}:
            raise
        raise BundleError(str(path), f"is damaged: {error}") from error


def _gunzip(file: BinaryIO) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file))


def _unzstd(file: BinaryIO) -> IO[bytes]:
    from zstandard import ZstdDecompressor

    reader = ZstdDecompressor(max_window_size=_WINDOW)
    return cast("IO[bytes]", reader.stream_reader(file, read_across_frames=True))


def _bunzip2(file: BinaryIO) -> IO[bytes]:
    from bz2 import BZ2File

    return cast("IO[bytes]", BZ2File(file))


def _unxz(file: BinaryIO) -> IO[bytes]:
    return cast("IO[bytes]", BufferedReader(_XzStream(file)))


class _XzStream(RawIOBase):
    """The expanded bytes of an xz file; ``lzma.LZMAFile`` has no limit of memory."""

    def __init__(self, file: BinaryIO) -> None:
        from lzma import FORMAT_XZ, LZMADecompressor

        self._file = file
        self._xz = LZMADecompressor(FORMAT_XZ, memlimit=_WINDOW)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        data = b""
        while not data and not self._xz.eof:
            packed = self._file.read(_PACKED) if self._xz.needs_input else b""
            if self._xz.needs_input and not packed:
                raise EOFError
            data = self._xz.decompress(packed, len(view))
        view[: len(data)] = data
        return len(data)


_READERS: dict[bytes, Callable[[BinaryIO], IO[bytes]]] = {
    GZIP: _gunzip,
    ZSTD: _unzstd,
    BZIP2: _bunzip2,
    XZ: _unxz,
}
