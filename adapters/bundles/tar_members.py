"""The members of a tar archive, read in order; no statement of theirs is trusted.

Nothing is unpacked, so no name can lead out of the archive. Such names are refused all the same:
they are meant to attack another reader.
"""

import tarfile
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import IO, cast

from attrs import frozen

from manyfest.adapters.bundles.tar_stream import TarStream
from manyfest.domain.errors import BundleError

_MEMBERS = 1_000_000
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
    for info in _headers(stream, bundle):
        path = _inside(info.name, info.name, bundle)
        if info.isdir():
            continue
        if path in paths:
            raise BundleError(bundle, f"has two members of the name {_shown(path)}")
        paths.add(path)
        yield _member(info, path, bundle)


def _member(info: tarfile.TarInfo, path: str, bundle: str) -> Member:
    if info.issym():
        target = _inside(join(dirname(path), info.linkname), info.name, bundle)
        return Member(path, 0, 0, target)
    if info.islnk():
        return Member(path, 0, 0, _inside(info.linkname, info.name, bundle))
    if not info.isreg() or info.issparse() or info.size < 0:
        raise BundleError(bundle, f"has a member that is no file: {_shown(info.name)}")
    return Member(path, info.offset_data, info.size)


def _headers(stream: TarStream, bundle: str) -> Iterator[tarfile.TarInfo]:
    """Yield headers up to the block of zeros that ends an archive; without one, it is cut off."""
    if not stream.peek(1):
        raise BundleError(bundle, "is empty, or cut off")
    try:
        tar = tarfile.TarFile(fileobj=cast("IO[bytes]", stream), mode="r")
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
        raise BundleError(bundle, f"is no tar archive, or damaged: {error}") from error
    raise BundleError(bundle, f"has more than {_MEMBERS} members")


def _inside(path: str, name: str, bundle: str) -> str:
    normal = normpath(path)
    if path.startswith("/") or normal.startswith("..") or "\0" in path:
        raise BundleError(bundle, f"has a member that leads out of it: {_shown(name)}")
    return normal


def _shown(name: str) -> str:
    return ascii(name)[:_SHOWN]
