"""An image or a list that was read, and what can be read of it further."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from attr import field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen
from manyfest.library.inputs import PlatformName, platform

if TYPE_CHECKING:
    from manyfest.assembly.session import Session
    from manyfest.domain.operations.views.documents import Document


@frozen
class Image:
    """An image, list or artifact: verbatim bytes, and views of them.

    Properties are of what was read. ``config``, ``image`` and ``attached`` read more, from the
    store or a registry, and raise what reading raises.
    """

    _found: Resolved
    _open: "Callable[[], AbstractContextManager[Session]]" = field(repr=False, eq=False)

    def __repr__(self) -> str:
        return f"<Image {self.reference} {self.digest} {self.media_type}>"

    @property
    def reference(self) -> Reference:
        """The reference that it was read by."""
        return self._found.reference

    @property
    def digest(self) -> Digest:
        """The digest of the bytes."""
        return self._found.manifest.digest

    @property
    def media_type(self) -> str:
        """The media type of the manifest."""
        return self._found.manifest.media_type

    @property
    def raw(self) -> bytes:
        """The manifest, byte for byte."""
        return self._found.manifest.data

    @property
    def document(self) -> Mapping[str, Any]:
        """The manifest, parsed. Raises DocumentError: it is not strict JSON."""
        return self._found.manifest.document

    @property
    def is_list(self) -> bool:
        """True for a Docker manifest list or an OCI index."""
        return self._found.manifest.is_list

    @property
    def entries(self) -> tuple[Descriptor, ...]:
        """The entries of a list, attestations included; none of an image."""
        return self._found.manifest.entries if self.is_list else ()

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms of a list's images, in the order of its entries; none of an image."""
        from manyfest.domain.lists.attestations import without_attestations

        images = without_attestations(self.entries)
        return tuple(entry.platform for entry in images if entry.platform is not None)

    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations of the manifest itself."""
        from manyfest.domain.images.configuration import annotations_of

        return annotations_of(self._found.manifest)

    def image(self, wanted: PlatformName | None = None) -> "Image":
        """Read the image for the platform ``wanted``, or the only one.

        Raises NoSuchPlatformError; InputError: there are several images.
        """
        from manyfest.domain.operations.views.image import inspect_image

        with self._open() as session:
            return Image(inspect_image(self._found, platform(wanted), ports=session), self._open)

    def config(self, wanted: PlatformName | None = None) -> Mapping[str, Any]:
        """Read the config of the image for the platform ``wanted``, or of the only one.

        Raises as ``image``; DocumentError: it is no JSON object.
        """
        from manyfest.domain.encoding.strict_json import parse_object

        return parse_object(self.raw_config(wanted), f"config of {self.reference}")

    def raw_config(self, wanted: PlatformName | None = None) -> bytes:
        """Read the config, byte for byte. Raises as ``image``; DocumentError: there is none."""
        from manyfest.domain.operations.views.image import inspect_config, inspect_image

        with self._open() as session:
            image = inspect_image(self._found, platform(wanted), ports=session)
            return inspect_config(image, ports=session)

    def attached(self) -> "tuple[Document, ...]":
        """Find signatures, SBOMs, attestations and the like, of all images of a list.

        Raises the first failure of a registry, since more may be attached then.
        """
        from manyfest.domain.operations.views.documents import documents_attached

        with self._open() as session:
            documents = documents_attached(self._found, ports=session)
        if documents.failures:
            raise documents.failures[0]
        return documents.found
