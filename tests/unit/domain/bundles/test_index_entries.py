"""The index of a bundle: images by name, each once, with the times of their observations."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from manyfest.contracts.images import oci_image
from manyfest.domain import media_types
from manyfest.domain.bundles.index_entries import (
    IMAGE_NAME,
    REF_NAME,
    decode_index,
    encode_entry,
    encode_index,
    observation_of,
    reference_of,
)
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import BundleError, DocumentError
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference

AMD, ARM = oci_image("linux/amd64").manifest, oci_image("linux/arm64").manifest
APP, WEB = Reference.parse("r.example/app:1"), Reference.parse("r.example/web:1")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def named(**annotations: str) -> Descriptor:
    return evolve(AMD.descriptor(), others={"annotations": annotations})


def test_an_index_that_is_new_says_what_it_is() -> None:
    assert json.loads(b"".join(encode_index({}))) == {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_INDEX,
        "manifests": [],
    }


def test_an_entry_takes_the_place_of_those_of_its_name_and_all_else_stays() -> None:
    existing = {
        "annotations": {"who": "ü"},
        "manifests": [
            named(**{REF_NAME: str(APP)}).to_json(),
            named(**{REF_NAME: str(WEB)}).to_json(),
            AMD.descriptor().to_json(),
            None,
        ],
    }
    entry = encode_entry(ARM.descriptor(), APP, None)
    written = b"".join(encode_index({str(APP): entry}, json.dumps(existing).encode()))
    document = json.loads(written)
    assert document["manifests"] == [
        *existing["manifests"][1:],
        json.loads(entry),
    ]
    assert document["annotations"] == existing["annotations"]
    assert "ü".encode() in written


@pytest.mark.parametrize("name", [[], {}, 1, None])
def test_an_entry_whose_name_is_no_text_stays(name) -> None:
    existing = {"manifests": [{"annotations": {REF_NAME: name}}]}
    entry = encode_entry(AMD.descriptor(), APP, None)
    written = b"".join(encode_index({str(APP): entry}, json.dumps(existing).encode()))
    assert json.loads(written)["manifests"] == [*existing["manifests"], json.loads(entry)]


def test_what_is_no_index_is_named() -> None:
    with pytest.raises(DocumentError, match="index.json.*is not an OCI index"):
        decode_index(b'{"schemaVersion": 1, "manifests": []}')
    for read in (decode_index, lambda data: encode_index({}, data)):
        with pytest.raises(DocumentError, match="index.json"):
            read(b"{")
    with pytest.raises(DocumentError, match=r"index.json: manifests\[0\]"):
        decode_index(b'{"schemaVersion": 2, "manifests": [{}]}')
    with pytest.raises(DocumentError, match="^index.json: manifests: not a list$"):
        decode_index(b'{"schemaVersion": 2, "manifests": {"a": 1}}')


NAMES = {
    "a host": ("r.example/app:1", "r.example/app:1"),
    "this machine": ("localhost/app:1", "localhost/app:1"),
    "a port": ("h:5000/app:1", "h:5000/app:1"),
    "a folder": ("team/v1.0/app:2", "r.example/x:2"),
    "a tag": ("v1.0", "r.example/x:v1.0"),
}


@pytest.mark.parametrize(("text", "name"), NAMES.values(), ids=NAMES)
def test_a_name_says_its_registry_as_docker_tells_one(text: str, name: str) -> None:
    place = Reference.parse("r.example/x:1").home
    assert str(reference_of(named(**{REF_NAME: text}), "a bundle", place)) == name


# What an image is called, and what is said of that.
BAD_NAMES = {
    "of no registry known": ({REF_NAME: "v1.0"}, "calls an image 'v1.0', of no repository"),
    "invalid": ({IMAGE_NAME: "A B"}, "has an image with an invalid name: "),
    "a folder's": ({IMAGE_NAME: "oci:dir:1"}, "has an image that is of no registry: 'oci:dir:1'"),
    "another digest's": (
        {IMAGE_NAME: f"r.example/app@{ARM.digest}"},
        f"calls {AMD.digest} r.example/app@{ARM.digest}",
    ),
}


@pytest.mark.parametrize(("annotations", "reason"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_name_that_cannot_be_taken_is_told_with_its_bundle(annotations, reason: str) -> None:
    with pytest.raises(BundleError) as caught:
        reference_of(named(**annotations), "b.tar", None)
    assert caught.value.path == "b.tar"
    assert caught.value.reason.startswith(reason)


def test_a_list_of_referrers_has_no_name() -> None:
    assert reference_of(named(**{IMAGE_NAME: f"sha256-{'0' * 64}"}), "a bundle", None) is None


def test_when_it_was_seen_comes_back() -> None:
    seen = Observation(APP, AMD.digest, NOW, NOW - HOUR)
    text = json.loads(encode_entry(AMD.descriptor(), APP, seen))
    entry = Descriptor.from_json(text, "the entry")
    claim = evolve(seen, is_claimed=True)
    assert observation_of(entry, APP, "a bundle", NOW + HOUR) == claim
    assert observation_of(entry, APP, "a bundle", NOW - 2 * HOUR) == Observation(
        APP, AMD.digest, NOW - 2 * HOUR, is_claimed=True
    )
