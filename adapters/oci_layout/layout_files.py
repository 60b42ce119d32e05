"""The files of a layout: ``oci-layout``, ``index.json`` and ``blobs`` (image-layout.md)."""

from contextlib import ExitStack
from typing import TypeVar

from manyfest.adapters.oci_layout.index_json import EMPTY
from manyfest.adapters.oci_layout.safe_directory import (
    MissingError,
    SafeDirectory,
    make_directory,
    open_directory,
)
from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import DocumentError, LayoutError, NoLayoutError

INDEX = "index.json"
MARKER = "oci-layout"
VERSION = "1.0.0"
MARKER_BYTES = f'{{"imageLayoutVersion":"{VERSION}"}}'.encode()

_MARKER_LIMIT = 4096  # bytes; it has one member

# The layouts that were opened, with their stamps: for each of the 26,000 entries that a list may
# have, the same one is opened again.
_LAYOUTS: dict[str, tuple[int, ...]] = {}
_KEPT = 4

_Known = TypeVar("_Known")


def remember(known: dict[str, _Known], directory: str, found: _Known) -> None:
    """Keep what was found in ``directory``, of a few layouts only."""
    if len(known) >= _KEPT:
        known.clear()
    known[directory] = found


def open_layout(directory: str) -> SafeDirectory:
    """Open the layout in ``directory``.

    Raises MissingError: no such directory, or one that is empty or has only the marker, as while
    another process makes it. NoLayoutError: it has other files. LayoutError: another version.
    """
    with ExitStack() as stack:
        root = stack.enter_context(open_directory(directory))
        stamp = root.stamp()
        if stamp and _LAYOUTS.get(directory) == stamp:
            stack.pop_all()
            return root
        if _missing_file(root):
            # Listed before the files are looked up, so that a layout made meanwhile is accepted.
            is_begun = root.names() <= {MARKER}
            if missing := _missing_file(root):
                no_layout = NoLayoutError(directory, missing)
                raise MissingError(directory, no_layout.reason) if is_begun else no_layout
        if stamp:
            remember(_LAYOUTS, directory, stamp)
        stack.pop_all()
        return root


def _missing_file(root: SafeDirectory) -> str:
    """Return the file that makes it no layout; empty if it is one. Raises LayoutError."""
    if not _has_layout_file(root):
        return MARKER
    return "" if root.has_file(INDEX) else INDEX


def make_layout(directory: str) -> SafeDirectory:
    """Open the layout in ``directory``; make one if the directory is missing or empty.

    Removes what killed writers left in it. Raises LayoutError: the directory has other content,
    which stays untouched.
    """
    while True:
        with ExitStack() as stack:
            root = stack.enter_context(make_directory(directory))
            with root.locked():
                if not root.still_at_path():  # a whole layout replaced the empty directory
                    continue
                _write_missing_files(root)
            root.remove_leftovers()
            stack.pop_all()
            return root


def _write_missing_files(root: SafeDirectory) -> None:
    """Write what is missing, the marker first: with it, a layout can be completed after a crash."""
    if not _has_layout_file(root):
        if root.names():
            raise LayoutError(root.directory, "the directory is neither empty nor an OCI layout")
        root.write([MARKER_BYTES], MARKER)
    if not root.has_file(INDEX):
        root.write([EMPTY], INDEX)
    for algorithm in HEX_LENGTHS:
        root.make_folder("blobs", algorithm)


def _has_layout_file(root: SafeDirectory) -> bool:
    try:
        data = root.read(_MARKER_LIMIT, MARKER)
        version = parse_object(data[:_MARKER_LIMIT], MARKER).get("imageLayoutVersion")
    except MissingError:
        return False
    except DocumentError as error:
        raise LayoutError(root.directory, str(error)) from error
    if version != VERSION:
        raise LayoutError(root.directory, f"{MARKER} has version {version!r}, not {VERSION!r}")
    return True


def blob_path(digest: Digest) -> tuple[str, str, str]:
    """Return the path of a blob, ``blobs/<algorithm>/<hex>``; a digest is always a safe path."""
    return "blobs", digest.algorithm, digest.hex
