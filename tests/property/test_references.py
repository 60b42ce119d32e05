"""Properties of references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.references import Reference, Repository
from tests.property import strategies


class TestTextForm:
    """Reference: "``str()`` is the full canonical form, and ``parse`` reads it back"."""

    @given(strategies.references)
    def test_parse_reads_back_what_str_writes(self, reference: Reference) -> None:
        assert Reference.parse(str(reference)) == reference

    @given(strategies.references)
    def test_one_reference_has_one_text(self, reference: Reference) -> None:
        assert str(Reference.parse(str(reference))) == str(reference)


class TestRefusal:
    """Reference.parse: "Raises InvalidReferenceError with docker's reason", and nothing else."""

    @given(st.text() | strategies.syntax | strategies.syntax.map("oci:{}".format))
    def test_any_text_is_a_reference_or_refused(self, text: str) -> None:
        try:
            reference = Reference.parse(text)
        except InvalidReferenceError:
            return
        assert Reference.parse(str(reference)) == reference

    @given(strategies.references, st.sampled_from(" \t\n\0\u00a0\uff41"))
    def test_a_character_of_no_grammar_is_refused_wherever_a_tag_ends(self, reference, strange):
        with pytest.raises(InvalidReferenceError):
            Reference.parse(str(reference.tagged("v1")) + strange)


class TestHome:
    """domain/references.py: "``tag@digest`` keeps both, and the digest decides"."""

    @given(strategies.references, strategies.digests)
    def test_the_digest_is_what_the_home_is_asked_for(self, reference, digest) -> None:
        moved = reference.at(digest)
        assert moved.home == reference.home
        assert moved.name == str(digest)

    @given(strategies.registry_references())
    def test_in_a_registry_every_manifest_has_a_name(self, reference: Reference) -> None:
        assert isinstance(reference.home, Repository)
        assert reference.name
