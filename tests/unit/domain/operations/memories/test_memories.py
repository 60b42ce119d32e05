"""Memories: pushing, pulling, and writers that meet at any moment."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from functools import partial

import pytest
from attrs import evolve

from manyfest.adapters.bundles.temporary_bundles import TemporaryBundles
from manyfest.adapters.decorators.base import Call, RegistryDecorator, Result
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    push_image,
    referrer,
)
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BundleError,
    DigestMismatchError,
    DocumentError,
    ManifestUnknownError,
    ManyfestError,
    MergeUnsettledError,
    RefusedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.memories.memory_index import MemoryIndex, encode_index, expand_index
from manyfest.domain.memories.memory_part import (
    CONTENT_TYPE,
    INDEX_TYPE,
    make_part,
    part_reference,
    parts_listed,
)
from manyfest.domain.operations.memories import push_memory as pushing
from manyfest.domain.operations.memories.pull_memory import Pulled, pull_memory
from manyfest.domain.operations.memories.push_memory import PushedMemory, push_memory
from manyfest.domain.operations.memories.read_memory import read_memory
from manyfest.domain.ports.registry import Registry, open_bytes
from manyfest.domain.references import Home, Reference
from tests.support.ports import NOW, PlainPorts

MEMORY = Reference.parse("r.example/team/memory:ci")
APP = Reference.parse("r.example/team/app:1")
OTHER = Reference.parse("other.example/tool:2")
AMD, ARM = docker_image("linux/amd64"), oci_image("linux/arm64", text="other")
LIST = docker_list(docker_image("linux/amd64"), docker_image("linux/arm64"))


class _Machine:
    """A store of its own, and a registry that it shares."""

    def __init__(self, registry: Registry) -> None:
        self.ports = PlainPorts(registry=registry)

    def sees(self, tag: Reference, image: Image, minutes: int = 0, **facts: bool) -> "_Machine":
        contents = self.ports.contents
        with contents.transaction():
            contents.keep_manifests(one.manifest for one in (image, *image.children))
            contents.keep_blobs(one.blobs[0] for one in (image, *image.children) if one.blobs)
            moment = NOW + timedelta(minutes=minutes)
            contents.observe([Observation(tag, image.digest, moment, moment, **facts)])
        return self

    def push(self, *tags: Reference) -> PushedMemory:
        return push_memory(MEMORY, tags, ports=self.ports, packer=TemporaryBundles())

    def pull(self, *, is_trusted: bool = False) -> Pulled:
        later = evolve(self.ports, now=NOW + timedelta(days=1))
        return pull_memory(MEMORY, ports=later, packer=TemporaryBundles(), is_trusted=is_trusted)

    def history(self, tag: Reference) -> list[tuple[Digest, bool]]:
        return [(span.digest, span.is_claimed) for span in self.ports.contents.history(tag)]


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


def contents_of(registry: Registry) -> dict[str, Digest]:
    return {
        tag: registry.head_manifest(MEMORY.tagged(tag)).digest for tag in registry.tags(MEMORY.home)
    }


def test_a_history_comes_to_another_machine_with_its_content(registry: MemoryRegistry) -> None:
    first = _Machine(registry).sees(APP, AMD, 1).sees(APP, LIST, 2)
    pushed = first.push(APP)
    assert (pushed.part, pushed.deltas) == (pushed.base, 0)
    second = _Machine(registry)
    pulled = second.pull()
    assert (pulled.tags, pulled.states, pulled.lacking) == ((APP,), 2, 0)
    assert second.history(APP) == [(LIST.digest, True), (AMD.digest, True)]
    for image in (AMD, LIST, *LIST.children):
        assert second.ports.contents.manifest(image.digest) == image.manifest
    assert second.ports.contents.blob(Digest.of(AMD.blobs[0])) == AMD.blobs[0]
    assert second.pull().downloaded == 0


def test_what_is_attached_comes_along_with_its_name(registry: MemoryRegistry) -> None:
    """Cosign's tag in its newest state, a referrer of it, and one of the image: all is one push."""
    tag = APP.tagged(f"sha256-{AMD.digest.hex}.sig")
    old, new = oci_image(text="signature"), oci_image(text="newer signature")
    first = _Machine(registry).sees(APP, AMD).sees(tag, old).sees(tag, new, 1)
    others = [referrer(AMD, "sbom"), referrer(new, "note")]
    with first.ports.contents.transaction():
        first.ports.contents.keep_manifests(each.manifest for each in others)
    first.push(APP)
    assert first.push(APP).part is None
    second = _Machine(registry)
    assert (second.pull().tags, second.pull().lacking) == ((APP, tag), 0)
    assert second.history(tag) == [(new.digest, True)]
    for image in (new, *others):
        assert second.ports.contents.manifest(image.digest) == image.manifest
    assert second.push(APP).part is None, "what was pulled is nothing new"
    assert first.push(APP, tag).part is not None, "all states of a tag that is named"


