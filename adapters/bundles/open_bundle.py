"""Opening a bundle of any kind: a folder or an archive, an OCI layout or docker's own form."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from manyfest.adapters.bundles.docker_archive import LISTING, DockerBundle, listed_images
from manyfest.adapters.bundles.file_source import Files
from manyfest.adapters.bundles.folder_reader import open_folder
from manyfest.adapters.bundles.layout import LayoutBundle
from manyfest.adapters.bundles.tar_reader import open_archive
from manyfest.adapters.bundles.tar_stream import Check, unlimited
from manyfest.adapters.oci_layout.layout_files import INDEX
from manyfest.domain import media_types
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.ports.bundles import Bundle


@contextmanager
def open_bundle(path: Path, check: Check = unlimited) -> Iterator[Bundle]:
    """Open the bundle in the folder or file at ``path``; ``check`` may raise while it is read.

    Raises BundleError, LayoutError; DigestMismatchError: a compressed layer of a docker archive
    differs from its config; OSError: the path does not exist or cannot be read.
    """
    with open_folder(str(path)) if path.is_dir() else open_archive(path, check) as files:
        yield bundle_of(files)


def bundle_of(files: Files) -> Bundle:
    """Return the bundle that these files are.

    Docker 25 writes both forms; saved by an ID, the image is listed in docker's form only. Raises
    as ``open_bundle``.
    """
    if files.size(LISTING) is None:
        return LayoutBundle(files)
    if files.size(INDEX) is None:
        return DockerBundle(files)
    layout = LayoutBundle(files)
    is_layout = layout.entries and not _lacks_blobs(layout, files)
    return layout if is_layout else DockerBundle(files)


def _lacks_blobs(layout: LayoutBundle, files: Files) -> bool:
    """Return whether the layout is incomplete.

    Docker 25.0 writes both forms, and leaves the layers out of the manifests of the layout.
    """
    images = [entry for entry in layout.entries if entry.media_type in media_types.IMAGES]
    present = [entry for entry in images if layout.size(entry.digest) is not None]
    documents = [parse_object(layout.read(entry.digest), layout.name) for entry in present]
    layered = any(image.get("Layers") for image in listed_images(files))
    return layered and any(not document.get("layers") for document in documents)
