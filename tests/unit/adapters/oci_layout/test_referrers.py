"""Referrers in a layout: their lists stand under tags, and are no images."""

import json
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout import layout_reader
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, oci_index, push_image, referrer
from manyfest.domain.errors import DocumentError
from manyfest.domain.lists.referrers import referrers_tag
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference

SUBJECT = oci_image(text="subject")


@pytest.fixture
def home(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path / "layout"))


def names(home: Layout) -> list[str | None]:
    document = json.loads(Path(home.directory, "index.json").read_bytes())
    entries = document["manifests"]
    return [e.get("annotations", {}).get("org.opencontainers.image.ref.name") for e in entries]


def test_a_list_of_referrers_is_not_the_layouts_only_image(home: Layout) -> None:
    registry, sbom = LayoutRegistry(), referrer(SUBJECT)
    push_image(registry, Reference(home), SUBJECT)
    push_image(registry, Reference(home, None, sbom.digest), sbom)
    assert names(home) == [None, f"sha256-{SUBJECT.digest.hex}"]
    assert registry.get_manifest(Reference(home)) == SUBJECT.manifest


def test_referrers_that_only_the_index_lists_are_found(home: Layout) -> None:
    registry, sbom = LayoutRegistry(), referrer(SUBJECT)
    push_image(registry, Reference(home, "v1"), SUBJECT)
    push_image(registry, Reference(home, "sbom"), sbom)
    index = Path(home.directory, "index.json")
    document = json.loads(index.read_bytes())
    entries = [entry for entry in document["manifests"] if "sha256-" not in str(entry)]
    gone = dict(entries[0]) | {"digest": f"sha256:{'0' * 64}"}
    foreign = dict(gone) | {"mediaType": "application/vnd.example"}
    index.write_text(json.dumps(document | {"manifests": [foreign, gone, *entries]}))
    found = registry.referrers(Reference(home, None, SUBJECT.digest))
    assert [entry.digest for entry in found] == [sbom.digest]


def test_entries_and_members_of_others_stay_in_a_list_of_referrers(home: Layout) -> None:
    registry, first, second = LayoutRegistry(), referrer(SUBJECT), referrer(SUBJECT, "more")
    tag = referrers_tag(Reference(home, None, SUBJECT.digest))
    push_image(registry, tag, oci_index(first, annotations={"kept": "yes"}))
    push_image(registry, Reference(home, None, second.digest), second)
    listed = registry.get_manifest(tag)
    assert listed.document["annotations"] == {"kept": "yes"}
    assert {e.digest for e in listed.entries} == {first.digest, second.digest}
    push_image(registry, Reference(home, None, second.digest), second)
    assert registry.get_manifest(tag) == listed


def test_an_image_under_the_tag_is_not_overwritten(home: Layout) -> None:
    registry, sbom = LayoutRegistry(), referrer(SUBJECT)
    tag = referrers_tag(Reference(home, None, SUBJECT.digest))
    push_image(registry, tag, SUBJECT)
    with pytest.raises(DocumentError, match=f"{tag}: the referrers tag is not"):
        push_image(registry, Reference(home, None, sbom.digest), sbom)
    assert registry.get_manifest(tag) == SUBJECT.manifest
    assert registry.referrers(tag.at(SUBJECT.digest)) == ()


@pytest.mark.parametrize("count", [20, 40])
def test_the_entries_of_the_index_are_read_once_for_all_subjects(
    home: Layout, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list may have 26,000 images; each is asked about, and the list is an entry of its own."""
    registry = LayoutRegistry()
    images = [oci_image(text=str(number)) for number in range(count)]
    push_image(registry, Reference(home, "list"), oci_index(*images))
    read: list[str] = []
    received = layout_reader.received_manifest

    def counted(data: bytes, *arguments: str) -> Manifest:
        read.append(arguments[0])
        return received(data, *arguments)

    monkeypatch.setattr(layout_reader, "received_manifest", counted)
    for image in images:
        assert registry.referrers(Reference(home, None, image.digest)) == ()
    assert len(read) == 1


def test_a_referrer_that_comes_after_its_entry_is_found(home: Layout, tmp_path: Path) -> None:
    registry = LayoutRegistry()
    push_image(registry, Reference(home, "a"), SUBJECT)
    referrer = oci_image(text="signature", subject=SUBJECT.manifest.descriptor().to_json())
    push_image(registry, Reference(home, "s"), referrer)
    file = Path(home.directory, "blobs", "sha256", referrer.digest.hex)
    data = file.read_bytes()
    file.unlink()
    tag = referrers_tag(Reference(home, None, SUBJECT.digest))
    registry.put_manifest(tag, oci_index().manifest)
    subject = Reference(home, None, SUBJECT.digest)
    assert registry.referrers(subject) == ()
    file.write_bytes(data)
    assert [found.digest for found in registry.referrers(subject)] == [referrer.digest]
