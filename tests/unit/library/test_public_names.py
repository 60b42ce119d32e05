"""The public names: listed in one place, documented, and nothing else is promised."""

import ast
import inspect
import re
from functools import cached_property
from importlib import import_module
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


def _results() -> dict[tuple[str, str], type]:
    """The classes of results that are no public names, by method."""
    imports = re.compile(r"^    from (manyfest\.[\w.]+) import ([\w, ]+)$", re.MULTILINE)
    places = {
        name: module
        for file in (ROOT / "library").glob("*.py")
        for module, names in imports.findall(file.read_text())
        for name in names.split(", ")
    }
    found = {}
    for owner, name in METHODS:
        member = getattr({cls.__name__: cls for cls in CLASSES}[owner], name)
        hints = getattr(member, "__annotations__", {})
        for word in re.findall(r"[A-Z]\w+", str(hints.get("return"))):
            if word in places and word not in manyfest.__all__:
                found[owner, name] = getattr(import_module(places[word]), word)
    return found


def test_the_page_lists_the_members_of_results():
    table = PAGE.partition("## Results")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| (.+) \|$", table, re.MULTILINE)
    results = {key: cls for key, cls in _results().items() if key != ("Image", "attached")}
    assert {(owner, name) for owner, name, _ in rows} == set(results)
    wrong = [
        f"{owner}.{name}: {member}"
        for owner, name, members in rows
        for member in re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", members.partition(";")[0]))
        if not hasattr(results[owner, name], member)
    ]
    assert wrong == []


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
