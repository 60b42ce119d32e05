import json

import pytest
from attrs import evolve

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    oddly_spelled,
    push_image,
    referrer,
    windows_image,
)
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    DigestMismatchError,
    DocumentError,
    ManifestUnknownError,
    NoSuchPlatformError,
    PartMissingError,
)
from manyfest.domain.events import (
    BlobCopied,
    BlobFound,
    BlobMounted,
    BlobMoved,
    BlobStarted,
    Event,
    ManifestPut,
    TransferPlanned,
)
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.attached.put import Brought
from manyfest.domain.operations.content.copy import CopyPlan, CopyRules, copy, plan_copy
from manyfest.domain.operations.steps.transfer import BlobCopy, may_be_mounted
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.fan_out import sequential
from manyfest.domain.references import Reference
from tests.unit.domain.operations.conftest import NOW, World, ref

SOURCE = "r.example/team/app:1"
AMD, ARM = oci_image("linux/amd64", text="amd"), oci_image("linux/arm64", text="arm")


def attested(*images: Image, **members: object) -> Image:
    """An index as BuildKit makes it: each image is followed by the attestation of it."""
    attestations = [oci_image("unknown/unknown", text=f"of {image.digest}") for image in images]
    entries = [evolve(i.manifest.descriptor(), platform=i.platform).to_json() for i in images]
    for image, attestation in zip(images, attestations, strict=True):
        annotations = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": str(image.digest),
        }
        platform = {"architecture": "unknown", "os": "unknown"}
        entry = attestation.manifest.descriptor().to_json()
        entries.append(entry | {"platform": platform, "annotations": annotations})
    return oci_index(*images, *attestations, manifests=entries, **members)


def plan(world: World, target: str, source: str = SOURCE, **options) -> CopyPlan:
    options["platforms"] = tuple(Platform.parse(p) for p in options.get("platforms", ()))
    return plan_copy(ref(source), ref(target), CopyRules(**options), ports=world.ports())


def execute(world: World, planned: CopyPlan) -> list[Event]:
    events: list[Event] = []
    copy(
        planned,
        ports=world.ports(),
        on_event=events.append,
    )
    return events


def copied(world: World, target: str, source: str = SOURCE, **options) -> CopyPlan:
    planned = plan(world, target, source, **options)
    execute(world, planned)
    return planned


def assert_whole(world: World, reference: Reference, image: Image) -> None:
    """All that ``image`` consists of is there, to the byte."""
    assert world.registry.get_manifest(reference) == image.manifest
    for blob in image.blobs:
        assert world.registry.head_blob(reference.at(Digest.of(blob))) == len(blob)
    for child in image.children:
        assert_whole(world, reference.at(child.digest), child)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(docker_image(), id="docker image"),
        pytest.param(oddly_spelled(oci_image()), id="oddly spelled OCI image"),
        pytest.param(windows_image(), id="image with a foreign layer"),
        pytest.param(docker_list(docker_image(), windows_image()), id="docker list"),
        pytest.param(oddly_spelled(attested(AMD, ARM)), id="index with attestations"),
        pytest.param(oci_index(oci_index(AMD), oci_index(AMD, ARM), ARM), id="nested lists"),
    ],
)
@pytest.mark.parametrize("target", ["r.example/other/app:2", "other.example/app:2", "oci:/dir:2"])
def test_everything_arrives_and_the_digest_stays(world: World, image: Image, target: str) -> None:
    world.plant(SOURCE, image)
    planned = copied(world, target)
    assert_whole(world, ref(target), image)
    assert not planned.changes_digest


def test_layers_that_live_elsewhere_are_left_alone(world: World) -> None:
    image = world.plant(SOURCE, windows_image())
    copied(world, "other.example/app:1")
    with pytest.raises(BlobUnknownError):
        world.registry.head_blob(ref("other.example/app").at(image.manifest.layers[0].digest))


# Choosing platforms


