"""Properties of manifests."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest
from tests.property import strategies

CONTENT_TYPES = st.sampled_from(["", "application/json", "text/html", *media_types.ACCEPTED])
MEMBERS = st.sampled_from(["schemaVersion", "mediaType", "config", "layers", "manifests", "Layers"])


class TestVerbatim:
    """domain/manifests.py: "The bytes are the manifest. Digest and size are of the bytes"."""

    @given(st.lists(strategies.descriptors(), max_size=3), st.sampled_from([None, 2, "\t"]))
    def test_bytes_come_back_and_entries_are_what_was_listed(self, entries, indent) -> None:
        document = {"schemaVersion": 2, "manifests": [entry.to_json() for entry in entries]}
        data = json.dumps(document, indent=indent).encode()
        manifest = Manifest.received(data, media_types.OCI_INDEX, "x")
        assert manifest.data == data
        assert manifest.digest == Digest.of(data)
        assert list(manifest.entries) == entries


class TestRefusal:
    """Manifest.received: "Raises DocumentError", and nothing else."""

    @given(st.binary(), CONTENT_TYPES | st.text())
    def test_any_bytes_are_a_manifest_or_refused(self, data: bytes, content_type: str) -> None:
        check(data, content_type)

    @given(st.dictionaries(MEMBERS, strategies.json_values), CONTENT_TYPES)
    def test_any_document_is_a_manifest_or_refused(self, document, content_type: str) -> None:
        members = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX} | document
        check(json.dumps(members).encode(), content_type)


def check(data: bytes, content_type: str) -> None:
    with suppress(DocumentError):
        manifest = Manifest.received(data, content_type, "x")
        if manifest.media_type not in media_types.ACCEPTED:
            assert not media_types.is_blob(manifest.media_type)
            return
        assert not {"config", "layers"} & manifest.document.keys() or not manifest.is_list
        assert isinstance(manifest.entries + manifest.layers, tuple)
        assert (manifest.config is None) == manifest.is_list
