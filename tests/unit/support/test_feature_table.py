"""The table of registry features: the tests that it names exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
PAGE = (TESTS.parent / "docs" / "reference" / "registries.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))


def test_the_table_names_tests():
    assert len(NAMED) > 10


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_table_names_exists(file, name):
    assert f"def {name}(" in (TESTS / file).read_text()
