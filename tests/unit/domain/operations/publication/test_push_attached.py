"""Publishing to another repository: signatures and SBOMs come along, before the tag moves."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, oci_image, oci_index, push_image, referrer
from manyfest.domain.errors import DeniedError, ProtocolError, RefusedError
from manyfest.domain.events import TransferPlanned
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.attached import copies
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.operations.publication.push import execute
from manyfest.domain.ports.fan_out import sequential
from manyfest.domain.references import Reference
from tests.support.content import signed
from tests.support.pushes import plan_push
from tests.unit.domain.operations.conftest import World, ref

SOURCE, TARGET = "r.example/team/app:1", "s.example/app:1"
AMD, ARM = oci_image("linux/amd64", text="amd"), oci_image("linux/arm64", text="arm")
INDEX = signed.built(AMD, ARM)


class Choosy(MemoryRegistry):
    """Refuses what it is told to, and notes the order of puts and looks at the source."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[Reference] = []
        self.looks: list[str] = []
        self.refused: set = set()
        self.denied = False
        self.lists_none = False

    def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
        if reference.home == ref(TARGET).home:
            self.puts.append(reference)
        if manifest.digest in self.refused and reference.home == ref(TARGET).home:
            raise RefusedError("s.example", "no artifacts here", 415)
        super().put_manifest(reference, manifest, expected)

    def referrers(self, reference: Reference):
        self.looks.append(f"referrers {reference}")
        if self.denied and reference.home == ref(SOURCE).home:
            raise DeniedError("r.example", "403")
        if self.lists_none and reference.home == ref(TARGET).home:
            return ()
        return super().referrers(reference)

    def tags(self, home):
        self.looks.append(f"tags {home}")
        return super().tags(home)


@pytest.fixture
def world() -> World:
    world = World(registry=Choosy())
    world.plant(SOURCE, INDEX)
    world.create(TARGET, SOURCE)
    return world


def attach(world: World, *images: Image) -> None:
    for image in images:
        push_image(world.registry, ref(SOURCE).at(image.digest), image)


def plan(world: World, name: str = TARGET, **options) -> PushPlan:
    return plan_push(ref(name), ports=world.ports(), **options)


def pushed(world: World, name: str = TARGET, **options):
    return execute([plan(world, name, **options)], ports=world.ports())


def has(world: World, image: Image) -> bool:
    return world.registry.probe_manifest(ref(TARGET).at(image.digest)) is not None


def test_what_is_attached_to_the_list_and_its_images_is_there_before_the_tag(world) -> None:
    of_list, of_image = signed.bundle(INDEX), signed.bundle(AMD, signed.SPDX)
    attach(world, of_list, of_image, referrer(of_image, "of the SBOM"))
    tag = signed.digest_tag(ARM, "sig")
    push_image(world.registry, ref(SOURCE).tagged(tag), signed.signature(b"a"))
    pushed(world)
    for image in (of_list, of_image, referrer(of_image, "of the SBOM")):
        assert has(world, image)
    assert world.registry.get_manifest(ref(TARGET).tagged(tag)) == signed.signature(b"a").manifest
    puts = world.registry.puts
    assert puts[-1] == ref(TARGET)
    assert puts.index(ref(TARGET).at(INDEX.digest)) < puts.index(ref(TARGET).at(of_list.digest))


def test_a_list_that_is_made_anew_has_what_is_attached_to_its_images_alone(world) -> None:
    attach(world, signed.bundle(INDEX), signed.bundle(AMD))
    world.plant("r.example/team/other:1", oci_image("linux/s390x"))
    world.create(TARGET, "r.example/team/other:1", amend=True)
    pushed(world)
    assert has(world, signed.bundle(AMD))
    assert not has(world, signed.bundle(INDEX))


def test_what_is_attached_to_images_of_nested_lists_comes_along(world) -> None:
    world.plant("r.example/team/nested:1", oci_index(oci_index(AMD), ARM))
    of_image = signed.bundle(AMD)
    push_image(world.registry, ref("r.example/team/nested").at(of_image.digest), of_image)
    world.create("s.example/app:n", "r.example/team/nested:1")
    pushed(world, "s.example/app:n")
    assert has(world, of_image)


def test_within_one_repository_nothing_is_looked_for(world) -> None:
    attach(world, signed.bundle(AMD))
    world.create("r.example/team/app:2", SOURCE)
    assert plan(world, "r.example/team/app:2").attached is None
    assert world.registry.looks == []


