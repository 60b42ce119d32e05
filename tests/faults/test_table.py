"""Every fault of the table is met by a test that exists, or says why there is none."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = Path(__file__).parent / "TABLE.md"

# How many rows each section has, by its letter.
SECTIONS = {
    "T": 41,
    "A": 25,
    "C": 32,
    "P": 36,
    "S": 23,
    "X": 10,
    "K": 14,
    "O": 12,
    "M": 8,
    "R": 14,
    "U": 28,
    "E": 9,
    "H": 16,
    "N": 12,
    "L": 13,
    "V": 15,
    "W": 24,
    "G": 20,
    "B": 10,
    "D": 9,
    "Q": 17,
}

_CELL = r"((?:[^|\\]|\\.)+)"
_ROW = re.compile(rf"\| ([A-Z][0-9]+) \| {_CELL} \| {_CELL} \|")
_TEST = re.compile(r"([a-z0-9_/]+\.py)::(test_[a-z0-9_]+)")
_REASON = re.compile(r"-- .{10,}")


def rows() -> list[tuple[str, str]]:
    """Row and test of each line that begins with a row's name."""
    lines = [line for line in TABLE.read_text().splitlines() if re.match(r"\| [A-Z][0-9]", line)]
    found = [_ROW.fullmatch(line) for line in lines]
    assert all(found), [line for line, row in zip(lines, found, strict=True) if row is None]
    return [(row[1], row[3].replace("`", "")) for row in found if row is not None]


@pytest.mark.parametrize("letter", SECTIONS)
def test_each_row_is_there_once(letter: str) -> None:
    expected = {f"{letter}{number}": 1 for number in range(1, SECTIONS[letter] + 1)}
    assert Counter(name for name, _ in rows() if name.startswith(letter)) == expected


@pytest.mark.parametrize("letter", SECTIONS)
def test_each_row_names_tests_that_exist_or_a_reason(letter: str) -> None:
    wrong = {name: test for name, test in rows() if name.startswith(letter) and not is_met(test)}
    assert wrong == {}


def is_met(test: str) -> bool:
    """Whether it is a reason, or all tests that it names are there."""
    if _REASON.fullmatch(test):
        return True
    named = [_TEST.fullmatch(part) for part in test.split(", ")]
    return all(one is not None and one[2] in defined_in(TESTS / one[1]) for one in named)


@cache
def defined_in(file: Path) -> frozenset[str]:
    """The names of the test functions that a file defines; none when there is no such file."""
    if not file.is_file():
        return frozenset()
    defined = ast.walk(ast.parse(file.read_text()))
    return frozenset(node.name for node in defined if isinstance(node, ast.FunctionDef))
