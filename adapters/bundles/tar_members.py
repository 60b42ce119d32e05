"""The members of a tar archive, read in order; no statement of theirs is trusted.

Nothing is unpacked, so no name can lead out of the archive. Such names are refused all the same:
they are meant to attack another reader.

The standard library parses the headers, and trusts the extended ones (PAX, GNU): it copies what a
global header says for every member, keeps values of any length, and until 3.11.10 and 3.12.6 took
time that grows with the square of a header (CVE-2024-6232). So ``_Headers`` hands it no extended
header that is longer than a path may be, that is not made of records, or that adds to the global
ones without end.
"""

import tarfile
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import IO, cast

from manyfest.adapters.bundles.tar_stream import TarStream
from manyfest.domain.errors import BundleError
from manyfest.domain.values import frozen

_MEMBERS = 1_000_000
_NAMES_SIZE = 128 * 1024 * 1024  # characters, all names together
_EXTENDED_SIZE = 16 * 1024  # bytes of one extended header; a path has at most 4096 on Linux
_GLOBAL_SIZE = 4 * 1024  # bytes of all global headers; git writes one with a commit's digest
_TYPE_AT = 156  # POSIX pax, "ustar Header Block": typeflag
_PAX_TYPES = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE})
_LONG_NAMES = frozenset({tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_LENGTH_DIGITS = 8
_SHOWN = 100  # characters of a name in an error


@frozen
class Member:
    """A regular file of ``size`` bytes at ``offset``, or a link to the member ``target``."""

    path: str
    offset: int
    size: int
    target: str = ""


def tar_members(stream: TarStream, bundle: str) -> Iterator[Member]:
    """Yield the files and links of the archive in order, with ``stream`` at the bytes of each.

    Raises BundleError: not a tar archive, damaged, cut off, a name or link that leads out of it,
    two files of one name, or a member that is neither file, folder nor link.
    """
    paths: set[str] = set()
    names = 0
    for info in _headers(stream, bundle):
        path = _inside(info.name, info.name, bundle)
        if info.isdir():
            continue
        if path in paths:
            raise BundleError(bundle, f"has two members named {_shown(path)}")
        paths.add(path)
        names += len(path) + len(info.linkname)
        if names > _NAMES_SIZE:
            raise BundleError(bundle, f"has names of more than {_NAMES_SIZE} characters")
        yield _member(info, path, bundle)


def _member(info: tarfile.TarInfo, path: str, bundle: str) -> Member:
    if info.issym():
        target = _inside(join(dirname(path), info.linkname), info.name, bundle)
        return Member(path, 0, 0, target)
    if info.islnk():
        return Member(path, 0, 0, _inside(info.linkname, info.name, bundle))
    if not info.isreg() or info.issparse() or info.size < 0:
        raise BundleError(bundle, f"has a member that is not a file: {_shown(info.name)}")
    return Member(path, info.offset_data, info.size)


def _headers(stream: TarStream, bundle: str) -> Iterator[tarfile.TarInfo]:
    """Yield headers up to the block of zeros that ends an archive; without one, it is cut off."""
    if not stream.peek(1):
        raise BundleError(bundle, "is empty, or cut off")
    try:
        tar = tarfile.TarFile(fileobj=cast("IO[bytes]", _Headers(stream, bundle)), mode="r")
        info = tar.next()  # the constructor has read it
        for _ in range(_MEMBERS):
            if info is None:
                return
            yield info
            stream.seek(tar.offset)
            block = stream.peek(tarfile.BLOCKSIZE)
            if len(block) < tarfile.BLOCKSIZE:
                raise BundleError(bundle, "is cut off")
            info = tarfile.TarInfo.fromtarfile(tar) if any(block) else None
    except (tarfile.TarError, RecursionError, UnicodeError, ValueError) as error:
        raise BundleError(bundle, f"is not a tar archive, or is damaged: {error}") from error
    raise BundleError(bundle, f"has more than {_MEMBERS} members")


class _Headers:
    """The stream as ``tarfile`` reads headers from it: extended ones are checked."""

    def __init__(self, stream: TarStream, bundle: str) -> None:
        self._stream = stream
        self._bundle = bundle
        self._type = b""
        self._global_size = 0

    def read(self, size: int) -> bytes:
        """Return a header block, or the whole of the extended header that it announced."""
        if size > _EXTENDED_SIZE:
            raise BundleError(self._bundle, f"is damaged: a header of {size} bytes")
        data = self._stream.read(size)
        kind, self._type = self._type, b""
        if kind in _PAX_TYPES:
            self._check(kind, data)
        elif not kind:
            self._type = self._extended_type(data)
        return data

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, position: int) -> int:
        return self._stream.seek(position)

    def _extended_type(self, block: bytes) -> bytes:
        """Return the type of a header that an extended one follows; empty for others.

        A map of any length follows that of a sparse file.
        """
        block_type = block[_TYPE_AT : _TYPE_AT + 1]
        if block_type == tarfile.GNUTYPE_SPARSE:
            name = block[:_SHOWN].rstrip(b"\0").decode(errors="replace")
            raise BundleError(self._bundle, f"has a member that is not a file: {_shown(name)}")
        return block_type if block_type in _PAX_TYPES | _LONG_NAMES else b""

    def _check(self, kind: bytes, data: bytes) -> None:
        if b"GNU.sparse" in data:
            raise BundleError(self._bundle, "has a sparse file as a member")
        if not _is_made_of_records(data):
            raise BundleError(self._bundle, "is damaged: an extended header without records")
        self._global_size += len(data) if kind == tarfile.XGLTYPE else 0
        if self._global_size > _GLOBAL_SIZE:
            raise BundleError(self._bundle, f"has global headers of more than {_GLOBAL_SIZE} bytes")


def _is_made_of_records(data: bytes) -> bool:
    """Return whether ``data`` is records of ``LENGTH KEY=VALUE`` and a newline, then zeros."""
    at = 0
    while at < len(data) and data[at]:
        length, space, _ = data[at : at + _LENGTH_DIGITS].partition(b" ")
        end = at + int(length) if space and length.isdigit() else at
        record = data[at:end]
        if end <= at or end > len(data) or b"=" not in record or not record.endswith(b"\n"):
            return False
        at = end
    return not any(data[at:])


def _inside(path: str, name: str, bundle: str) -> str:
    normal = normpath(path)
    if path.startswith("/") or normal.startswith("..") or "\0" in path:
        raise BundleError(bundle, f"has a member that leads out of it: {_shown(name)}")
    return normal


def _shown(name: str) -> str:
    return ascii(name)[:_SHOWN]
