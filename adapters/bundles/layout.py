"""A bundle that is an OCI image layout (image-spec, image-layout.md), with our drafts."""

from collections.abc import Collection, Iterator
from functools import cached_property

from manyfest.adapters.bundles.file_source import Chunks, Files
from manyfest.adapters.oci_layout.layout_files import INDEX, MARKER, VERSION, blob_path
from manyfest.domain import media_types
from manyfest.domain.bundles.index_entries import INDEX_LIMIT, decode_index
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.draft_json import decode_drafts
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import BundleError, DocumentError
from manyfest.domain.manifests import Manifest

DRAFTS = "manyfest/drafts.json"


class LayoutBundle:
    """``Bundle`` over the files of a layout.

    Raises BundleError: it is no layout of version 1.0.0.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._check_version()

    @property
    def name(self) -> str:
        return self._files.name

    @cached_property
    def index(self) -> Manifest:
        if self._files.size(INDEX) is None:
            raise BundleError(self.name, f"is not an OCI image layout: it has no {INDEX}")
        data = self._files.read(INDEX, INDEX_LIMIT)
        return Manifest(media_types.OCI_INDEX, data, name=INDEX)

    @cached_property
    def entries(self) -> tuple[Descriptor, ...]:
        try:
            return decode_index(self.index.data)
        except DocumentError as error:
            raise BundleError(self.name, f"cannot be used: {error}") from error

    @cached_property
    def drafts(self) -> tuple[Draft, ...]:
        if self._files.size(DRAFTS) is None:
            return ()
        return decode_drafts(self._files.read(DRAFTS, INDEX_LIMIT), f"{self.name}: {DRAFTS}")

    def size(self, digest: Digest) -> int | None:
        return self._files.size(blob_file(digest))

    def read(self, digest: Digest) -> bytes:
        return self._files.read(blob_file(digest))

    def iter_blobs(self, digests: Collection[Digest]) -> Iterator[tuple[Digest, Chunks]]:
        paths = {blob_file(digest): digest for digest in digests}
        for path, chunks in self._files.iter_files(paths):
            yield paths[path], chunks

    def _check_version(self) -> None:
        if self._files.size(MARKER) is None:
            raise BundleError(self.name, f"is not an OCI image layout: it has no {MARKER}")
        try:
            marker = parse_object(self._files.read(MARKER, 4096), MARKER)
        except DocumentError as error:
            raise BundleError(self.name, f"is not an OCI image layout: {error}") from error
        version = marker.get("imageLayoutVersion")
        if version != VERSION:
            reason = f"is an OCI image layout of version {version!r}, not {VERSION!r}"
            raise BundleError(self.name, reason)


def blob_file(digest: Digest) -> str:
    """Return the path of a blob within the bundle."""
    return "/".join(blob_path(digest))
