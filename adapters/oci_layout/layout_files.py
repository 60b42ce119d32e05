"""What makes a directory a layout: ``oci-layout``, ``index.json``, ``blobs`` (image-layout.md)."""

from contextlib import ExitStack

from manyfest.adapters.oci_layout.index_json import EMPTY, IndexJson
from manyfest.adapters.oci_layout.safe_directory import (
    MissingError,
    SafeDirectory,
    make_root,
    open_root,
)
from manyfest.domain import manifests
from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import DocumentError, LayoutError

INDEX = "index.json"
MARKER = "oci-layout"
VERSION = "1.0.0"
MARKER_BYTES = f'{{"imageLayoutVersion":"{VERSION}"}}'.encode()

_MARKER_LIMIT = 4096  # bytes; it has one member


def open_layout(directory: str) -> SafeDirectory:
    """The layout in ``directory``, open.

    Raises MissingError: no such directory, or one with nothing in it but the marker, as it is
    while it is being made. LayoutError: it is no layout of version 1.0.0.
    """
    with ExitStack() as stack:
        root = stack.enter_context(open_root(directory))
        begun = root.names() <= {MARKER}  # looked at first: a layout that is made meanwhile is one
        problem = MissingError if begun else LayoutError
        if not _has_layout_file(root):
            raise problem(directory, f"{MARKER} is not there")
        if not root.holds(INDEX):
            raise problem(directory, f"{INDEX} is not there")
        stack.pop_all()
        return root


def make_layout(directory: str) -> SafeDirectory:
    """The layout in ``directory``, open; made where there is nothing or an empty directory.

    Raises LayoutError: something else is there; it stays untouched.
    """
    while True:
        with ExitStack() as stack:
            root = stack.enter_context(make_root(directory))
            with root.locked():
                if not root.still_at_path():  # a whole layout took the place of the empty directory
                    continue
                _write_marker(root)
            stack.pop_all()
            return root


def _write_marker(root: SafeDirectory) -> None:
    """The marker comes first: a directory that has it is ours to finish after a crash."""
    if not _has_layout_file(root):
        if root.names():
            raise LayoutError(root.directory, "the directory is neither empty nor an OCI layout")
        root.write([MARKER_BYTES], MARKER)
    if not root.holds(INDEX):
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


def read_index(root: SafeDirectory) -> IndexJson:
    """The layout's index. Raises LayoutError."""
    return IndexJson.parse(root.read(manifests.SIZE_LIMIT, INDEX), root.directory)


def blob_path(digest: Digest) -> tuple[str, str, str]:
    """Where a blob stands: ``blobs/<algorithm>/<hex>``; a digest is always valid."""
    return "blobs", digest.algorithm, digest.hex
