"""Drafts as they travel: all of them comes back, and what nobody understands is refused."""

import json

import pytest
from hypothesis import given

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.draft_documents import drafts_bytes, drafts_in
from manyfest.domain.drafts import Draft, Entry, ListType
from manyfest.domain.errors import DocumentError
from manyfest.domain.index_members import IndexOverrides
from manyfest.domain.overrides import Overrides
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
                os="linux", os_features=("f",), annotations=(("k", "w"),), unset=("variant",)
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
    assert drafts_in(drafts_bytes([draft]), "drafts.json") == (draft,)


def test_every_member_comes_back():
    (back,) = drafts_in(drafts_bytes([DRAFT]), "drafts.json")
    assert back == DRAFT
    assert back.entries[0].found.others == FOUND.others


def document(**members):
    (draft,) = json.loads(drafts_bytes([DRAFT]))["drafts"]
    return {"version": 1, "drafts": [draft | members]}


ENTRY = document()["drafts"][0]["entries"][0]
WRONG = {
    "another version": document() | {"version": 2},
    "two of a name": {"version": 1, "drafts": document()["drafts"] * 2},
    "no list of drafts": {"version": 1, "drafts": {}},
    "no drafts": {"version": 1},
    "no draft": {"version": 1, "drafts": [5]},
    "a name that is none": document(name="A B"),
    "a name with a digest": document(name=f"a@{Digest.of(b'x')}"),
    "a time without a zone": document(created="2026-01-01"),
    "a time that is none": document(changed=5),
    "a digest that is none": document(pushed="x"),
    "a type nobody knows": document(type="both"),
    "an index that is none": document(index=[]),
    "no source": document(entries=[{key: ENTRY[key] for key in ENTRY if key != "source"}]),
    "something said nobody knows": document(entries=[ENTRY | {"overrides": {"cpu": "x"}}]),
    "something said of another form": document(entries=[ENTRY | {"overrides": {"os": 5}}]),
    "features that are a text": document(entries=[ENTRY | {"overrides": {"os_features": "f"}}]),
    "annotations of three": document(
        entries=[ENTRY | {"overrides": {"annotations": [["a", "b", "c"]]}}]
    ),
    "nothing to unset": document(entries=[ENTRY | {"overrides": {"unset": ["os"]}}]),
    "overrides that are none": document(entries=[ENTRY | {"overrides": []}]),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_not_of_the_form_is_refused_by_name(wrong):
    with pytest.raises(DocumentError, match="drafts.json"):
        drafts_in(json.dumps(wrong).encode(), "drafts.json")
