"""The pages of the reference beside the program that they describe."""

import json
import re
from pathlib import Path

from manyfest.cli import exit_codes
from manyfest.cli.schemas.files import read_schemas
from tests.support.programs.our_program import run_here

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text()


def test_every_exit_code_is_explained() -> None:
    explained = {
        int(code) for code in re.findall(r"^\| (\d+) \|", page("exit-codes"), re.MULTILINE)
    }
    assert {meaning.code for meaning in exit_codes.MEANINGS.values()} | {0} <= explained


def test_every_variable_of_ours_is_listed() -> None:
    folders = [file.parent for file in ROOT.glob("[a-z]*/__init__.py")]
    sources = [file.read_text() for folder in folders for file in folder.rglob("*.py")]
    read = set(re.findall(r"MANYFEST_[A-Z_]*[A-Z]", "\n".join(sources)))
    assert read == set(re.findall(r"MANYFEST_[A-Z_]*[A-Z]", page("environment")))


def test_every_schema_is_listed_and_nothing_else() -> None:
    titles = {name: json.loads(text)["title"] for name, text in read_schemas().items()}
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", page("schemas"), re.MULTILINE))
    assert {name: about.replace("`", "") for name, about in rows.items()} == titles


def test_the_views_are_those_that_can_be_asked_for() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", page("sql"), re.MULTILINE)
    shown = "".join(f"{name}: {about}\n    {columns}\n" for name, about, columns in rows)
    assert run_here("cache", "query", "--views").stdout.decode() == shown
