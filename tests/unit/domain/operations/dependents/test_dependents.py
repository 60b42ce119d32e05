"""What needs a digest, which images share its layers, and which may be its base."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_LAYER, OCI_MANIFEST
from manyfest.domain.operations.dependents import find
from manyfest.domain.operations.dependents.find import DependentKind, find_dependents
from manyfest.domain.operations.dependents.neighbours import find_neighbours
from manyfest.domain.references import Reference
from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryStore

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
AMD, ARM = oci_image("linux/amd64", text="amd64"), oci_image("linux/arm64", text="arm64")
LIST = oci_index(AMD, ARM)
NESTING = oci_index(LIST)
SBOM = oci_image(text="sbom", subject=AMD.manifest.descriptor().to_json())
APP = "r.example/app:1"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def ports(store) -> SimpleNamespace:
    return SimpleNamespace(contents=store.contents, drafts=store.drafts, layers=MemoryLayers())


def keep(store: MemoryStore, *manifests: Manifest, **tags: Manifest) -> None:
    with store.transaction():
        store.contents.keep_manifests(manifests)


def see(store: MemoryStore, name: str, manifest: Manifest, hours: int = 0) -> None:
    keep(store, manifest)
    with store.transaction():
        seen = Observation(Reference.parse(name), manifest.digest, NOW + timedelta(hours=hours))
        store.contents.observe([seen])


def found(ports, digest: Digest) -> list[tuple[DependentKind, str]]:
    return [(one.kind, one.name) for one in find_dependents(digest, ports=ports).found]


def test_an_image_is_needed_by_its_lists_and_by_their_tags(store, ports) -> None:
    see(store, APP, LIST.manifest)
    see(store, "other.example/app:1", NESTING.manifest)
    [tag, other, *lists] = find_dependents(ARM.digest, ports=ports).found
    assert (tag.name, other.name) == ("other.example/app:1", APP)
    assert {(one.kind, one.digest, one.platform) for one in lists} == {
        (DependentKind.LIST, LIST.digest, "linux/arm64"),
        (DependentKind.LIST, NESTING.digest, ""),
    }


def test_a_layer_leads_to_images_and_tags(store, ports) -> None:
    keep(store, AMD.manifest)
    see(store, APP, LIST.manifest)
    layer = AMD.manifest.layers[0].digest
    assert found(ports, layer) == [
        (DependentKind.TAG, APP),
        (DependentKind.LIST, str(LIST.digest)),
        (DependentKind.IMAGE, str(AMD.digest)),
    ]


def test_a_tag_that_moved_on_is_a_past_state(store, ports) -> None:
    for hours, manifest in enumerate((AMD.manifest, ARM.manifest, AMD.manifest, LIST.manifest)):
        see(store, APP, manifest, hours)
    past = [(DependentKind.PAST, f"{APP}@{{{number}}}") for number in (1, 3)]
    assert found(ports, AMD.digest) == [
        (DependentKind.TAG, APP),
        (DependentKind.LIST, str(LIST.digest)),
        *past,
    ]


def test_referrers_of_both_forms_are_found_and_lead_no_further(store, ports) -> None:
    see(store, APP, AMD.manifest)
    see(store, "r.example/app:sbom", SBOM.manifest)
    tag = f"r.example/app:sha256-{AMD.digest.hex}.sig"
    see(store, tag, ARM.manifest)
    assert found(ports, AMD.digest) == [
        (DependentKind.TAG, APP),
        (DependentKind.REFERRER, tag),
        (DependentKind.REFERRER, str(SBOM.digest)),
    ]


@pytest.mark.parametrize("needed", ["entry", "list", "pushed"])
def test_drafts_need_entries_lists_and_what_was_pushed(store, ports, needed) -> None:
    source = Reference.parse(APP)
    digest = {"entry": AMD.digest, "list": LIST.digest, "pushed": NESTING.digest}[needed]
    entry = Entry(source, AMD.manifest.descriptor(), LIST.digest)
    name = Reference.parse("r.example/new:1")
    draft = Draft(name, created_at=NOW, changed_at=NOW, entries=(entry,), pushed=NESTING.digest)
    with store.transaction():
        store.drafts.save(draft)
    assert found(ports, digest) == [(DependentKind.DRAFT, "r.example/new:1")]


def test_a_digest_that_nothing_knows_was_never_seen(store, ports) -> None:
    with pytest.raises(NeverSeenError):
        find_dependents(AMD.digest, ports=ports)
    keep(store, AMD.manifest)
    assert found(ports, AMD.digest) == []


def test_a_search_without_end_is_partial(store, ports, monkeypatch) -> None:
    monkeypatch.setattr(find, "LIMIT", 3)
    see(store, APP, AMD.manifest)
    keep(store, *(oci_index(AMD, annotations={"n": str(n)}).manifest for n in range(9)))
    answer = find_dependents(AMD.digest, ports=ports)
    assert not answer.is_complete
    assert len(answer.found) == 1 + 3


def image(*layers: str, **members) -> Manifest:
    described = [Descriptor(OCI_LAYER, Digest.of(one.encode()), 100).to_json() for one in layers]
    document = AMD.manifest.document | {"layers": described} | members
    return Manifest(OCI_MANIFEST, json.dumps(document).encode())


BASE, DEEPER, SIBLING = image("a"), image("a", "b"), image("a", "b", "x")
OWN = image("a", "b", "c")


def test_the_base_is_the_image_of_most_layers_at_the_beginning(store) -> None:
    keep(store, OWN, BASE, DEEPER, SIBLING, image("b"), image("a", "b", "c", "d"))
    found = find_neighbours(OWN, store.contents)
    assert found.base.digest == DEEPER.digest
    assert found.number == 5
    assert found.nearest[0].layers.size == 300


def test_an_image_with_the_same_layers_is_no_base_and_none_is_guessed(store) -> None:
    keep(store, OWN, image("a", "b", "c", annotations={"x": "y"}), SIBLING)
    assert find_neighbours(OWN, store.contents).base is None


def test_a_base_with_a_name_is_preferred(store) -> None:
    keep(store, OWN, DEEPER)
    twins = [image("a", "b", annotations={"n": str(number)}) for number in range(4)]
    keep(store, *twins)
    see(store, "debian:12", twins[2])
    found = find_neighbours(OWN, store.contents)
    assert (found.base.digest, found.base.names) == (
        twins[2].digest,
        ("docker.io/library/debian:12",),
    )


def test_what_the_image_states_of_its_base_is_read_from_labels_and_annotations(store) -> None:
    name, digest = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
    config = json.dumps({"config": {"Labels": {name: "label", digest: "sha256:1"}}}).encode()
    described = {**AMD.manifest.document["config"], "digest": str(Digest.of(config))}
    stating = image("a", config=described, annotations={name: "debian:12", digest: 7})
    keep(store, stating)
    with store.transaction():
        store.contents.keep_blobs([config])
    found = find_neighbours(stating, store.contents)
    assert (found.stated_base, found.stated_digest) == ("debian:12", "sha256:1")


def test_a_list_has_no_neighbours(store) -> None:
    keep(store, LIST.manifest, AMD.manifest)
    assert find_neighbours(LIST.manifest, store.contents).number == 0
