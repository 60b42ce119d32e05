"""Drafts as they travel: all of them comes back, and what nobody understands is refused."""

import json

import pytest
from attrs import evolve
from hypothesis import given

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.draft_json import decode_drafts, encode_drafts
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.errors import DocumentError
from manyfest.domain.references import Reference
from tests.property import strategies
from tests.property.strategies import NOW

FOUND = Descriptor("a/b", Digest.of(b"child"), 5, others={"annotations": {"k": "v"}})
DRAFT = Draft(
    name=Reference.parse("r.example/list:1"),
    created_at=NOW,
    changed_at=NOW,
    entries=(
        Entry(
            Reference.parse("r.example/a:1"),
            FOUND,
            Digest.of(b"list"),
            Overrides(
                os="linux",
                os_features=("f",),
                annotations=(("k", "w"),),
                unset=("variant",),
                converted=Descriptor("c/d", Digest.of(b"converted"), 9),
            ),
        ),
    ),
    pushed=Digest.of(b"pushed"),
    keeps_order=True,
    list_type=ListType.OCI,
    index_found={"artifactType": "x/y"},
    index=IndexOverrides(artifact_type="z/z", subject=FOUND, annotations=(("a", "b"),)),
)


@given(strategies.drafts())
def test_every_draft_comes_back(draft):
    assert decode_drafts(encode_drafts([draft]), "drafts.json") == (draft,)


def test_every_member_comes_back():
    (back,) = decode_drafts(encode_drafts([DRAFT]), "drafts.json")
    assert back == DRAFT
    assert back.entries[0].found.others == FOUND.others


def document(**members):
    (draft,) = json.loads(encode_drafts([DRAFT]))["drafts"]
    return {"version": 1, "drafts": [draft | members]}


ENTRY = document()["drafts"][0]["entries"][0]


def saying(**overrides):
    return document(entries=[ENTRY | {"overrides": overrides}])


# Name, document, reason.
WRONG = {
    "another version": (document() | {"version": 2}, "has version 2, not 1"),
    "no version": ({"drafts": []}, "has version None, not 1"),
    "two of a name": (
        {"version": 1, "drafts": document()["drafts"] * 2},
        "two drafts have one name",
    ),
    "no list of drafts": ({"version": 1, "drafts": {}}, "no draft: not a list"),
    "no drafts": ({"version": 1}, "a draft has no member 'drafts'"),
    "no draft": ({"version": 1, "drafts": [5]}, "no draft: "),
    "a name that is none": (document(name="A B"), "no draft: invalid reference format"),
    "a name with a digest": (
        document(name=f"a@{Digest.of(b'x')}"),
        "has a digest, which the name of a draft cannot have",
    ),
    "a time without a zone": (document(created="2026-01-01"), "a time without a zone: 2026-01-01"),
    "a time that is none": (document(changed=5), "no draft: "),
    "a digest that is none": (document(pushed="x"), "no draft: invalid digest 'x'"),
    "a type nobody knows": (document(type="both"), "no draft: 'both'"),
    "an index that is none": (document(index=[]), "no draft: "),
    "no source": (
        document(entries=[{key: ENTRY[key] for key in ENTRY if key != "source"}]),
        "a draft has no member 'source'",
    ),
    "something said nobody knows": (saying(cpu="x"), "an unknown member: cpu"),
    "something said of another form": (saying(os=5), "not a string"),
    "features that are a text": (saying(os_features="f"), "not a list"),
    "features that are no texts": (saying(os_features=[5]), "not a string"),
    "annotations of three": (
        saying(annotations=[["a", "b", "c"]]),
        "an annotation is a key and a value",
    ),
    "nothing to unset": (saying(unset=["os"]), "'os' cannot be unset"),
    "annotations that are a text": (saying(annotations="a"), "r.example/list:1: not a list"),
    "an annotation that is a text": (saying(annotations=["a"]), "r.example/list:1: not a list"),
    "an annotation of numbers": (saying(annotations=[[1, 2]]), "r.example/list:1: not a string"),
    "an entry that is no descriptor": (
        document(entries=[ENTRY | {"found": {}}]),
        "r.example/list:1.mediaType: missing",
    ),
    "something said of an index nobody knows": (
        document(index={"found": {}, "overrides": {"cpu": "x"}}),
        "r.example/list:1: an unknown member: cpu",
    ),
    "something said of an index that is no object": (
        document(index={"found": {}, "overrides": []}),
        "r.example/list:1: not an object",
    ),
    "overrides that are none": (document(entries=[ENTRY | {"overrides": []}]), "not an object"),
}


@pytest.mark.parametrize(("wrong", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_not_of_the_form_is_refused_by_name(wrong, reason):
    with pytest.raises(DocumentError) as caught:
        decode_drafts(json.dumps(wrong).encode(), "drafts.json")
    assert caught.value.subject.startswith("drafts.json")
    assert reason in str(caught.value)


def test_the_file_is_readable_and_its_drafts_are_sorted_by_name():
    other = evolve(DRAFT, name=Reference.parse("r.example/a:1"), index_found={"note": "é"})
    data = encode_drafts([DRAFT, other])
    assert [str(draft.name) for draft in decode_drafts(data, "x")] == [
        str(other.name),
        str(DRAFT.name),
    ]
    assert data.startswith(b'{\n "version": 1,\n "drafts": [\n  {\n')
    assert data.endswith(b"}\n")
    assert '"note": "é"'.encode() in data