def test_a_signature_that_comes_later_is_a_delta_of_its_own(registry: MemoryRegistry) -> None:
    machine = _Machine(registry).sees(APP, AMD)
    machine.push(APP)
    signature = referrer(AMD, "signature")
    with machine.ports.contents.transaction():
        machine.ports.contents.keep_manifests([signature.manifest])
    assert list(machine.push(APP).index.manifests) == [signature.digest]
    reader = _Machine(registry)
    reader.pull()
    assert reader.ports.contents.manifest(signature.digest) == signature.manifest


def test_the_same_again_moves_nothing(registry: MemoryRegistry) -> None:
    machine = _Machine(registry).sees(APP, AMD)
    machine.push(APP)
    before = contents_of(registry)
    assert machine.push(APP).part is None
    reader = _Machine(registry)
    reader.pull()
    assert reader.push(APP).part is None, "what was pulled is nothing new"
    assert contents_of(registry) == before


def test_the_same_store_gives_the_same_bytes() -> None:
    parts = {_Machine(MemoryRegistry()).sees(APP, LIST).push(APP).part for _ in range(2)}
    assert len(parts) == 1


def test_a_delta_brings_what_is_new_and_refers_to_the_base(registry: MemoryRegistry) -> None:
    base = _Machine(registry).sees(APP, LIST).push(APP).base
    delta = _Machine(registry).sees(APP, LIST, 5).sees(OTHER, ARM).push(APP, OTHER)
    assert delta.base is None
    assert list(delta.index.manifests) == [ARM.digest]
    (found,) = registry.referrers(MEMORY.at(base))
    assert found.digest == delta.part
    assert found.others["artifactType"] == "application/vnd.manyfest.memory.v1"
    spans_alone = _Machine(registry).sees(APP, LIST, 9).push(APP)
    assert spans_alone.uploaded == 0
    assert read_memory(MEMORY, ports=_Machine(registry).ports).index.observations


def test_many_deltas_become_a_base_that_lists_their_bundles(
    registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "MOST_DELTAS", 2)
    machine = _Machine(registry)
    bases = []
    for number in range(4):
        tag = APP.tagged(str(number))
        bases.append(machine.sees(tag, oci_image(text=str(number))).push(tag).base)
    assert [base is not None for base in bases] == [True, False, False, True]
    memory = read_memory(MEMORY, ports=machine.ports)
    assert (memory.deltas, memory.base.digest) == ((), bases[-1])
    assert len(memory.base.content) == 4
    reader = _Machine(registry)
    assert len(reader.pull().tags) == 4
    assert reader.push(APP.tagged("3")).part is None


def test_pulled_looks_are_claims_unless_the_memory_is_trusted(registry: MemoryRegistry) -> None:
    _Machine(registry).sees(APP, AMD).sees(OTHER, ARM, is_claimed=True).push(APP, OTHER)
    wary, trusting = _Machine(registry), _Machine(registry)
    wary.pull()
    trusting.pull(is_trusted=True)
    assert wary.history(APP) == [(AMD.digest, True)]
    assert trusting.history(APP) == [(AMD.digest, False)]
    assert trusting.history(OTHER) == [(ARM.digest, True)], "a claim stays one"


def test_a_trusted_look_of_the_past_moves_no_look_of_this_machine(registry: MemoryRegistry) -> None:
    _Machine(registry).sees(APP, AMD, -600).push(APP)
    here = _Machine(registry).sees(APP, ARM)
    here.pull(is_trusted=True)
    newest, earlier = here.ports.contents.history(APP)
    assert (newest.digest, newest.seen_at) == (ARM.digest, NOW)
    assert (earlier.digest, earlier.is_claimed) == (AMD.digest, False)


def test_there_must_be_a_memory_to_pull(registry: MemoryRegistry) -> None:
    with pytest.raises(ManifestUnknownError):
        _Machine(registry).pull()
    push_image(registry, MEMORY, AMD)
    for act in (_Machine(registry).pull, _Machine(registry).sees(APP, ARM).push):
        with pytest.raises(DocumentError, match="no memory"):
            act(*([APP] if act.__name__ == "push" else []))


