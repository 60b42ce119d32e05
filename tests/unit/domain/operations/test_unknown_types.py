"""What we do not know is carried: by every operation, and never called an error (ADR 0034)."""

import pytest

from manyfest.adapters.bundles.folder_writer import write_folder
from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.cli.rendering.manifest_text import details_text
from manyfest.contracts.images import (
    index_of_anything,
    oci_index,
    pull_blob,
    push_image,
    with_unverifiable,
)
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.source_entries import ListSelection
from manyfest.domain.errors import UnverifiableError
from manyfest.domain.operations.content.copy import CopyRules, copy, plan_copy
from manyfest.domain.operations.content.export_bundle import export_bundle
from manyfest.domain.operations.content.fetch import fetch
from manyfest.domain.operations.content.import_bundle import import_bundle
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.steps.stored_blobs import StoredBlobs
from manyfest.domain.operations.views.details import details
from manyfest.domain.operations.views.diff import diff
from manyfest.domain.operations.views.verify import verify
from manyfest.domain.platforms import Platform
from tests.support.ports import PlainPorts
from tests.unit.domain.operations.conftest import World, ref

INDEX = index_of_anything()
IMAGE, SBOM, FUTURE = INDEX.children
BLOBS = (*INDEX.blobs, *IMAGE.blobs, *SBOM.blobs)
NAME, TARGET = "r.example/app:all", "other.example/x:all"


@pytest.fixture
def ports() -> PlainPorts:
    registry = MemoryRegistry()
    push_image(registry, ref(NAME), INDEX)
    return PlainPorts(registry=registry)


def assert_whole(registry, name: str) -> None:
    assert registry.get_manifest(ref(name)).data == INDEX.manifest.data
    for child in INDEX.children:
        assert registry.get_manifest(ref(name).at(child.digest)).data == child.manifest.data
    for blob in BLOBS:
        assert pull_blob(registry, ref(name).at(Digest.of(blob)), len(blob)) == blob


def test_it_is_copied_whole_and_then_unchanged(ports: PlainPorts) -> None:
    copy(plan_copy(ref(NAME), ref(TARGET), CopyRules(), ports=ports), ports=ports)
    assert_whole(ports.registry, TARGET)
    assert plan_copy(ref(NAME), ref(TARGET), CopyRules(), ports=ports).writes_nothing


def test_it_goes_through_a_layout(ports: PlainPorts, tmp_path) -> None:
    layout = LayoutRegistry()
    push_image(layout, ref(f"oci:{tmp_path}/l:1"), INDEX)
    assert_whole(layout, f"oci:{tmp_path}/l:1")
    assert layout.is_manifest(ref(f"oci:{tmp_path}/l:1").at(FUTURE.digest))
    assert not layout.is_manifest(ref(f"oci:{tmp_path}/l:1").at(Digest.of(INDEX.blobs[2])))


def test_it_becomes_part_of_a_list_elsewhere(world: World) -> None:
    world.plant(NAME, INDEX)
    world.plant("r.example/app:future", FUTURE)
    world.create(TARGET, NAME, "r.example/app:future")
    pushed = world.push(TARGET).manifest
    assert [entry.digest for entry in pushed.entries].count(FUTURE.digest) == 1
    for blob in BLOBS:
        place = ref(TARGET).at(Digest.of(blob))
        assert pull_blob(world.registry, place, len(blob)) == blob
    assert world.plan(TARGET).is_empty


def test_a_manifest_of_an_unknown_type_is_listed_without_a_platform(world: World) -> None:
    world.plant("r.example/app:future", FUTURE)
    (entry,) = world.create(TARGET, "r.example/app:future").entries
    assert entry.descriptor == FUTURE.manifest.descriptor()
    world.push(TARGET)


def test_a_blob_that_the_target_lost_is_put_again(world: World) -> None:
    world.plant(NAME, INDEX)
    world.create(TARGET, NAME)
    world.push(TARGET)
    lost = ref(TARGET).at(Digest.of(INDEX.blobs[0]))
    world.registry.forget_blob(lost)
    assert [blob.target for blob in world.plan(TARGET).blobs] == [lost]


