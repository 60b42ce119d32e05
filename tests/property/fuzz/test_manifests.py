"""Manifests that are nearly right: taken for one kind of document, or DocumentError."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index, referrer
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest
from manyfest.domain.verification.list_rules import list_findings
from tests.property.mutations import json_texts

WHOLE = [docker_image(), oci_image(), referrer(oci_image())]
WHOLE += [docker_list(*WHOLE[:1]), oci_index(*WHOLE[:2], annotations={"a": "b"})]
TYPES = st.sampled_from(["", "application/json", *media_types.ACCEPTED])


@given(json_texts(*(image.manifest.document for image in WHOLE)), TYPES)
def test_a_damaged_manifest_is_one_or_refused(data: bytes, content_type: str) -> None:
    with suppress(DocumentError):
        manifest = Manifest.received(data, content_type, "x")
        assert manifest.digest == Digest.of(data)
        members = (*manifest.entries, *manifest.layers, manifest.config, manifest.subject)
        for descriptor in filter(None, members):
            assert 0 <= descriptor.size < 2**63
            assert Digest.parse(str(descriptor.digest)) == descriptor.digest
        if manifest.is_list:
            assert all(finding.path for finding in list_findings(manifest))


def test_what_is_damaged_was_whole() -> None:
    for image in WHOLE:
        assert Manifest.received(image.manifest.data, "", "x") == image.manifest