def test_an_unchanged_tag_costs_no_look(world) -> None:
    pushed(world)
    world.registry.looks.clear()
    assert plan(world).attached is None
    assert world.registry.looks == []


def test_the_look_is_in_the_round_that_reads_the_images(world) -> None:
    rounds = {}
    for mode in (AttachedMode.TRY, AttachedMode.LEAVE):
        rounds[mode] = []

        def fan_out(function, items, asked=rounds[mode]):
            asked.append(len(items))
            return sequential(function, items)

        plan_push(ref(TARGET), ports=world.ports(fan_out=fan_out), attached=mode)
    # The tag, in two rounds of which the second asks nothing; then 4 images, of these and of the
    # list the referrers, the tags of their repository, together; no children are missing.
    assert rounds[AttachedMode.TRY] == rounds[AttachedMode.LEAVE]
    assert 4 + 5 + 1 in rounds[AttachedMode.TRY]


def test_what_is_left_on_request_is_counted(world) -> None:
    attach(world, signed.bundle(INDEX), signed.bundle(AMD))
    push_image(world.registry, ref(SOURCE).tagged(signed.digest_tag(ARM, "sig")), signed.sbom())
    planned = plan(world, attached=AttachedMode.LEAVE)
    assert planned.attached is not None
    assert (planned.attached.left, planned.attached.manifests) == (3, ())


def test_two_repositories_get_it_each(world) -> None:
    attach(world, signed.bundle(AMD))
    other = ref("s.example/mirror:1")
    planned = plan_push(ref(TARGET), [other], ports=world.ports())
    execute([planned], ports=world.ports())
    for home in (ref(TARGET), other):
        listed = world.registry.referrers(home.at(AMD.digest))
        assert [entry.digest for entry in listed] == [signed.bundle(AMD).digest]


def test_a_source_that_does_not_tell_is_a_failure_that_is_told_or_ends_the_push(world) -> None:
    world.registry.denied = True
    planned = plan(world)
    assert planned.attached is not None
    assert {type(failure) for failure in planned.attached.failures} == {DeniedError}
    with pytest.raises(DeniedError):
        plan(world, attached=AttachedMode.REQUIRE)


def test_a_target_that_takes_no_artifacts_still_takes_the_list(world) -> None:
    refused, taken = signed.bundle(AMD), signed.bundle(ARM)
    attach(world, refused, taken)
    world.registry.refused.add(refused.digest)
    brought = pushed(world)
    assert brought is not None
    assert [type(failure) for failure in brought.failures] == [RefusedError]
    assert brought.lost == {ref(TARGET).at(refused.digest)}
    assert has(world, taken)
    assert world.served(TARGET) == INDEX.manifest


def test_if_it_is_required_no_tag_moves_without_it(world) -> None:
    attach(world, signed.bundle(AMD))
    world.registry.refused.add(signed.bundle(AMD).digest)
    with pytest.raises(RefusedError):
        pushed(world, attached=AttachedMode.REQUIRE)
    assert world.registry.probe_manifest(ref(TARGET)) is None


def test_if_it_is_required_the_target_has_to_list_it(world) -> None:
    attach(world, signed.bundle(AMD))
    world.registry.lists_none = True
    with pytest.raises(ProtocolError, match="does not list"):
        pushed(world, attached=AttachedMode.REQUIRE)
    assert world.registry.probe_manifest(ref(TARGET)) is None


def test_a_blob_that_the_source_lost_costs_only_its_attachment(world) -> None:
    lost, whole = signed.bundle(AMD, payload=b"lost"), signed.bundle(ARM, payload=b"whole")
    attach(world, lost, whole)
    world.registry.forget_blob(ref(SOURCE).at(lost.manifest.layers[0].digest))
    brought = pushed(world)
    assert brought is not None
    assert len(brought.failures) == 1
    assert (has(world, lost), has(world, whole)) == (False, True)


def test_more_bytes_than_that_are_not_brought(world, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BYTES_LIMIT", 3)
    attach(world, signed.bundle(AMD))
    planned = plan(world)
    assert planned.attached is not None
    assert planned.attached.manifests == ()
    assert "are attached to it" in str(planned.attached.failures[0])


def test_progress_counts_what_is_attached(world) -> None:
    attach(world, signed.bundle(AMD))
    events = []
    execute([plan(world)], ports=world.ports(), on_event=events.append)
    (planned,) = (event for event in events if isinstance(event, TransferPlanned))
    assert planned.manifests == 4 + 1
