"""The public names: listed in one place, documented, and nothing else is promised."""

import ast
import inspect
import re
from functools import cached_property
from pathlib import Path

import pytest

import manyfest
from manyfest.library.cache import Cache

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "library.md").read_text()
PROPERTIES = (property, cached_property)
CLASSES = [manyfest.Client, Cache, manyfest.Draft, manyfest.Image]
METHODS = [
    (owner.__name__, name)
    for owner in CLASSES
    for name, member in inspect.getmembers(owner)
    if not name.startswith("_") and (callable(member) or isinstance(member, PROPERTIES))
]


def test_all_names_exist_and_are_listed_once():
    assert sorted(set(manyfest.__all__)) == sorted(manyfest.__all__)
    assert [name for name in manyfest.__all__ if not hasattr(manyfest, name)] == []
    assert dir(manyfest) == sorted(manyfest.__all__)


def test_type_checkers_are_shown_the_same_names():
    tree = ast.parse((ROOT / "__init__.py").read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    shown = {alias.asname for node in block.body for alias in node.names}
    assert shown | {"__version__"} == set(manyfest.__all__)


def test_another_name_is_none_of_the_module():
    with pytest.raises(AttributeError, match="has no attribute 'Session'"):
        _ = manyfest.Session


def test_the_page_lists_each_name_and_no_other():
    table = PAGE.partition("## Names")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `manyfest\.(\w+)`", table, re.MULTILINE)
    assert sorted(listed) == sorted(name for name in manyfest.__all__ if name != "__version__")


def test_the_page_lists_each_method_and_no_other():
    table = PAGE.partition("## Methods")[2].partition("\n## ")[0]
    listed = re.findall(r"`(Client|Cache|Draft|Image)\.(\w+)`", table)
    assert sorted(listed) == sorted(METHODS)


@pytest.mark.parametrize(("owner", "name"), METHODS)
def test_each_method_is_documented(owner, name):
    member = getattr({cls.__name__: cls for cls in CLASSES}[owner], name)
    text = inspect.getdoc(member) or ""
    assert len(text.splitlines()[0]) <= 85
    is_plain = isinstance(member, PROPERTIES) or name in {"close", "cache"}
    assert is_plain or "Raises" in text or owner == "Cache" or name in {"logout", "remove"}


def test_each_testing_name_is_on_the_page():
    section = PAGE.partition("## In tests")[2]
    assert [name for name in manyfest.testing.__all__ if f"`{name}" not in section] == []
