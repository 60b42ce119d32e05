"""All that is attached to a list, in every form, with the purpose of each."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import oci_image, push_image, referrer
from manyfest.domain.images.attachments import Attachment, Form, Purpose
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.views.attached import attached_to
from manyfest.domain.platforms import Platform
from tests.support.content import signed
from tests.support.ports import PlainPorts
from tests.unit.domain.operations.conftest import ref

NAME = ref("r.example/app:1")
AMD, ARM = oci_image("linux/amd64", text="amd"), oci_image("linux/arm64", text="arm")
INDEX = signed.built(AMD, ARM)


@pytest.fixture
def registry() -> MemoryRegistry:
    registry = MemoryRegistry()
    push_image(registry, NAME, INDEX)
    return registry


def attached(registry: MemoryRegistry) -> list[Attachment]:
    found = attached_to(resolve(NAME, registry), ports=PlainPorts(registry=registry))
    assert (found.gone, found.failures) == ((), ())
    return list(found.attachments)


def test_attestations_that_are_entries_are_of_their_image(registry: MemoryRegistry) -> None:
    found = attached(registry)
    assert [(one.form, one.subject.digest, one.platform) for one in found] == [
        (Form.ENTRY, AMD.digest, Platform("linux", "amd64")),
        (Form.ENTRY, ARM.digest, Platform("linux", "arm64")),
    ]
    assert found[0].purposes == (Purpose.PROVENANCE, Purpose.SBOM)
    assert found[0].about == "provenance v1, SBOM (SPDX)"


def test_every_form_is_found_of_the_list_and_of_its_images(registry: MemoryRegistry) -> None:
    bundle = signed.bundle(ARM)
    push_image(registry, NAME.at(bundle.digest), bundle)
    push_image(registry, NAME.tagged(signed.digest_tag(INDEX, "sig")), signed.signature(b"a"))
    found = [one for one in attached(registry) if one.form is not Form.ENTRY]
    assert [(one.form, one.subject.digest) for one in found] == [
        (Form.REFERRER, ARM.digest),
        (Form.DIGEST_TAG, INDEX.digest),
    ]
    assert [one.platform for one in found] == [Platform("linux", "arm64"), None]


PURPOSES = {
    "sig": (signed.signature(b"a"), Purpose.SIGNATURE),
    "att": (signed.attestation(signed.PROVENANCE), Purpose.PROVENANCE),
    "att of an SBOM": (signed.attestation(signed.SPDX), Purpose.SBOM),
    "att of its own": (signed.attestation("https://example.com/review"), Purpose.ATTESTATION),
    "sbom": (signed.sbom(), Purpose.SBOM),
    "bundle of a signature": (signed.bundle(INDEX), Purpose.SIGNATURE),
    "bundle of provenance": (signed.bundle(INDEX, signed.PROVENANCE), Purpose.PROVENANCE),
    "Notation": (
        referrer(INDEX, kind="application/vnd.cncf.notary.signature"),
        Purpose.SIGNATURE,
    ),
    "CycloneDX": (referrer(INDEX, kind="application/vnd.cyclonedx+json"), Purpose.SBOM),
    "a scan report": (referrer(INDEX, kind="application/sarif+json"), Purpose.OTHER),
}


@pytest.mark.parametrize(("name", "image", "purpose"), [(n, *rest) for n, rest in PURPOSES.items()])
def test_the_purpose_is_told_whatever_the_format(
    registry: MemoryRegistry, name: str, image, purpose: Purpose
) -> None:
    is_referrer = image.manifest.subject is not None
    tag = signed.digest_tag(INDEX, name.split(maxsplit=1)[0])
    push_image(registry, NAME.at(image.digest) if is_referrer else NAME.tagged(tag), image)
    (found,) = (one for one in attached(registry) if one.form is not Form.ENTRY)
    assert found.purposes == (purpose,)
    assert found.size == image.manifest.size
