"""The documents beside the README: their paths and links exist, and every decision has a status."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if page.name != "README.md"]
ADRS = sorted((ROOT / "ADR").glob("[0-9]*.md"))[1:]  # without the template
DOCUMENTS = [
    *sorted((ROOT / ".github").glob("*.md")),
    *sorted((ROOT / "ADR").glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "tests" / "README.md",
]
PATH = re.compile(r"`((?:domain|adapters|store|cli|tests|ADR|\.ci|\.github)/[\w./-]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
STATUS = re.compile(
    r"^Status: (?:proposed|accepted|replaced by \d{4})\. Date: 2\d{3}-\d\d-\d\d", re.MULTILINE
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_paths_in_documents_exist(document):
    assert [path for path in PATH.findall(document.read_text()) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_in_documents_lead_somewhere(document):
    links = LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_of_the_documentation_is_in_its_index(page):
    """Else Sphinx warns, and a warning is an error."""
    docs = ROOT / "docs"
    assert f"]({page.relative_to(docs)})" in (docs / "README.md").read_text()


def test_links_of_the_readme_work_outside_the_repository():
    """PyPI shows the README, too: its links begin with the URL of ``pyproject.toml``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = f"{project['urls']['Source']}/blob/main/"
    raw = page.replace("github.com", "raw.githubusercontent.com").replace("/blob/", "/")
    text = (ROOT / "README.md").read_text()
    assert LINK.findall(text) == []
    own = re.findall(r"\]\((https://(?:raw\.githubusercontent|github)\.com/[^)#]+)", text)
    names = [link.removeprefix(page).removeprefix(raw) for link in own]
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert len(names) > 5


@pytest.mark.parametrize("adr", ADRS, ids=lambda adr: adr.name)
def test_a_decision_has_its_number_its_status_and_a_line_in_the_index(adr):
    text, number = adr.read_text(), adr.name[:4]
    assert text.startswith(f"# {number}. ")
    assert STATUS.search(text)
    assert f"[{number}]({adr.name})" in (ROOT / "ADR" / "README.md").read_text()
