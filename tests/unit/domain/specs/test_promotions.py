"""Files of promotions: digests and the tags that they get."""

import pytest

from manyfest.adapters.image_files.yaml_trees import trees
from manyfest.domain.digests import Digest
from manyfest.domain.errors import SpecError
from manyfest.domain.specs.promotions import PromotedImage, promotions_in

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


def read(text: str) -> tuple[PromotedImage, ...]:
    (document,) = trees(text, "f.yaml")
    return promotions_in(document, "f.yaml")


LISTED = f"- name: team/app\n  dmap:\n    '{ONE}': ['1.10', latest]\n    '{TWO}': []\n"


@pytest.mark.parametrize(
    "text", [LISTED, f"registries: []\nimages:\n{LISTED}"], ids=["thin", "plain"]
)
def test_each_digest_has_its_tags(text: str) -> None:
    assert read(text) == (
        PromotedImage("team/app", Digest.parse(ONE), ("1.10", "latest")),
        PromotedImage("team/app", Digest.parse(TWO), ()),
    )


def test_a_tag_without_quotes_is_text() -> None:
    assert read(f"[{{name: a, dmap: {{'{ONE}': [1.10]}}}}]")[0].tags == ("1.10",)


REFUSED = {
    "nothing": ("[]", "f.yaml: declares no image"),
    "a mapping": ("a: b", "f.yaml: is no list of images, each with name and dmap"),
    "no name": (f"- dmap: {{'{ONE}': [a]}}", "f.yaml: an image has no name"),
    "no dmap": ("- name: a", "f.yaml:1: a has no dmap of digests and their tags"),
    "no digest": ("- name: a\n  dmap: {'1.0': [b]}", "f.yaml:1: a: "),
    "no tag": (f"- name: a\n  dmap: {{'{ONE}': ['b c']}}", "f.yaml:1: a: 'b c' is no tag"),
    "a tag twice": (
        f"- name: a\n  dmap: {{'{ONE}': [b], '{TWO}': [b]}}",
        f"f.yaml: a:b is given to {ONE} and {TWO}",
    ),
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_promotion_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(SpecError) as raised:
        read(text)
    assert raised.value.problems[0].startswith(problem)


def test_aliases_do_not_expand_beyond_bounds() -> None:
    many = ", ".join(f"'sha256:{number:064x}': []" for number in range(200))
    text = f"- &a {{name: a, dmap: {{{many}}}}}\n" + "- *a\n" * 100
    with pytest.raises(SpecError, match="more than 10,000 digests"):
        read(text)


def test_digests_that_are_none_and_tags_count_too() -> None:
    digests = ", ".join(f"'sha256:{number}': []" for number in range(200))
    with pytest.raises(SpecError, match="has more faults than these") as raised:
        read(f"- &a {{name: a, dmap: {{{digests}}}}}\n" + "- *a\n" * 100)
    assert len(raised.value.problems) == 101
    tags = ", ".join(f"t{number}" for number in range(2000))
    text = f"- &a {{name: a, dmap: {{'{ONE}': [{tags}]}}}}\n" + "- *a\n" * 60
    with pytest.raises(SpecError, match="more than 100,000 tags"):
        read(text)
