"""``index.json``: names are found and given, and what others wrote in it stays."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.adapters.oci_layout.index_json import EMPTY, REF_NAME, IndexJson
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, oci_index, push_image
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import LayoutError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import DOCKER_LIST, OCI_INDEX, OCI_MANIFEST
from manyfest.domain.references import Reference

CHILD = Descriptor(OCI_INDEX, Digest.of(b"child"), 5)


def entry(text: str, name: str | None = None, **members):
    named = {} if name is None else {"annotations": {REF_NAME: name}}
    descriptor = Descriptor(OCI_MANIFEST, Digest.of(text.encode()), len(text))
    return descriptor.to_json() | named | members


def document(*entries, **members):
    return {"schemaVersion": 2, "manifests": list(entries)} | members


def nothing(_listed):
    """Read documents of a layout that has none."""


def parsed(value) -> IndexJson:
    return IndexJson.parse(json.dumps(value).encode(), "/layouts/app")


TWO = document(entry("a", "v1"), entry("b", "v2"), entry("c"))
SAME_TWICE = document(entry("a", "v1"), entry("a", "v2"))


@pytest.mark.parametrize(
    ("index", "name", "text"),
    [
        pytest.param(TWO, "v1", "a", id="first"),
        pytest.param(TWO, "v2", "b", id="second"),
        pytest.param(document(entry("a", "v1")), None, "a", id="the only one, named"),
        pytest.param(document(entry("a")), None, "a", id="the only one, without a name"),
        pytest.param(SAME_TWICE, None, "a", id="the only one under two names"),
        pytest.param(document(entry("a", "v1"), entry("a", "v1")), "v1", "a", id="said twice"),
    ],
)
def test_a_name_is_found(index, name, text):
    assert parsed(index).find(name, nothing).digest == Digest.of(text.encode())


@pytest.mark.parametrize("name", ["v3", "", "V1", "v"])
def test_another_name_is_not_found(name):
    assert parsed(TWO).find(name, nothing) is None


def test_an_empty_layout_has_no_only_image():
    assert IndexJson.parse(EMPTY, "/layouts/app").find(None, nothing) is None
    assert parsed({"schemaVersion": 2, "manifests": None}).find(None, nothing) is None


def test_no_name_for_several_images_lists_them():
    with pytest.raises(LayoutError, match=r"choose one: v1 sha256:.*, v2 sha256:.*, \(no name\)"):
        parsed(TWO).find(None, nothing)


def test_one_name_for_two_images_is_refused():
    index = parsed(document(entry("a", "v1"), entry("b", "v1"), entry("c", "v2")))
    with pytest.raises(LayoutError, match=f"{Digest.of(b'a')}.*{Digest.of(b'b')}"):
        index.find("v1", nothing)
    assert index.find("v2", nothing) is not None


REFUSED = {
    "empty": b"",
    "not JSON": b"{",
    "a list": b"[]",
    "other encoding": json.dumps(document()).encode("utf-16"),
    "byte-order mark": b"\xef\xbb\xbf" + json.dumps(document()).encode(),
    "key twice": b'{"schemaVersion": 2, "manifests": [], "manifests": []}',
    "no schemaVersion": b'{"manifests": []}',
    "schemaVersion 1": document(schemaVersion=1),
    "an image": document(mediaType=OCI_MANIFEST),
    "a Docker list": document(mediaType=DOCKER_LIST),
    "image members": document(config={}, layers=[]),
    "manifests is an object": {"schemaVersion": 2, "manifests": {"a": 1}},
    "over 4 MiB": document(x="x" * (4 * 1024 * 1024)),
    "entry is a text": document("sha256:abc"),
    "entry without digest": document({"mediaType": OCI_MANIFEST, "size": 1}),
    "annotations are a list": document(entry("a", annotations=["v1"])),
    "name is a number": document(entry("a", annotations={REF_NAME: 1})),
    "size is a text": document(entry("a", size="1")),
    "size is negative": document(entry("a", size=-1)),
    "digest climbs up": document(entry("a", digest="sha256:../../../etc/passwd")),
    "digest is a path": document(entry("a", digest="sha256/../../x")),
    "digest is absolute": document(entry("a", digest="/etc/passwd")),
    "algorithm climbs up": document(entry("a", digest="../x:" + "a" * 64)),
    "hex in upper case": document(entry("a", digest="sha256:" + "A" * 64)),
    "hex with a newline": document(entry("a", digest="sha256:" + "a" * 64 + "\n")),
    "hex too short": document(entry("a", digest="sha256:" + "a" * 63)),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_is_no_index_is_refused(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(LayoutError, match=r"/layouts/app: index\.json"):
        IndexJson.parse(data, "/layouts/app")


def test_an_index_with_docker_s_type_is_refused_with_the_right_one():
    with pytest.raises(LayoutError, match=f"write {re.escape(OCI_INDEX)} as its mediaType"):
        parsed(document(mediaType=DOCKER_LIST))


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_an_index_or_refused(data):
    try:
        IndexJson.parse(data, "/layouts/app")
    except LayoutError:
        return


NAMES = st.sampled_from([None, "v1", "v2", "v3"])
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "artifactType": st.just("application/vnd.example"),
        "platform": st.just({"os": "ü", "architecture": "", "x-unknown": [1]}),
        "x-unknown": st.just({"ü": None}),
    },
)
ENTRIES = st.builds(
    lambda text, name, members: entry(text, name, **members),
    st.sampled_from("abcd"),
    NAMES,
    MEMBERS,
)
DOCUMENTS = st.builds(
    lambda entries, members: document(*entries, **members),
    st.lists(ENTRIES, max_size=6),
    st.dictionaries(st.sampled_from(["annotations", "x", "y"]), st.just({"k": "v"})),
)


def reference_of(value):
    return value.get("annotations", {}).get(REF_NAME)


@given(DOCUMENTS, st.sampled_from(["v1", "v2", "v3"]))
def test_naming_changes_this_name_and_nothing_else(before, name):
    after = json.loads(parsed(before).with_name(name, CHILD))

    assert parsed(after).find(name, nothing).digest == CHILD.digest
    assert after | {"manifests": []} == before | {"manifests": []}
    assert list(after) == list(before)
    others = [value for value in before["manifests"] if reference_of(value) != name]
    assert [value for value in after["manifests"] if reference_of(value) != name] == others


@given(DOCUMENTS)
def test_a_name_keeps_its_place(before):
    names = list(dict.fromkeys(map(reference_of, before["manifests"])))
    for name in filter(None, names):
        after = json.loads(parsed(before).with_name(name, CHILD))
        assert list(dict.fromkeys(map(reference_of, after["manifests"]))) == names


def test_a_new_entry_is_a_descriptor_with_its_name():
    after = json.loads(IndexJson.parse(EMPTY, "/layouts/app").with_name("v1", CHILD))
    assert after == {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            {
                "mediaType": OCI_INDEX,
                "size": 5,
                "digest": str(CHILD.digest),
                "annotations": {REF_NAME: "v1"},
            }
        ],
    }


def test_an_entry_that_says_so_already_stays_as_it_is():
    known = entry("a", "v1", **{"x-unknown": 1})
    child = Descriptor(OCI_MANIFEST, Digest.of(b"a"), 1)
    after = json.loads(parsed(document(known)).with_name("v1", child))
    assert after["manifests"] == [known]


def test_the_nameless_entry_is_replaced():
    after = parsed(json.loads(parsed(TWO).with_name(None, CHILD)))
    assert [each.digest for each in after.entries] == [
        *(Digest.of(b"a"), Digest.of(b"b")),
        CHILD.digest,
    ]


def test_several_nameless_entries_are_no_place_to_write():
    with pytest.raises(LayoutError, match="several images without a name"):
        parsed(document(entry("a"), entry("b"))).with_name(None, CHILD)


def test_an_index_does_not_outgrow_what_can_be_read():
    index = parsed(document(entry("a", "v1"), x="x" * (4 * 1024 * 1024 - 300)))
    with pytest.raises(LayoutError, match="4 MiB"):
        index.with_name("v2", CHILD)


def test_an_index_that_has_not_changed_is_parsed_once(monkeypatch, tmp_path):
    layout, images = tmp_path / "layout", [oci_image(text=str(number)) for number in range(5)]
    registry = LayoutRegistry()
    place = Reference.parse(f"oci:{layout}:x")
    push_image(registry, place, oci_index(*images))
    parsings = []
    received = Manifest.received

    def counted(data, content_type, subject, *others):
        parsings.append(subject)
        return received(data, content_type, subject, *others)

    monkeypatch.setattr(Manifest, "received", counted)
    for image in images:
        registry.get_manifest(place.at(image.digest))
    assert parsings.count("index.json") <= 1
