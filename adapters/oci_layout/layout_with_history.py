"""Layouts of which more is known than they still hold."""

from attrs import evolve

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.references import Reference


class LayoutWithHistory(LayoutRegistry):
    """``LayoutRegistry``; what a tag was seen to be is in ``contents`` when the layout lost it.

    That is asked for by tag and digest, as past states are. By digest alone, as the parts of what
    is copied are, a layout has what it holds.
    """

    def __init__(self, contents: ContentStore) -> None:
        self._contents = contents

    def get_manifest(self, reference: Reference) -> Manifest:
        try:
            return super().get_manifest(reference)
        except ManifestUnknownError:
            if reference.tag is None or reference.digest is None:
                raise
            held = self._contents.manifest(reference.digest)
            if held is None:
                raise
            return evolve(held, name=str(reference))