class _Interleaved(RegistryDecorator):
    """Makes another writer's whole push before the call of this number."""

    def __init__(self, registry: Registry, number: int, push: Callable[[], object]) -> None:
        self._registry = registry
        self._number = number
        self._push = push
        self.calls = 0

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        if self.calls == self._number:
            self._push()
        self.calls += 1
        return call(self._registry, reference)


@pytest.mark.parametrize("parts_before", [0, 1, 3, 6])
def test_writers_that_meet_at_any_moment_lose_nothing(
    parts_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when there is no base yet, and when each of them makes a new one or takes tags away."""
    monkeypatch.setattr(pushing, "MOST_DELTAS", 2)
    number = 0
    while True:
        registry = MemoryRegistry()
        for part in range(parts_before):
            tag = APP.tagged(f"before-{part}")
            _Machine(registry).sees(tag, docker_image(text=str(part))).push(tag)
        other = _Machine(registry).sees(OTHER, ARM)
        between = _Interleaved(registry, number, partial(other.push, OTHER))
        _Machine(between).sees(APP, AMD).push(APP)
        reader = _Machine(registry)
        if between.calls <= number:
            break
        assert len(reader.pull().tags) == parts_before + 2
        assert reader.history(APP) == [(AMD.digest, True)]
        assert reader.history(OTHER) == [(ARM.digest, True)]
        number += 1
    assert number > 10, "the push made calls to come between"


def pushes(registry: Registry, numbers: Iterable[int]) -> list[Digest]:
    """Make pushes with an image each, tagged with its number; return the bases."""
    found = []
    for number in numbers:
        tag = APP.tagged(str(number))
        found.append(_Machine(registry).sees(tag, oci_image(text=str(number))).push(tag).base)
    return [base for base in found if base is not None]


def parts_of(registry: Registry) -> frozenset[Digest]:
    return parts_listed(MEMORY, registry.tags(MEMORY.home))


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each third push makes a base."""
    monkeypatch.setattr(pushing, "MOST_DELTAS", 2)


@pytest.mark.usefixtures("often")
def test_the_tags_of_what_the_base_before_covered_go(registry: MemoryRegistry) -> None:
    """What a new base covers stays until the next one is made; manifests stay."""
    first, second = pushes(registry, range(4))
    assert len(parts_of(registry)) == 5, "four parts and the second base"
    before = parts_of(registry)
    (third,) = pushes(registry, range(4, 7))
    assert parts_of(registry) & before == {second}
    assert len(parts_of(registry)) == 5, "three new parts and two bases"
    assert registry.get_manifest(MEMORY.at(first)).digest == first
    pushes(registry, range(7, 40))
    assert len(parts_of(registry)) <= 7
    assert third not in parts_of(registry)
    assert len(_Machine(registry).pull().tags) == 40


@pytest.mark.usefixtures("often")
def test_a_reader_at_any_moment_of_a_push_that_takes_tags_away_reads_all() -> None:
    """And the push at any moment of the reader."""
    for number in range(40):
        registry = MemoryRegistry()
        pushes(registry, range(6))
        other = _Machine(registry).sees(OTHER, ARM)
        between = _Interleaved(registry, number, partial(other.push, OTHER))
        assert {*_Machine(between).pull().tags} >= {APP.tagged(str(each)) for each in range(6)}
        if between.calls <= number:
            break
    assert 5 < number < 39, "the pull made calls to come between"


@pytest.mark.usefixtures("often")
def test_a_writer_at_any_moment_of_whom_bases_are_made_is_not_lost() -> None:
    """Also if its part is covered and untagged before it looks whether that is listed."""
    for number in range(40):
        registry = MemoryRegistry()
        pushes(registry, range(3))
        between = _Interleaved(registry, number, partial(pushes, registry, range(3, 10)))
        _Machine(between).sees(OTHER, AMD).push(OTHER)
        if between.calls <= number:
            break
        assert len(_Machine(registry).pull().tags) == 11
    assert 10 < number < 39, "the push made calls to come between"


class _Paged(RegistryDecorator):
    """Lists tags in two pages; all new ones are of the first, which is from before ``push``."""

    def __init__(self, registry: Registry, push: Callable[[], object]) -> None:
        self._registry = registry
        self._push = push

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        return call(self._registry, reference)

    def tags(self, home: Home) -> tuple[str, ...]:
        before = self._registry.tags(home)
        self._push()
        return tuple(tag for tag in before if tag in self._registry.tags(home))


@pytest.mark.usefixtures("often")
def test_tags_that_go_while_they_are_listed_are_covered(registry: MemoryRegistry) -> None:
    pushes(registry, range(4))
    paged = _Paged(registry, partial(pushes, registry, range(4, 13)))
    assert len(_Machine(paged).pull().tags) == 13


@pytest.mark.usefixtures("often")
def test_a_writer_that_slept_over_two_bases_hides_nothing(registry: MemoryRegistry) -> None:
    old = pushes(registry, range(4))[-1]
    pushes(registry, range(4, 13))
    registry.put_manifest(MEMORY, registry.get_manifest(MEMORY.at(old)))
    assert old not in parts_of(registry)
    assert len(_Machine(registry).pull().tags) == 13
    pushes(registry, range(13, 20))
    assert len(_Machine(registry).pull().tags) == 20


@pytest.mark.usefixtures("often")
def test_a_base_without_a_tag_of_its_own_takes_none_away(registry: MemoryRegistry) -> None:
    """Another one could be put over it, and nobody would find it then."""
    _, second = pushes(registry, range(4))
    registry.delete_tag(part_reference(MEMORY, second), Expectation(second))
    before = parts_of(registry)
    pushes(registry, range(4, 7))
    assert parts_of(registry) > before


class _Keeping(RegistryDecorator):
    """Deletes no tags, as it says or by an error; counts how often it is asked."""

    def __init__(self, registry: Registry, error: ManyfestError | None) -> None:
        self._registry = registry
        self._error = error
        self.asked = 0

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        return call(self._registry, reference)

    def delete_tag(self, reference: Reference, expected: Expectation) -> bool:
        self.asked += 1
        if self._error:
            raise self._error
        return False


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("error", [None, RefusedError("r.example", "no", 400)])
def test_a_registry_that_keeps_tags_is_asked_for_one_with_each_base(error) -> None:
    keeping = _Keeping(MemoryRegistry(), error)
    assert len(pushes(keeping, range(10))) == 4
    assert keeping.asked == 2, "the first base covers nothing, and so the second takes nothing"
    assert len(_Machine(keeping).pull().tags) == 10
    assert len(parts_of(keeping)) == 13


def test_an_older_base_over_a_newer_one_hides_nothing(registry: MemoryRegistry) -> None:
    base = _Machine(registry).sees(APP, AMD).push(APP).base
    _Machine(registry).sees(OTHER, ARM).push(OTHER)
    registry.put_manifest(MEMORY, registry.get_manifest(MEMORY.at(base)))
    assert set(_Machine(registry).pull().tags) == {APP, OTHER}


class _Forgetful(RegistryDecorator):
    """Lists tags as they were before."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        return call(self._registry, reference)

    def tags(self, home: Home) -> tuple[str, ...]:
        return ()


def test_a_registry_that_never_lists_a_part_is_told(registry: MemoryRegistry) -> None:
    with pytest.raises(MergeUnsettledError):
        _Machine(_Forgetful(registry)).sees(APP, AMD).push(APP)


def put_part(registry: Registry, index: MemoryIndex, *content: bytes, kind: str = CONTENT_TYPE):
    """Put a part as a stranger makes it, under the memory's tag."""
    packed = encode_index(index)
    for blob in (packed, *content, b"{}"):
        registry.write_blob(
            MEMORY.at(Digest.of(blob)), len(blob), lambda blob=blob: open_bytes(blob)
        )
    listed = Descriptor(INDEX_TYPE, Digest.of(packed), len(packed))
    bundles = [Descriptor(kind, Digest.of(blob), len(blob)) for blob in content]
    part = make_part(listed, bundles, None)
    registry.put_manifest(MEMORY, part.manifest)


def bundle_of(*images: Image) -> Iterator[bytes]:
    """The bytes of a bundle with these images."""
    registry = MemoryRegistry()
    machine = _Machine(registry)
    for number, image in enumerate(images):
        machine.sees(APP.tagged(str(number)), image)
    machine.push(*(APP.tagged(str(number)) for number in range(len(images))))
    (bundle,) = read_memory(MEMORY, ports=machine.ports).base.content
    with registry.open_blob(MEMORY.at(bundle.digest), bundle.size) as chunks:
        return b"".join(chunks)


def span(digest: Digest) -> Observation:
    return Observation(APP, digest, NOW)


def test_a_state_without_its_manifest_is_left_out(registry: MemoryRegistry) -> None:
    put_part(registry, MemoryIndex((span(ARM.digest),)))
    machine = _Machine(registry)
    assert (machine.pull().lacking, machine.history(APP)) == (1, [])


def test_the_future_is_not_believed(registry: MemoryRegistry) -> None:
    late = evolve(span(AMD.digest), seen_at=NOW + timedelta(days=900))
    put_part(registry, MemoryIndex((late,), {AMD.digest: AMD.manifest.media_type}), bundle_of(AMD))
    machine = _Machine(registry)
    machine.pull(is_trusted=True)
    (seen,) = machine.ports.contents.history(APP)
    assert seen.seen_at == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("index", "content", "error"),
    [
        (MemoryIndex((), {AMD.digest: "text/html"}), bundle_of(AMD), DocumentError),
        (MemoryIndex((), {AMD.digest: media_types.OCI_INDEX}), bundle_of(AMD), DocumentError),
        (MemoryIndex((), {AMD.digest: AMD.manifest.media_type}), b"no archive", BundleError),
        (MemoryIndex((), {AMD.digest: AMD.manifest.media_type}), bundle_of(AMD)[:-40], BundleError),
    ],
)
def test_content_that_is_not_what_it_says_is_refused(
    registry: MemoryRegistry, index: MemoryIndex, content: bytes, error: type[ManyfestError]
) -> None:
    put_part(registry, index, content)
    machine = _Machine(registry)
    with pytest.raises(error):
        machine.pull()
    assert not machine.ports.store.held.manifests


