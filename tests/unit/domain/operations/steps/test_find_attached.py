"""Finding referrers and digest tags, of a registry that tells anything."""

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, oci_image, push_image, referrer
from manyfest.domain.errors import RefusedError
from manyfest.domain.operations.steps.find_attached import all_attached
from manyfest.domain.ports.fan_out import sequential
from manyfest.domain.references import Reference
from tests.unit.domain.operations.conftest import ref

IMAGE = oci_image()
SIGNATURE = referrer(IMAGE, "signature")
SUBJECT = ref("r.example/app").at(IMAGE.digest)
TARGET = ref("other.example/app").home


class Telling(MemoryRegistry):
    """Tells what it was told to, and remembers who was asked about."""

    def __init__(self, *told) -> None:
        super().__init__()
        self.told = dict(told)
        self.asked: list[Reference] = []

    def referrers(self, reference: Reference):
        self.asked.append(reference)
        return tuple(image.manifest.descriptor() for image in self.told.get(reference, ()))


def test_referrers_in_a_circle_are_found_once() -> None:
    place = SUBJECT.at(SIGNATURE.digest)
    registry = Telling((SUBJECT, (SIGNATURE,)), (place, (IMAGE, SIGNATURE)))
    found = all_attached([SUBJECT], TARGET, registry, registry, sequential).referrers
    assert [(one.source, one.is_listed) for one in found] == [(place, False)]


def test_a_target_is_asked_only_about_what_has_referrers() -> None:
    registry = Telling((SUBJECT, (SIGNATURE,)))
    all_attached([SUBJECT], TARGET, registry, registry, sequential)
    assert [place for place in registry.asked if place.home == TARGET] == [
        Reference(TARGET, None, IMAGE.digest)
    ]


def tagged(registry: MemoryRegistry, image: Image, *names: str) -> None:
    for name in names:
        push_image(registry, SUBJECT.tagged(name), image)


def names_found(registry: MemoryRegistry) -> list[str | None]:
    found = all_attached([SUBJECT], TARGET, registry, registry, sequential)
    return [tag.source.tag for tag in found.tags]


def test_digest_tags_are_found_in_the_list_of_tags_whatever_their_suffix() -> None:
    registry, hex_ = MemoryRegistry(), IMAGE.digest.hex
    other = "0" * 64
    tagged(registry, SIGNATURE, f"sha256-{hex_}.sig", f"sha256-{hex_}.vex.json")
    tagged(registry, SIGNATURE, "1", f"sha256-{hex_}", f"sha256-{other}.sig", f"sha256-{hex_}sig")
    assert names_found(registry) == [f"sha256-{hex_}.sig", f"sha256-{hex_}.vex.json"]


def test_what_digest_tags_name_is_asked_about_in_turn() -> None:
    registry = MemoryRegistry()
    sbom = oci_image(text="sbom")
    tagged(registry, sbom, f"sha256-{IMAGE.digest.hex}.sbom")
    tagged(registry, SIGNATURE, f"sha256-{sbom.digest.hex}.sig")
    attached = referrer(sbom, "of the SBOM")
    push_image(registry, SUBJECT.at(attached.digest), attached)
    found = all_attached([SUBJECT], TARGET, registry, registry, sequential)
    assert [tag.manifest.digest for tag in found.tags] == [sbom.digest, SIGNATURE.digest]
    assert attached.digest in [each.source.digest for each in found.referrers]


class Unlisting(MemoryRegistry):
    """Serves tags, but does not list them."""

    def tags(self, home):
        raise RefusedError(str(home), "404 of a proxy", 404)


def test_a_registry_that_does_not_list_tags_is_asked_for_those_of_cosign() -> None:
    registry, hex_ = Unlisting(), IMAGE.digest.hex
    tagged(registry, SIGNATURE, f"sha256-{hex_}.sbom", f"sha256-{hex_}.att", f"sha256-{hex_}.vex")
    assert names_found(registry) == [f"sha256-{hex_}.att", f"sha256-{hex_}.sbom"]
