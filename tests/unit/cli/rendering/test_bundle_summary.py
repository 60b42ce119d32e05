"""Export and import count the same content alike."""

from manyfest.cli.rendering.cache.bundle_summary import imported_text, packed_text
from manyfest.contracts.images import oci_image, referrer
from manyfest.domain.operations.content.import_bundle import Imported
from manyfest.domain.ports.bundles import BlobSet, BundleContent
from manyfest.domain.references import Reference

IMAGE = oci_image()
SBOM = referrer(IMAGE, "sbom")
TAG = Reference.parse("r.example/app:1")


def test_an_image_and_its_sbom_are_two_manifests_and_one_tag() -> None:
    digests = (IMAGE.digest, SBOM.digest)
    manifests = BlobSet(dict.fromkeys(digests, 1), lambda *_: None)
    content = BundleContent({str(TAG): b"{}", str(TAG.at(SBOM.digest)): b"{}"}, manifests)
    counts = "2 manifests, 1 tag, 0 layers, 0 drafts"
    assert packed_text(content, "b.tar") == f"Exported {counts} to b.tar"
    assert imported_text(Imported(digests, (), (TAG,), (), ())) == f"Imported {counts}"