def test_a_chosen_platform_comes_with_its_attestation_in_a_list(world: World) -> None:
    index = world.plant(SOURCE, attested(AMD, ARM, annotations={"kept": "yes"}))
    planned = copied(world, "other.example/app:1", platforms=["linux/arm64/v8"])
    made = world.served("other.example/app:1")
    assert made.document == dict(index.manifest.document) | {
        "manifests": [index.manifest.document["manifests"][place] for place in (1, 3)]
    }
    assert planned.changes_digest
    assert made.digest != index.digest
    with pytest.raises(ManifestUnknownError):
        world.served(f"other.example/app@{AMD.digest}")


def test_choosing_all_there_is_changes_nothing(world: World) -> None:
    index = world.plant(SOURCE, oddly_spelled(attested(AMD, ARM)))
    planned = copied(world, "other.example/app:1", platforms=["linux/amd64", "linux/arm64"])
    assert not planned.changes_digest
    assert world.served("other.example/app:1") == index.manifest


@pytest.mark.parametrize("image", [oci_index(AMD, ARM), AMD], ids=["list", "image"])
@pytest.mark.parametrize("wanted", [["linux/s390x"], ["linux/amd64", "linux/arm/v7"]])
def test_a_platform_that_is_not_there_is_an_error(
    world: World, image: Image, wanted: list[str]
) -> None:
    world.plant(SOURCE, image)
    with pytest.raises(NoSuchPlatformError, match="only for linux/amd64"):
        plan(world, "other.example/app:1", platforms=wanted)


def test_an_image_of_the_chosen_platform_is_copied_as_it_is(world: World) -> None:
    world.plant(SOURCE, AMD)
    copied(world, "other.example/app:1", platforms=["linux/amd64"])
    assert_whole(world, ref("other.example/app:1"), AMD)


# What is there already


@pytest.mark.parametrize("target", ["r.example/other/app:2", "other.example/app:2", "oci:/dir"])
@pytest.mark.parametrize("image", [attested(AMD, ARM), AMD], ids=["list", "image"])
def test_the_second_copy_writes_nothing(world: World, image: Image, target: str) -> None:
    push_image(world.registry, ref(SOURCE), image)
    assert not copied(world, target).writes_nothing
    again = plan(world, target)
    assert again.writes_nothing
    assert execute(world, again) == [TransferPlanned(0, 0, 0)]


@pytest.mark.parametrize(("image", "questions"), [(AMD, 2 + 2), (oci_index(AMD, ARM), 3 + 4)])
def test_the_target_is_asked_at_once_and_the_source_for_referrers_beside_it(
    world, image, questions
) -> None:
    world.plant(SOURCE, image)
    rounds = []

    def fan_out(function, items):
        rounds.append(len(items))
        return sequential(function, items)

    target = ref("elsewhere.example/app:1")
    for _ in range(2):
        plan = plan_copy(ref(SOURCE), target, CopyRules(), ports=world.ports(fan_out=fan_out))
        assert rounds == [questions]
        copy(plan, ports=world.ports())
        rounds.clear()
    assert plan.writes_nothing


def test_only_what_the_target_lacks_is_copied(world: World) -> None:
    world.plant(SOURCE, oci_index(AMD, ARM))
    world.plant("other.example/app:old", oci_index(AMD))
    planned = copied(world, "other.example/app:1")
    assert [copy.manifest for copy in planned.below] == [ARM.manifest]
    assert {blob.target.digest for blob in planned.blobs} == {Digest.of(b) for b in ARM.blobs}
    assert_whole(world, ref("other.example/app:1"), oci_index(AMD, ARM))


def test_a_list_that_lacks_a_child_in_the_target_is_completed(world: World) -> None:
    index = world.plant(SOURCE, oci_index(AMD, ARM))
    world.plant("other.example/app:1", index)
    world.registry.forget_manifest(ref("other.example/app").at(ARM.digest))
    planned = copied(world, "other.example/app:1")
    assert not planned.writes_target
    assert_whole(world, ref("other.example/app:1"), index)


def test_a_blob_that_a_layout_lacks_is_brought_again(world: World) -> None:
    image = world.plant(SOURCE, AMD)
    world.plant("oci:/dir:1", image)
    world.registry.forget_blob(ref("oci:/dir").at(Digest.of(AMD.blobs[1])))
    copied(world, "oci:/dir:1")
    assert_whole(world, ref("oci:/dir:1"), image)


