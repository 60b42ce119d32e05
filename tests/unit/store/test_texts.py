"""Texts of annotations and labels are written with the bytes, and gone with them."""

import json
import sqlite3
from contextlib import closing

import pytest

from manyfest.contracts.garbage_collector import DAY, NOW, see
from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_INDEX
from manyfest.domain.operations.store.collect_garbage import Retention, collect_garbage
from tests.support.stores.housekeeping import opened

IMAGE = oci_image("linux/amd64", annotations={"title": 'an "app" \u00e9\U0001f600', "n": "2"})
LIST = oci_index(IMAGE, annotations={"source": "https://example.com"})
TEXTS = "SELECT kind, manifest, text FROM texts ORDER BY kind, manifest"


@pytest.fixture
def kept(folder):
    with opened(folder / "store.db", query_timeout=30.0) as kept:
        yield kept


def ask(kept, question: str) -> list[tuple]:
    kept.store.close()
    with kept.queries.run(question) as answer:
        return [*answer.rows]


def keep(kept, *manifests: Manifest) -> None:
    with kept.contents.transaction():
        kept.contents.keep_manifests(manifests)


def test_annotations_of_a_manifest_are_one_text(kept) -> None:
    keep(kept, IMAGE.manifest, LIST.manifest, oci_image(text="none").manifest)
    found = {manifest: text for _, manifest, text in ask(kept, TEXTS)}
    assert found == {
        str(IMAGE.digest): 'title\nan "app" \u00e9\U0001f600\nn\n2',
        str(LIST.digest): "source\nhttps://example.com",
    }


def test_annotations_of_entries_are_in_the_text_of_their_list(kept) -> None:
    entries = [{"annotations": {"a": "b", "c": 7}}, {"annotations": []}, 3, {"annotations": None}]
    document = json.dumps({"annotations": {"x": "y"}, "manifests": entries})
    keep(kept, Manifest(OCI_INDEX, document.encode()))
    assert [text for _, _, text in ask(kept, TEXTS)] == ["x\ny\na\nb"]


def test_labels_are_found_by_the_image_of_their_config(kept) -> None:
    config = json.dumps({"os": "linux", "config": {"Labels": {"team": "core"}}}).encode()
    image = json.loads(IMAGE.manifest.data)
    image["config"]["digest"] = str(Digest.of(config))
    manifest = Manifest(IMAGE.manifest.media_type, json.dumps(image).encode())
    with kept.contents.transaction():
        kept.contents.keep_blobs([config, b'{"config": {"Labels": [1]}}', b'"Labels" is no JSON'])
    keep(kept, manifest)
    assert ask(kept, "SELECT * FROM texts WHERE kind = 'labels'") == [
        ("labels", str(manifest.digest), "team\ncore")
    ]


def test_texts_go_with_their_document(kept) -> None:
    see(kept.contents, "r.example/app:1", LIST)
    collect_garbage(kept.garbage, kept.drafts, Retention(DAY, NOW + 2 * DAY))
    assert ask(kept, TEXTS) == []


def test_texts_are_right_again_when_damaged_bytes_are_replaced(kept) -> None:
    keep(kept, LIST.manifest)
    before = ask(kept, TEXTS)
    with closing(sqlite3.connect(kept.store.path)) as connection, connection:
        connection.execute("UPDATE manifests SET data = x'00'")
    assert ask(kept, TEXTS) == []
    keep(kept, LIST.manifest)
    assert ask(kept, TEXTS) == before


@pytest.mark.parametrize(
    "data", [b'{"annotations": ', b'{"annotations": {"a": "\\ud800"}}', b"\xff"]
)
def test_whatever_the_bytes_the_manifest_is_kept(kept, data) -> None:
    keep(kept, Manifest(OCI_INDEX, data))
    assert len(ask(kept, TEXTS)) <= 1
    assert kept.contents.manifest(Digest.of(data)).data == data
