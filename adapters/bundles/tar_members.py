"""What an archive has in it: its members, read one after the other and believed in nothing.

Nothing is ever unpacked, so no name can lead anywhere; names that try are refused all the same, for
who made them had another reader in mind.
"""

import tarfile
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import IO, cast

from attrs import frozen

from manyfest.adapters.bundles.tar_stream import TarStream
from manyfest.domain.errors import BundleError

_MEMBERS = 1_000_000
_SHOWN = 100


@frozen
class Member:
    """A regular file of ``size`` bytes from ``offset`` on, or a link to the member ``target``."""

    path: str
    offset: int
    size: int
    target: str = ""


def tar_members(tape: TarStream, bundle: str) -> Iterator[Member]:
    """The files and links of the archive, in its order; the tape stands at each one's bytes.

    Raises BundleError: no tar archive, damaged, cut off, a name or a link that leads out of it, two
    files of one name, or anything but files, folders and links.
    """
    seen: set[str] = set()
    for info in _headers(tape, bundle):
        path = _inside(info.name, info.name, bundle)
        if info.isdir():
            continue
        if path in seen:
            raise BundleError(bundle, f"has two members of the name {_shown(path)}")
        seen.add(path)
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


def _headers(tape: TarStream, bundle: str) -> Iterator[tarfile.TarInfo]:
    """Headers until the block of zeros that ends an archive: without it, who knows what is lost."""
    if not tape.peek(1):
        raise BundleError(bundle, "is empty, or cut off")
    try:
        tar = tarfile.TarFile(fileobj=cast("IO[bytes]", tape), mode="r")
        info = tar.next()  # which the constructor has read
        for _ in range(_MEMBERS):
            if info is None:
                return
            yield info
            tape.seek(tar.offset)
            block = tape.peek(tarfile.BLOCKSIZE)
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
