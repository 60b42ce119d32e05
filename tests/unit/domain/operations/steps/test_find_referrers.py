"""Finding referrers, of a registry that tells anything."""

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import oci_image, referrer
from manyfest.domain.operations.steps.find_referrers import all_referrers
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
    found = all_referrers([SUBJECT], TARGET, registry, sequential)
    assert [(one.source, one.is_listed) for one in found] == [(place, False)]


def test_a_target_is_asked_only_about_what_has_referrers() -> None:
    registry = Telling((SUBJECT, (SIGNATURE,)))
    all_referrers([SUBJECT], TARGET, registry, sequential)
    assert [place for place in registry.asked if place.home == TARGET] == [
        Reference(TARGET, None, IMAGE.digest)
    ]