def test_another_tag_in_the_same_home_is_just_put(world: World) -> None:
    index = world.plant(SOURCE, oci_index(AMD, ARM))
    planned = copied(world, "r.example/team/app:2")
    assert (planned.blobs, planned.below) == ((), ())
    assert world.served("r.example/team/app:2") == index.manifest
    assert plan(world, "r.example/team/app:2").writes_nothing


def test_a_list_with_a_hole_is_not_given_another_tag(world: World) -> None:
    world.plant(SOURCE, oci_index(AMD, oci_index(ARM)))
    world.registry.forget_manifest(ref(SOURCE).at(ARM.digest))
    for target in ("r.example/team/app:2", SOURCE):
        with pytest.raises(PartMissingError, match=f"{ARM.digest}, which it names for linux/arm64"):
            plan(world, target)


def test_an_image_that_lost_a_blob_in_its_layout_is_not_unchanged(world: World) -> None:
    image = world.plant("oci:/dir:1", AMD)
    assert plan(world, "oci:/dir:1", "oci:/dir:1").writes_nothing
    blob = ref("oci:/dir").at(Digest.of(image.blobs[1]))
    world.registry.forget_blob(blob)
    with pytest.raises(PartMissingError, match=str(blob)):
        plan(world, "oci:/dir:1", "oci:/dir:1")


# What goes wrong


def test_a_child_that_is_missing_is_named_and_nothing_is_written(world: World) -> None:
    world.plant(SOURCE, oci_index(AMD, ARM))
    world.registry.forget_manifest(ref(SOURCE).at(ARM.digest))
    with pytest.raises(PartMissingError, match=f"{ARM.digest}, which it names for linux/arm64"):
        plan(world, "other.example/app:1")
    with pytest.raises(ManifestUnknownError):
        world.served("other.example/app:1")


def test_a_copy_that_fails_moves_no_tag(world: World) -> None:
    world.plant(SOURCE, oci_index(AMD, ARM))
    old = world.plant("other.example/app:1", docker_image())
    planned = plan(world, "other.example/app:1")
    world.registry.forget_blob(ref(SOURCE).at(Digest.of(ARM.blobs[1])))
    with pytest.raises(BlobUnknownError):
        execute(world, planned)
    assert world.served("other.example/app:1") == old.manifest
    assert world.store.contents.last_observation(ref("other.example/app:1")) is None


def test_a_target_of_another_digest_is_refused_before_anything_is_written(world: World) -> None:
    world.plant(SOURCE, AMD)
    with pytest.raises(DigestMismatchError):
        plan(world, f"other.example/app@{ARM.digest}")


def test_lists_nested_without_end_are_refused(world: World) -> None:
    nested = oci_index(AMD)
    for _ in range(12):
        nested = oci_index(nested)
    world.plant(SOURCE, nested)
    with pytest.raises(DocumentError, match="nested deeper"):
        plan(world, "other.example/app:1")


# Referrers


def attach(world: World, *images: Image) -> None:
    for image in images:
        push_image(world.registry, ref(SOURCE).at(image.digest), image)


def digests(world: World, home: str, subject: Image) -> list[Digest]:
    reference = ref(home).at(subject.digest)
    return [entry.digest for entry in world.registry.referrers(reference)]


@pytest.mark.parametrize("target", ["r.example/other/app:2", "other.example/app:2", "oci:/dir:2"])
def test_referrers_of_all_levels_come_along(world: World, target: str) -> None:
    index = world.plant(SOURCE, oci_index(AMD))
    of_list, of_child = referrer(index, "of list"), referrer(AMD, "of child")
    of_referrer = referrer(of_child, "of referrer")
    nested = oci_index(ARM, subject=AMD.manifest.descriptor().to_json())
    attach(world, of_list, of_child, of_referrer, nested)
    left = copied(world, target, attached=AttachedMode.LEAVE)
    assert (left.attached.manifests, left.attached.left) == ((), 3)
    planned = copied(world, target)
    assert len(planned.attached.referrers) == 4
    for image in (of_list, of_child, of_referrer, nested):
        assert_whole(world, ref(target).at(image.digest), image)
    assert digests(world, target, of_child) == [of_referrer.digest]
    assert plan(world, target).writes_nothing


