"""Finding what is attached in every form, of a registry that tells anything."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    Image,
    artifact,
    oci_image,
    oci_index,
    push_image,
    referrer,
)
from manyfest.domain.errors import (
    DeadlineError,
    DeniedError,
    DocumentError,
    ManyfestError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from manyfest.domain.images.attachments import Form
from manyfest.domain.lists.referrers import referrer_descriptor, referrers_tag
from manyfest.domain.operations.attached import find as search
from manyfest.domain.operations.attached.find import Found, find_attached, list_attached
from manyfest.domain.operations.steps.tree import Node
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.fan_out import sequential
from manyfest.domain.references import Reference
from tests.unit.domain.operations.conftest import ref

IMAGE = oci_image()
SIGNATURE = referrer(IMAGE, "signature")
SUBJECT = ref("r.example/app").at(IMAGE.digest)
HEX = IMAGE.digest.hex


class Telling(MemoryRegistry):
    """Lists the referrers that it is told to, and remembers its rounds of questions."""

    def __init__(self, *told) -> None:
        super().__init__()
        self.told = dict(told)
        self.rounds: list[int] = []
        push_image(self, SUBJECT.tagged("1"), IMAGE)

    def referrers(self, reference: Reference):
        if (told := self.told.get(reference)) is None:
            return super().referrers(reference)
        if isinstance(told, ManyfestError):
            raise told
        return tuple(image.manifest.descriptor() for image in told)

    def fan_out(self, function, items):
        self.rounds.append(len(items))
        return sequential(function, items)


def find(registry: MemoryRegistry, **others) -> Found:
    fan_out = getattr(registry, "fan_out", sequential)
    node = Node(SUBJECT, listed=others.pop("listed", None))
    return find_attached([node], registry=registry, reader=registry, fan_out=fan_out, **others)


def names_found(registry: MemoryRegistry) -> list[str | None]:
    return [one.place.tag for one in find(registry).attachments]


def tagged(registry: MemoryRegistry, image: Image, *names: str) -> None:
    for name in names:
        push_image(registry, SUBJECT.tagged(name), image)


def test_where_nothing_is_attached_one_round_tells_so_beside_other_questions() -> None:
    registry, others = Telling(), []
    assert find(registry, meanwhile=[lambda: others.append(1)]) == Found()
    assert (registry.rounds, others) == ([3], [1])  # referrers, tags, the other


def test_an_attachment_is_read_while_its_own_referrers_are_listed() -> None:
    registry = Telling()
    push_image(registry, SUBJECT.at(SIGNATURE.digest), SIGNATURE)
    (found,) = find(registry).attachments
    assert (found.form, found.place, found.level) == (Form.REFERRER, SUBJECT.at(found.digest), 0)
    assert found.manifest == SIGNATURE.manifest
    assert registry.rounds == [2, 2]


def test_the_platform_of_the_subject_is_told() -> None:
    registry = Telling()
    push_image(registry, SUBJECT.at(SIGNATURE.digest), SIGNATURE)
    listed = oci_index(IMAGE).manifest.entries[0]
    (found,) = find(registry, listed=listed).attachments
    assert found.platform == Platform("linux", "amd64")


def test_referrers_in_a_circle_are_found_once() -> None:
    place = SUBJECT.at(SIGNATURE.digest)
    registry = Telling((SUBJECT, (SIGNATURE,)), (place, (IMAGE, SIGNATURE)))
    registry.plant_manifest(place, SIGNATURE.manifest)
    assert [one.place for one in find(registry).attachments] == [place]


def test_digest_tags_are_found_in_the_list_of_tags_whatever_their_suffix() -> None:
    registry = MemoryRegistry()
    other = "0" * 64
    tagged(registry, SIGNATURE, f"sha256-{HEX}.sig", f"sha256-{HEX}.vex.json")
    tagged(registry, SIGNATURE, "1", f"sha256-{other}.sig", f"sha256-{HEX}sig")
    assert names_found(registry)[1:] == [f"sha256-{HEX}.sig", f"sha256-{HEX}.vex.json"]


def test_what_digest_tags_name_is_a_subject_in_turn() -> None:
    registry = MemoryRegistry()
    sbom = oci_image(text="sbom")
    tagged(registry, sbom, f"sha256-{HEX}.sbom")
    tagged(registry, artifact("application/x-sig"), f"sha256-{sbom.digest.hex}.sig")
    attached = referrer(sbom, "of the SBOM")
    push_image(registry, SUBJECT.at(attached.digest), attached)
    found = {one.digest: one for one in find(registry).attachments}
    assert found[attached.digest].level == 1
    assert {one.form for one in found.values()} == {Form.DIGEST_TAG, Form.REFERRER}
    assert len(found) == 3


def test_what_only_the_referrers_tag_lists_is_found() -> None:
    registry = Telling((SUBJECT, ()))  # the API came later, and does not know the old ones
    push_image(registry, SUBJECT.at(SIGNATURE.digest), SIGNATURE)
    index = oci_index(manifests=[referrer_descriptor(SIGNATURE.manifest).to_json()])
    registry.plant_manifest(referrers_tag(SUBJECT), index.manifest)
    (found,) = find(registry).attachments
    assert (found.form, found.digest) == (Form.REFERRER, SIGNATURE.digest)


class WithoutApi(MemoryRegistry):
    """Has referrers tags in place of a listing, but for the subjects in ``listed``."""

    def __init__(self, *subjects: Image, lists_tags: bool = True) -> None:
        super().__init__()
        self.lists_tags = lists_tags
        self.listed: list[Reference] = []
        self.asked: list[Reference] = []
        for subject in subjects:
            attached = referrer(subject, str(subject.digest))
            push_image(self, SUBJECT.at(subject.digest), subject)
            push_image(self, SUBJECT.at(attached.digest), attached)
            index = oci_index(manifests=[referrer_descriptor(attached.manifest).to_json()])
            self.plant_manifest(referrers_tag(SUBJECT.at(subject.digest)), index.manifest)

    def listed_referrers(self, reference: Reference):
        self.asked.append(reference)
        return self.referrers(reference) if reference in self.listed else None

    def lacks_referrers(self, home) -> bool:
        return not any(place in self.asked for place in self.listed)

    def tags(self, home):
        if not self.lists_tags:
            raise RefusedError(str(home), "404 of a proxy", 404)
        return super().tags(home)


THREE = [oci_image(text=text) for text in "abc"]
PLACES = [SUBJECT.at(image.digest) for image in THREE]


def found_below(registry: MemoryRegistry) -> list[Form]:
    nodes = [Node(place) for place in PLACES]
    found = find_attached(nodes, registry=registry, reader=registry, fan_out=sequential)
    assert {one.subject for one in found.attachments} == set(PLACES)
    return [one.form for one in found.attachments]


@pytest.mark.parametrize("lists_tags", [True, False])
def test_where_there_is_no_listing_one_subject_is_asked_for_and_tags_tell_all(
    lists_tags: bool,  # noqa: FBT001
) -> None:
    registry = WithoutApi(*THREE, lists_tags=lists_tags)
    assert found_below(registry) == [Form.REFERRER] * 3
    assert registry.asked == PLACES[:1]


def test_a_listing_that_is_new_is_asked_for_the_other_subjects_too() -> None:
    registry = WithoutApi(*THREE)
    registry.listed = PLACES
    assert len(found_below(registry)) == 3
    assert [each for each in registry.asked if each in PLACES] == PLACES


def test_what_is_left_is_counted_once_with_and_without_a_listing() -> None:
    nodes = [Node(place) for place in PLACES]
    registry = WithoutApi(*THREE)
    for registry.listed in ([], PLACES):
        found = list_attached(nodes, registry=registry, fan_out=sequential)
        assert len(found.attachments) == 3


class Unlisting(MemoryRegistry):
    """Serves tags, but does not list them."""

    def tags(self, home):
        raise RefusedError(str(home), "404 of a proxy", 404)


def test_a_registry_that_does_not_list_tags_is_asked_for_those_of_cosign() -> None:
    registry = Unlisting()
    signature = artifact("application/x-signature")
    tagged(registry, signature, f"sha256-{HEX}.sbom", f"sha256-{HEX}.att", f"sha256-{HEX}.vex")
    assert names_found(registry) == [f"sha256-{HEX}.att", f"sha256-{HEX}.sbom"]


class Away(MemoryRegistry):
    """Cannot be reached when it is asked for tags."""

    def tags(self, home):
        raise UnreachableError(str(home), "connection refused")


def test_a_registry_that_cannot_be_reached_for_its_tags_is_a_failure() -> None:
    found = find(Away())
    assert [type(failure) for failure in found.failures] == [UnreachableError]


def test_a_failure_costs_only_what_it_concerns() -> None:
    place = SUBJECT.at(SIGNATURE.digest)
    registry = Telling((place, DeniedError("r.example", "403")))
    push_image(registry, place, SIGNATURE)
    found = find(registry)
    assert [one.place for one in found.attachments] == [place]
    assert [type(failure) for failure in found.failures] == [DeniedError]


def test_an_attachment_that_is_listed_and_gone_is_told() -> None:
    found = find(Telling((SUBJECT, (SIGNATURE,))))
    assert (found.attachments, found.failures) == ((), ())
    assert [one.digest for one in found.gone] == [SIGNATURE.digest]


@pytest.mark.parametrize("error", [DeadlineError("r.example", "too late")])
def test_the_time_limit_ends_the_search(error: ManyfestError) -> None:
    with pytest.raises(DeadlineError):
        find(Telling((SUBJECT, error)))


def test_ten_thousand_attachments_are_refused_before_one_is_read() -> None:
    registry = Telling((SUBJECT, [SIGNATURE] * 10_000))
    found = find(registry)
    assert [type(failure) for failure in found.failures] == [DocumentError]
    assert registry.rounds == [2]


def test_as_many_on_several_levels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "COUNT_LIMIT", 2)
    registry, image = MemoryRegistry(), IMAGE
    for _ in range(7):
        image = referrer(image)
        push_image(registry, SUBJECT.at(image.digest), image)
    found = find(registry)
    assert found.attachments == ()
    assert [type(failure) for failure in found.failures] == [DocumentError]


def test_more_digest_tags_than_that_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "COUNT_LIMIT", 2)
    registry = Telling()
    tagged(registry, SIGNATURE, *(f"sha256-{HEX}.{number}" for number in range(12)))
    assert find(registry).attachments == ()
    assert registry.rounds == [2]


def test_referrers_of_referrers_without_end_are_refused() -> None:
    registry, image = MemoryRegistry(), IMAGE
    for _ in range(12):
        image = referrer(image)
        push_image(registry, SUBJECT.at(image.digest), image)
    found = find(registry)
    assert "deeper than 8" in str(found.failures[0])
    assert max(one.level for one in found.attachments) == search.DEPTH_LIMIT


def test_a_server_that_fails_is_told() -> None:
    found = find(Telling((SUBJECT, ServerError("r.example", "500", 500))))
    assert [str(failure) for failure in found.failures] == ["500"]
