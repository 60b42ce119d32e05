"""The seeds of the fuzzing programs are accepted by the parsers they are for."""

import pytest

from tests.fuzzing.parsers import PARSERS, SEEDS


@pytest.mark.parametrize(
    ("name", "seed"), [(name, seed) for name, seeds in SEEDS.items() for seed in seeds]
)
def test_a_seed_is_whole(name, seed):
    PARSERS[name](seed)


def test_every_parser_has_seeds():
    assert SEEDS.keys() == PARSERS.keys()
