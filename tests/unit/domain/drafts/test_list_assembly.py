import pytest
from attrs import evolve

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.list_assembly import assemble, assemble_for_push, ordered_entries
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.errors import ListError
from manyfest.domain.manifests import SIZE_LIMIT
from tests.golden.generate import DRAFTS, draft, entry, golden_file


@pytest.mark.parametrize("name", DRAFTS)
def test_authored_bytes_are_those_of_the_golden_files(name: str) -> None:
    assert assemble(DRAFTS[name]).data == golden_file(name).read_bytes()


@pytest.mark.parametrize(
    ("name", "media_type"),
    {
        "empty": media_types.DOCKER_LIST,
        "docker_order": media_types.DOCKER_LIST,
        "oci_children": media_types.OCI_INDEX,
        "one_oci_child_of_two": media_types.OCI_INDEX,
        "annotations_make_an_index": media_types.OCI_INDEX,
        "a_docker_child_in_a_layout": media_types.OCI_INDEX,
    }.items(),
)
def test_the_type_follows_what_is_listed_and_where(name: str, media_type: str) -> None:
    made = assemble(DRAFTS[name])
    assert made.media_type == media_type
    assert made.document["mediaType"] == media_type


def test_a_layout_among_the_sources_keeps_the_order_given() -> None:
    given = draft(
        "r.example/l:1", entry("r.example/l:z", "linux/s390x"), entry("oci:/a:1", "linux/amd64")
    )
    assert ordered_entries(given) == given.entries


def test_a_draft_that_keeps_its_order_is_listed_in_it() -> None:
    given = [entry(f"r.example/l:{tag}", "linux/amd64") for tag in "zam"]
    kept = evolve(draft("r.example/l:1", *given), keeps_order=True)
    assert ordered_entries(kept) == tuple(given)


def test_docker_sorts_by_file_name_where_colon_is_hyphen_and_slash_is_underscore() -> None:
    # Sorted as plain text, these four stand in exactly another order.
    wanted = ["r.example/a:b", "r.example/a-c:d", "r.example/a0:b", "r.example/a/a:b"]
    given = [entry(source, "linux/amd64") for source in sorted(wanted)]
    assert sorted(wanted) != wanted
    ordered = ordered_entries(draft("r.example/l:1", *given))
    assert [str(one.source) for one in ordered] == wanted


def test_an_image_without_platform_is_refused_at_push_only() -> None:
    bare = draft("r.example/l:1", entry("r.example/l:a", None))
    assert assemble(bare).entries[0].platform is None
    with pytest.raises(ListError, match="r.example/l:a must have an OS and Architecture") as caught:
        assemble_for_push(bare)
    assert caught.value.name == "r.example/l:1"


@pytest.mark.parametrize("half", [Overrides(os="linux"), Overrides(architecture="arm64")])
def test_half_a_platform_is_refused_at_push(half: Overrides) -> None:
    with pytest.raises(ListError, match="must have an OS and Architecture"):
        assemble_for_push(draft("r.example/l:1", entry("r.example/l:a", None, overrides=half)))


def test_an_annotated_platform_is_enough() -> None:
    overrides = Overrides(os="linux", architecture="amd64")
    given = draft("r.example/l:1", entry("r.example/l:a", None, overrides=overrides))
    assert str(assemble_for_push(given).entries[0].platform) == "linux/amd64"


def test_an_entry_of_a_list_may_have_no_platform() -> None:
    artifact = entry("r.example/l:a", None, media_types.OCI_MANIFEST, Digest.of(b"list"))
    assert assemble_for_push(draft("r.example/l:1", artifact)).entries == (artifact.found,)


def test_an_empty_draft_is_refused_at_push_only() -> None:
    assert assemble(DRAFTS["empty"]).entries == ()
    with pytest.raises(ListError, match="has no entries") as caught:
        assemble_for_push(DRAFTS["empty"])
    assert caught.value.name == str(DRAFTS["empty"].name)


def test_4_mib_are_assembled_and_one_byte_more_is_not() -> None:
    def made(length: int) -> Draft:
        return draft("r.example/l:1", entry("r.example/l:a", "linux/amd64", note="x" * length))

    room = SIZE_LIMIT - assemble(made(0)).size
    assert assemble(made(room)).size == SIZE_LIMIT
    with pytest.raises(
        ListError, match=r"^the list would be 4194305 bytes long, registries take"
    ) as caught:
        assemble(made(room + 1))
    assert caught.value.name == "r.example/l:1"


def test_a_list_that_no_registry_would_take_is_refused() -> None:
    entries = (entry(f"r.example/l:{n}", "linux/amd64", note="x" * 500_000) for n in range(9))
    with pytest.raises(ListError, match="registries take 4194304"):
        assemble(draft("r.example/l:1", *entries))