def test_a_layer_of_another_type_is_refused(registry: MemoryRegistry) -> None:
    put_part(registry, MemoryIndex(), b"x", kind="application/x-tar")
    with pytest.raises(DocumentError, match="layer"):
        _Machine(registry).pull()


def test_a_manifest_with_other_bytes_is_refused(
    registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie = Manifest(AMD.manifest.media_type, ARM.manifest.data)
    object.__setattr__(lie, "digest", AMD.digest)
    monkeypatch.setattr("manyfest.adapters.bundles.tar_writer.verified_chunks", lambda c, *_: c)
    with TemporaryBundles().packed(_lying(lie)) as packed, packed.source() as chunks:
        content = b"".join(chunks)
    put_part(registry, MemoryIndex((), {AMD.digest: lie.media_type}), content)
    with pytest.raises(DigestMismatchError):
        _Machine(registry).pull()


def _lying(manifest: Manifest):
    from manyfest.domain.ports.bundles import BundleBlob, BundleContent

    blob = BundleBlob(manifest.digest, len(manifest.data), lambda: open_bytes(manifest.data))
    return BundleContent({}, (blob,))


def test_a_part_that_was_deleted_meanwhile_is_passed_over(registry: MemoryRegistry) -> None:
    _Machine(registry).sees(APP, AMD).push(APP)
    gone = part_reference(MEMORY, Digest.of(b"gone"))
    registry.put_manifest(gone, registry.get_manifest(MEMORY))
    assert _Machine(registry).pull().tags == (APP,)


def test_the_artifact_is_as_documented(registry: MemoryRegistry) -> None:
    _Machine(registry).sees(APP, AMD).push(APP)
    document = json.loads(registry.get_manifest(MEMORY).data)
    assert document["mediaType"] == media_types.OCI_MANIFEST
    assert document["artifactType"] == "application/vnd.manyfest.memory.v1"
    assert document["config"]["mediaType"] == media_types.OCI_EMPTY
    assert [layer["mediaType"] for layer in document["layers"]] == [INDEX_TYPE, CONTENT_TYPE]


def test_all_indexes_of_a_memory_share_one_limit(
    registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = _Machine(registry).sees(APP, AMD)
    machine.push(APP)
    machine.sees(OTHER, ARM).push(OTHER)
    parts = read_memory(MEMORY, ports=machine.ports).indexes
    sizes = [len(expand_index(encode_index(index), "i")) for index in parts.values()]
    assert len(sizes) == 2
    for limit, is_enough in ((sum(sizes), True), (sum(sizes) - 1, False)):
        monkeypatch.setattr("manyfest.domain.operations.memories.read_memory.INDEX_LIMIT", limit)
        with nullcontext() if is_enough else pytest.raises(DocumentError, match="when expanded"):
            read_memory(MEMORY, ports=machine.ports)


def test_a_bundle_that_is_listed_often_is_downloaded_once(
    registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {AMD.digest: AMD.manifest.media_type, ARM.digest: ARM.manifest.media_type}
    content = bundle_of(AMD)
    put_part(registry, MemoryIndex((), kinds), *[content] * 5)
    pulled = _Machine(registry).pull()
    assert (pulled.manifests, pulled.downloaded) == (1, len(content))
    limit = "manyfest.domain.operations.memories.pull_memory._CONTENT_LIMIT"
    other = bundle_of(LIST)
    put_part(registry, MemoryIndex((), kinds), content, other)
    monkeypatch.setattr(limit, len(content) + len(other) - 1)
    with pytest.raises(DocumentError, match="with the others"):
        _Machine(registry).pull()