def test_blobs_in_a_list_are_fetched_with_the_layers(ports: PlainPorts) -> None:
    without = fetch([ref(NAME)], ports=ports)
    assert (without.failures, without.layers, len(without.found)) == ({}, 0, 4)
    fetched = fetch([ref(NAME)], ports=ports, with_layers=True)
    assert (fetched.failures, fetched.layers) == ({}, len(INDEX.blobs) + 2)
    assert all(ports.layers.size(Digest.of(blob)) == len(blob) for blob in INDEX.blobs)


def test_a_bundle_takes_it_behind_an_air_gap(ports: PlainPorts, tmp_path) -> None:
    fetch([ref(NAME)], ports=ports, with_layers=True)
    exported = export_bundle([ref(NAME)], ports=ports, with_layers=True)
    write_folder(tmp_path / "bundle", exported.packing)
    there = PlainPorts()
    with open_bundle(tmp_path / "bundle") as bundle:
        imported = import_bundle(bundle, ports=there)
    assert set(imported.manifests) == {INDEX.digest, *(child.digest for child in INDEX.children)}
    stored = StoredBlobs(there.contents, there.layers, with_layers=True)
    assert all(stored.has(ref(NAME).at(Digest.of(blob)), len(blob)) for blob in INDEX.blobs)


def test_details_show_a_blob_by_its_descriptor_alone(ports: PlainPorts) -> None:
    found = details(resolve(ref(NAME), ports.registry), ports=ports)
    assert found.missing == ()
    assert [detail.found is None for detail in found.present] == [False] * 3 + [True] * 3
    text = "".join(details_text(found.present))
    assert text.count('"Raw"') == 3
    assert text.count('"Manifest"') == 2


def test_verify_finds_nothing_wrong_and_misses_what_is_missing(ports: PlainPorts) -> None:
    result = verify(ref(NAME), ports=ports)
    assert result.findings == ()
    assert (result.manifests, result.blobs) == (4, len(BLOBS))
    ports.registry.forget_blob(ref(NAME).at(Digest.of(INDEX.blobs[0])))
    rules = [found.rule.name for found in verify(ref(NAME), ports=ports).findings]
    assert rules == ["missing-blob"]


def test_blobs_are_compared_by_digest(ports: PlainPorts) -> None:
    other = oci_index(IMAGE)
    push_image(ports.registry, ref(NAME).tagged("image"), other)
    comparison = diff(ref(NAME), ref(NAME).tagged("image"), ports=ports)
    assert comparison.status == "changed"
    assert diff(ref(NAME), ref(NAME), ports=ports).status == "same"


def test_an_unverifiable_entry_is_in_the_way_of_itself_alone(world: World) -> None:
    index = with_unverifiable(oci_index(IMAGE))
    world.plant("r.example/app:amd", IMAGE)
    world.registry.plant_manifest(ref(NAME), index.manifest)
    ports = world.ports()
    fetched = fetch([ref(NAME)], ports=ports)
    assert fetched.failures == {}
    assert [str(left) for left in fetched.unverifiable] == [f"r.example/app@blake3:{'0' * 64}"]
    (found,) = verify(ref(NAME), ports=ports).findings
    assert (found.rule.name, found.rule.severity) == ("unverifiable-digest", "warning")
    assert details(resolve(ref(NAME), ports.registry), ports=ports).missing == ()
    wanted = ListSelection(platforms=(Platform("linux", "amd64"),))
    assert len(world.create("r.example/app:list", NAME, wanted=wanted).entries) == 1
    world.create(TARGET, NAME)
    with pytest.raises(UnverifiableError, match="blake3 is not a known digest algorithm"):
        world.plan(TARGET)
    copied = plan_copy(ref(NAME), ref(TARGET), CopyRules(), ports=ports)
    assert ([str(each) for each in copied.left], len(copied.below)) == (
        [f"r.example/app@blake3:{'0' * 64}"],
        1,
    )
    amd64 = [Platform("linux", "amd64")]
    assert plan_copy(ref(NAME), ref(TARGET), CopyRules(platforms=tuple(amd64)), ports=ports).below
