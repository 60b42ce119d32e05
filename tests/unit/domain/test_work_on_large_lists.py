"""The work on lists of thousands of entries grows with their number, not with its square."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.domain.comparison.entries import dangling_change, pair_entries
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_INDEX, OCI_MANIFEST
from manyfest.domain.merging.intent import Intent
from manyfest.domain.merging.merged_list import merged_list
from manyfest.domain.operations.publication.compose_specs import compose_specs
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec
from tests.support.ports import PlainPorts

COUNT = 300
NAME = Reference.parse("r.example/a:t")
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def entry(name: str, **others: object) -> Descriptor:
    return Descriptor(OCI_MANIFEST, Digest.of(name.encode()), 1, **others)


def images(name: str) -> list[Descriptor]:
    return [entry(f"{name} {number}") for number in range(COUNT)]


def attestations(name: str, image: str = "sha256:none") -> list[Descriptor]:
    mark = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image,
    }
    return [entry(f"{name} {n}", others={"annotations": mark}) for n in range(COUNT)]


def merge() -> None:
    intents = [Intent("t", images("new"), NOW, {})]
    assert len(merged_list(NAME, None, images("old"), intents).entries) == 2 * COUNT


def diff_of_dangling() -> None:
    assert len(dangling_change(attestations("old"), attestations("new")).added) == COUNT


def diff_of_attested() -> None:
    """One image for many platforms, of which each attestation is reported once."""
    image = entry("image")
    listed = [
        entry("image", platform=Platform("linux", f"arch{number}")) for number in range(COUNT)
    ]
    before, after = (attestations(name, str(image.digest)) for name in ("old", "new"))
    pairs = pair_entries([*listed, *before], [*listed, *after])
    assert sum(len(pair.attestations.added) for pair in pairs) == COUNT


def draft_changes() -> None:
    entries = [Entry(NAME, each, Digest.of(b"list")) for each in images("x")]
    draft = Draft(NAME, NOW, NOW).with_source(NAME, entries, NOW).with_source(NAME, entries, NOW)
    assert draft.minus(entries, NOW).entries == ()


def release() -> None:
    registry = MemoryRegistry()
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX}
    entries = [each.to_json() for each in images("x")]
    data = json.dumps({**document, "manifests": entries}).encode()
    registry.plant_manifest(NAME, Manifest(OCI_INDEX, data))
    spec = ListSpec(written="x", target=NAME, entries=(EntrySpec("x", NAME),))
    ports = PlainPorts(registry=registry)
    (made,) = compose_specs([spec], ports=ports, ignore_missing=False).publications
    assert len(made.draft.entries) == COUNT


@pytest.mark.parametrize(
    "work", [merge, diff_of_dangling, diff_of_attested, draft_changes, release]
)
def test_entries_are_compared_a_few_times_each(
    work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = [0]
    for kind in (Digest, Descriptor, Entry):
        counting = counted(kind.__eq__, compared)
        monkeypatch.setattr(kind, "__eq__", counting)
    work()
    assert compared[0] < 20 * COUNT


def counted(
    equal: Callable[[object, object], bool], compared: list[int]
) -> Callable[[object, object], bool]:
    def counting(self: object, other: object) -> bool:
        compared[0] += 1
        return equal(self, other)

    return counting