def test_a_list_made_anew_has_no_referrers_but_its_images_do(world: World) -> None:
    index = world.plant(SOURCE, oci_index(AMD, ARM))
    images = [referrer(subject, str(subject.digest)) for subject in (index, AMD, ARM)]
    attach(world, *images)
    options = {"platforms": ["linux/amd64"], "attached": AttachedMode.REQUIRE}
    planned = copied(world, "other.example/app:1", **options)
    assert [each.copy.source.digest for each in planned.attached.referrers] == [images[1].digest]


def test_referrers_that_came_later_are_copied_without_the_rest(world: World) -> None:
    index = world.plant(SOURCE, oci_index(AMD))
    copied(world, "other.example/app:1")
    attach(world, referrer(index))
    planned = copied(world, "other.example/app:1", attached=AttachedMode.REQUIRE)
    assert [copy.manifest for copy in planned.manifests] == [referrer(index).manifest]
    assert not planned.writes_target


class Unlisting(MemoryRegistry):
    """A registry that tells of no referrers in the target, or not at once."""

    looks = 0
    lists_at_look = 1_000_000

    def referrers(self, reference: Reference):
        if reference.home != ref(SOURCE).home:
            self.looks += 1
            if self.looks < self.lists_at_look:
                return ()
        return super().referrers(reference)


def test_a_referrer_that_is_there_and_listed_nowhere_is_put_again_and_told() -> None:
    world = World(registry=Unlisting())
    index = world.plant(SOURCE, oci_index(AMD))
    attach(world, referrer(index))
    for _ in range(2):
        planned = plan(world, "other.example/app:1", attached=AttachedMode.REQUIRE)
        unlisted = copy(planned, ports=world.ports()).unlisted
        assert [each.copy.manifest for each in unlisted] == [referrer(index).manifest]
    assert world.served("other.example/app:1") == index.manifest


def test_a_registry_that_lists_late_is_waited_for() -> None:
    world = World(registry=Unlisting())
    world.registry.lists_at_look = 3  # one before the copy, one after it
    index = world.plant(SOURCE, oci_index(AMD))
    attach(world, referrer(index))
    planned = plan(world, "other.example/app:1", attached=AttachedMode.REQUIRE)
    assert copy(planned, ports=world.ports()) == Brought()
    assert world.pauses == [0.5]


