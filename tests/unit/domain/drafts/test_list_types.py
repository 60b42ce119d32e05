"""The family of a list, and lists that were not changed."""

import pytest
from attrs import evolve

from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index, oddly_spelled
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.drafts.list_assembly import assemble
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.errors import ListError
from manyfest.domain.manifests import Manifest
from tests.golden.generate import NOW, draft, entry

DOCKER, OCI = media_types.DOCKER_LIST, media_types.OCI_INDEX
IMAGE = entry("r.example/l:a", "linux/amd64")
OCI_IMAGE = entry("r.example/l:b", "linux/arm64", media_types.OCI_MANIFEST)
ANNOTATED = evolve(IMAGE, overrides=Overrides(annotations=(("k", "v"),)))


@pytest.mark.parametrize(
    ("made", "media_type"),
    [
        (draft("r.example/l:1", IMAGE), DOCKER),
        (draft("r.example/l:1", IMAGE).of_type(ListType.OCI, NOW), OCI),
        (draft("r.example/l:1", IMAGE, OCI_IMAGE), OCI),
        (draft("r.example/l:1", IMAGE, OCI_IMAGE).of_type(ListType.DOCKER, NOW), DOCKER),
        (draft("r.example/l:1", ANNOTATED), OCI),
        (draft("r.example/l:1", IMAGE).index_annotated(IndexOverrides("a/b"), NOW), OCI),
        (evolve(draft("r.example/l:1", IMAGE), index_found={"annotations": {"k": "v"}}), OCI),
        (evolve(draft("r.example/l:1", IMAGE), index_found={"x": 1}), DOCKER),
        (draft("oci:/l:1", IMAGE), OCI),
        (draft("oci:/l:1", IMAGE).of_type(ListType.DOCKER, NOW), DOCKER),
    ],
)
def test_the_type_is_as_wished_or_as_needed(made, media_type: str) -> None:
    assert assemble(made).media_type == media_type


@pytest.mark.parametrize(
    ("made", "member"),
    [
        (draft("r.example/l:1", ANNOTATED), "annotations"),
        (draft("r.example/l:1", IMAGE).index_annotated(IndexOverrides("a/b"), NOW), "artifactType"),
        (
            draft("r.example/l:1", IMAGE).index_annotated(IndexOverrides(subject=IMAGE.found), NOW),
            "subject",
        ),
        (draft("r.example/l:1", entry("r.example/l:a", "linux/amd64", data="e30=")), "data"),
        (
            draft("r.example/l:1", entry("r.example/l:a", "linux/amd64", artifactType="a/b")),
            "artifactType",
        ),
    ],
)
def test_what_a_docker_list_cannot_carry_is_named(made, member: str) -> None:
    with pytest.raises(ListError, match=f"a Docker manifest list cannot carry {member}") as caught:
        assemble(made.of_type(ListType.DOCKER, NOW))
    assert caught.value.name == "r.example/l:1"


def test_a_lists_own_members_follow_its_entries() -> None:
    subject = Descriptor(media_types.OCI_MANIFEST, IMAGE.found.digest, 3)
    said = IndexOverrides("a/b", subject, (("k", "v"),))
    document = assemble(draft("r.example/l:1", IMAGE).index_annotated(said, NOW)).document
    assert list(document) == [
        *("schemaVersion", "mediaType", "manifests", "artifactType", "subject", "annotations"),
    ]


INDEX = oddly_spelled(oci_index(oci_image("linux/amd64"), oci_image("linux/arm64"), annotations={}))
LIST = oddly_spelled(docker_list(docker_image("linux/amd64")))


def taken_apart(manifest: Manifest, name: str = "r.example/l:1"):
    made = draft(name, *(_entry(manifest, descriptor) for descriptor in manifest.entries))
    return evolve(made, index_found={"x": 1})


def _entry(manifest: Manifest, descriptor: Descriptor):
    return evolve(entry("r.example/i:1", None), found=descriptor, list_digest=manifest.digest)


@pytest.mark.parametrize("manifest", [INDEX.manifest, LIST.manifest], ids=["index", "list"])
def test_a_list_that_nothing_was_changed_of_is_that_list_to_the_byte(manifest: Manifest) -> None:
    made = taken_apart(manifest)
    assert assemble(made, {manifest.digest: manifest}.get) == manifest
    assert assemble(made).data != manifest.data  # its bytes are not at hand


CHANGES = {
    "an entry less": lambda made: made.minus(made.entries[:1], NOW),
    "an entry more": lambda made: evolve(made, entries=(*made.entries, OCI_IMAGE)),
    "another order": lambda made: evolve(made, entries=made.entries[::-1]),
    "annotated": lambda made: made.annotated(made.entries[0], Overrides(variant="v9"), NOW),
    "itself annotated": lambda made: made.index_annotated(IndexOverrides("a/b"), NOW),
    "another type": lambda made: made.of_type(ListType.DOCKER, NOW),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_any_change_makes_a_new_list(change) -> None:
    made = change(taken_apart(INDEX.manifest))
    assert assemble(made, {INDEX.digest: INDEX.manifest}.get).data != INDEX.manifest.data


@pytest.mark.parametrize("entries", [(), (IMAGE,), (OCI_IMAGE, IMAGE)], ids=len)
def test_what_is_of_no_list_is_looked_for_nowhere(entries) -> None:
    looked_for = []
    assemble(draft("r.example/l:1", *entries), looked_for.append)
    assert looked_for == []


def test_a_docker_list_is_authored_anew_for_a_layout() -> None:
    made = taken_apart(LIST.manifest, "oci:/l:1")
    assert assemble(made, {LIST.digest: LIST.manifest}.get).media_type == OCI
