"""Our ``frozen`` makes what attrs' makes: the same class, declared with each, behaves the same."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from manyfest.domain.values import frozen

VALUES = [("linux", 1, {"a": 1}, "x"), ("linux", 1, {"a": 2}, "y"), ("linux", 2, {}, "x")]


def declared_with(decorator: Callable[[type], Any]) -> Any:
    @decorator
    class Sample:
        name: str
        size: int = attrs.field(hash=False)
        others: dict[str, int] = attrs.field(eq=False, factory=dict)
        secret: str = attrs.field(default="", repr=False, eq=False)

    return Sample


OURS, THEIRS = declared_with(frozen), declared_with(attrs.frozen)


@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_the_same_values_are_equal(left: tuple[Any, ...], right: tuple[Any, ...]) -> None:
    assert (OURS(*left) == OURS(*right)) is (THEIRS(*left) == THEIRS(*right))
    same_hash = hash(OURS(*left)) == hash(OURS(*right))
    assert same_hash is (hash(THEIRS(*left)) == hash(THEIRS(*right)))


@pytest.mark.parametrize("values", VALUES)
def test_the_text_is_the_same_and_hides_the_same(values: tuple[Any, ...]) -> None:
    assert repr(OURS(*values)) == repr(THEIRS(*values))


def test_values_of_different_classes_are_not_equal() -> None:
    assert OURS("a", 1) != declared_with(frozen)("a", 1)
    assert OURS("a", 1) != ("a", 1)


def test_values_are_frozen_and_have_slots() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        OURS("a", 1).name = "b"
    assert not hasattr(OURS("a", 1), "__dict__")
    assert OURS.__match_args__ == THEIRS.__match_args__


def test_what_a_class_defines_itself_stays() -> None:
    @frozen
    class Shy:
        name: str

        def __repr__(self) -> str:
            return "***"

    assert repr(Shy("secret")) == "***"


def test_a_value_without_fields_equals_its_like_alone() -> None:
    @frozen
    class Empty: ...

    @frozen
    class Other: ...

    assert (Empty() == Empty(), Empty() == Other(), repr(Empty())) == (True, False, "Empty()")


@frozen
class Pickled:
    name: str


def test_values_can_be_pickled_and_changed() -> None:
    assert pickle.loads(pickle.dumps(Pickled("a"))) == Pickled("a")
    assert attrs.evolve(Pickled("a"), name="b") == Pickled("b")


def test_less_than_half_of_the_source_is_compiled() -> None:
    def compiled(module: str) -> int:
        program = f"""\
import sys
from {module} import frozen
lengths = []
def hear(event, arguments):
    if event == "compile":
        lengths.append(len(arguments[0]))
sys.addaudithook(hear)
@frozen
class Sample:
    name: str
    size: int
    others: str = ""
print(sum(lengths))
"""
        command = [sys.executable, "-c", program]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert 0 < compiled("manyfest.domain.values") < compiled("attrs") / 2