class Losing(MemoryRegistry):
    """Keeps the list of referrers as olareg does, and notes the order of puts."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[Reference] = []

    def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
        if reference.home != ref(SOURCE).home:
            self.puts.append(reference)
            subject = manifest.subject
            if subject is not None:  # refused by Cloudflare's serverless-registry otherwise
                self.get_manifest(reference.at(subject.digest))
        super().put_manifest(reference, manifest, expected)


def test_subjects_come_before_their_referrers_and_the_tag_last() -> None:
    world = World(registry=Losing())
    index = world.plant(SOURCE, oci_index(AMD))
    of_list, of_child = referrer(index, "of list"), referrer(AMD, "of child")
    attach(world, of_list, of_child, referrer(of_list, "of referrer"))
    target = ref("other.example/app:1")
    planned = copied(world, str(target), attached=AttachedMode.REQUIRE)
    assert len(planned.attached.referrers) == 3
    assert world.registry.puts[:2] == [target.at(AMD.digest), target.at(index.digest)]
    assert world.registry.puts[-1] == target


def test_a_copy_to_a_digest_puts_the_subject_first_too() -> None:
    world = World(registry=Losing())
    index = world.plant(SOURCE, oci_index(AMD))
    attach(world, referrer(index))
    target = ref("other.example/app").at(index.digest)
    copied(world, str(target), attached=AttachedMode.REQUIRE)
    assert digests(world, str(target), index) == [referrer(index).digest]


def test_referrers_of_one_subject_are_put_one_after_the_other(world: World) -> None:
    index = world.plant(SOURCE, oci_index(AMD, ARM))
    attach(world, *(referrer(s, f"{n}") for s in (index, AMD, ARM) for n in range(4)))
    planned = plan(world, "other.example/app:1", attached=AttachedMode.REQUIRE)
    put: list[Digest] = []

    class Noting(MemoryRegistry):
        def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
            put.extend([manifest.subject.digest] if manifest.subject else [])
            super().put_manifest(reference, manifest, expected)

    def separate(function, items):
        """Of what may be done at the same time, no two items put for one subject."""
        before: set[Digest] = set()
        for item in items:
            put.clear()
            yield function(item)
            assert not before & set(put)
            before |= set(put)

    noting = Noting()
    noting.share_content_of(world.registry)
    ports = world.ports(registry=noting, fan_out=lambda *call: tuple(separate(*call)))
    assert copy(planned, ports=ports) == Brought()
    for subject in (index, AMD, ARM):
        assert len(digests(world, "other.example/app:1", subject)) == 4


# Digest tags


def signature(*texts: str) -> Image:
    """As cosign makes it: a layer for each signature; the payload may be the same."""
    return signed(b"payload", *texts)


def signed(payload: bytes, *texts: str) -> Image:
    layer = {
        "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
        "digest": str(Digest.of(payload)),
        "size": len(payload),
    }
    layers = [layer | {"annotations": {"dev.cosignproject.cosign/signature": t}} for t in texts]
    image = oci_image(text="config", layers=layers)
    return evolve(image, blobs=(image.blobs[0], payload))


def digest_tag(subject: Image, suffix: str = "sig") -> str:
    return f"sha256-{subject.digest.hex}.{suffix}"


@pytest.mark.parametrize("target", ["r.example/other/app:2", "other.example/app:2", "oci:/dir:2"])
def test_digest_tags_of_the_list_and_its_images_come_along(world: World, target: str) -> None:
    index = world.plant(SOURCE, oci_index(AMD, ARM))
    tags = {digest_tag(index): signature("a"), digest_tag(AMD, "att"): signature("b")}
    for tag, image in tags.items():
        push_image(world.registry, ref(SOURCE).tagged(tag), image)
    assert copied(world, target, attached=AttachedMode.LEAVE).attached.left == 2
    planned = copied(world, target)
    assert {copy.target.tag for copy in planned.attached.tags} == set(tags)
    for tag, image in tags.items():
        assert_whole(world, ref(target).tagged(tag), image)
    assert plan(world, target).writes_nothing


def test_a_list_made_anew_has_no_digest_tags_but_its_images_do(world: World) -> None:
    index = world.plant(SOURCE, oci_index(AMD, ARM))
    for subject in (index, AMD, ARM):
        push_image(world.registry, ref(SOURCE).tagged(digest_tag(subject)), signature("a"))
    options = {"platforms": ["linux/amd64"], "attached": AttachedMode.REQUIRE}
    planned = copied(world, "other.example/app:1", **options)
    assert [copy.target.tag for copy in planned.attached.tags] == [digest_tag(AMD)]


@pytest.mark.parametrize(
    ("before", "after", "is_kept"),
    [
        (["a"], ["a", "b"], False),
        (["a", "b"], ["b", "a"], False),
        (["a", "own"], ["a", "b"], True),
        (["own"], ["a"], True),
    ],
)
def test_signatures_of_the_target_are_not_lost(
    world: World, before: list[str], after: list[str], *, is_kept: bool
) -> None:
    index = world.plant(SOURCE, oci_index(AMD))
    tag, target = digest_tag(index), ref("other.example/app:1")
    push_image(world.registry, target.tagged(tag), signature(*before))
    push_image(world.registry, ref(SOURCE).tagged(tag), signature(*after))
    planned = copied(world, str(target), attached=AttachedMode.REQUIRE)
    kept = signature(*(before if is_kept else after))
    assert world.registry.get_manifest(target.tagged(tag)) == kept.manifest
    assert planned.attached.kept_tags == ((target.tagged(tag),) if is_kept else ())


def test_referrers_of_referrers_without_end_are_refused(world: World) -> None:
    subject = world.plant(SOURCE, AMD)
    for level in range(12):
        subject = referrer(subject, f"level {level}")
        attach(world, subject)
    with pytest.raises(DocumentError, match="deeper than"):
        plan(world, "other.example/app:1", attached=AttachedMode.REQUIRE)


# What is told and kept


def test_events_tell_of_every_byte_and_manifest(world: World) -> None:
    index = world.plant(SOURCE, oci_index(AMD, ARM))
    world.plant("other.example/app:old", docker_image(text="arm"))  # ARM's layer
    events = execute(world, plan(world, "other.example/app:1"))
    blobs = {Digest.of(b): len(b) for b in (*AMD.blobs, *ARM.blobs)}
    assert events[0] == TransferPlanned(4, sum(blobs.values()), 3)
    moved = dict.fromkeys((e.blob.digest for e in events if isinstance(e, BlobStarted)), 0)
    for event in events:
        if isinstance(event, BlobMoved):
            moved[event.blob.digest] += event.count
    shared = Digest.of(ARM.blobs[1])
    assert moved == {digest: size for digest, size in blobs.items() if digest != shared}
    ends = [(type(e), e.blob.digest) for e in events if isinstance(e, BlobCopied | BlobFound)]
    assert (BlobFound, shared) in ends
    assert [e.size for e in events if isinstance(e, BlobFound)] == [len(ARM.blobs[1])]
    assert len(ends) == 4
    put = [event.reference for event in events if isinstance(event, ManifestPut)]
    assert put == [*(ref("other.example/app").at(i.digest) for i in index.children), put[-1]]
    assert put[-1] == ref("other.example/app:1")


@pytest.mark.parametrize("target", ["other.example/app:1", "oci:/shelf:1"])
def test_each_manifest_is_written_once(world: World, target: str) -> None:
    world.plant(SOURCE, oci_index(oci_index(AMD), ARM, oci_index(AMD)))
    events = execute(world, plan(world, target))
    put = [event.reference for event in events if isinstance(event, ManifestPut)]
    assert len(put) == len(set(put)) == 4


@pytest.mark.parametrize("image", [AMD, oci_index(AMD)], ids=["image", "list"])
def test_a_plan_says_whether_anything_is_to_be_written(world: World, image: Image) -> None:
    world.plant(SOURCE, image)
    elsewhere = "other.example/app:1"
    assert not plan(world, elsewhere).writes_nothing
    copied(world, elsewhere)
    assert plan(world, elsewhere).writes_nothing
    assert not plan(world, "other.example/app:2").writes_nothing


@pytest.mark.parametrize(
    ("source", "target", "answer"),
    [
        ("r.example/a", "r.example/b", True),
        ("r.example/a", "other.example/a", False),
        ("oci:/a", "oci:/a", False),
        ("r.example/a", "oci:/a", False),
        ("oci:/a", "r.example/a", False),
        ("s3://r.example/a", "s3://r.example/b", False),
    ],
)
def test_only_one_registry_mounts(source: str, target: str, answer: bool) -> None:  # noqa: FBT001
    at = ref(source).at(AMD.digest), ref(target).at(AMD.digest)
    assert may_be_mounted(BlobCopy(*at, 1)) is answer


def test_within_a_registry_blobs_are_mounted(world: World) -> None:
    world.plant(SOURCE, AMD)
    events = execute(world, plan(world, "r.example/other/app:1"))
    assert [type(event) for event in events[1:-1]] == [BlobMounted, BlobMounted]
    told = {event.blob.digest: event.size for event in events[1:-1]}
    assert told == {Digest.of(blob): len(blob) for blob in AMD.blobs}


def test_what_was_read_and_written_is_remembered(world: World) -> None:
    index = world.plant(SOURCE, oci_index(AMD))
    copied(world, "other.example/app:1")
    contents = world.store.contents
    for name in (SOURCE, "other.example/app:1"):
        seen = contents.last_observation(ref(name))
        assert (seen.digest, seen.seen_at) == (index.digest, NOW)
    assert contents.manifest(AMD.digest) == AMD.manifest
    assert json.loads(contents.manifest(index.digest).data) == index.manifest.document
