"""Layouts backed by the content store, which has past states that a layout no longer has."""

from attr import evolve

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.references import Reference


class LayoutWithHistory(LayoutRegistry):
    """``LayoutRegistry`` that finds a past state in ``contents`` if the layout has lost it.

    Only for a tag with a digest, which is the form of past states. A digest alone, the form in
    which a copy asks for the parts of an image, is answered by the layout only.
    """

    def __init__(self, contents: ContentStore, deadline: Deadline | None = None) -> None:
        super().__init__(deadline)
        self._contents = contents

    def get_manifest(self, reference: Reference) -> Manifest:
        try:
            return super().get_manifest(reference)
        except ManifestUnknownError:
            if reference.tag is None or reference.digest is None:
                raise
            stored = self._contents.manifest(reference.digest)
            if stored is None:
                raise
            return evolve(stored, name=str(reference))
