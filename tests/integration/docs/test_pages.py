"""Every command of every page beside the recipes, typed as it stands; and who runs each block."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.pipelines.conftest import AMD, ARM, Site, site
from tests.support.pipelines.recipes import blocks_of
from tests.support.programs.programs import require_program
from tests.support.stores.postgres_server import PostgresServer

__all__ = ["site"]

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
NAMES = {str(page.relative_to(ROOT)): page for page in PAGES}
AWAY = '[[registry]]\nprefix = "registry.example.com"\nlocation = "127.0.0.1:1"\n'
TEAM = "registry.example.com/team/app:1.4"

# The blocks that no test can type: their first words, and the reason that the page has.
NOT_RUN = {
    "README.md": [
        ("$ python3 -m venv", "it installs; the checks run it before all tests"),
        ("$ python3 -m venv", "it is the tests"),
    ],
    "docs/tutorial/first-list.md": [
        (
            "$ python3 -m venv",
            "installs from the package index; the test has the program installed",
        ),
        ("$ docker run", "needs an engine; the test starts the registry's own program"),
        ("$ docker rm", "needs an engine; the test ends the registry's own program"),
    ],
}
# The blocks of other languages, by the test that runs them or compares them.
OTHER_LANGUAGES = {
    ("README.md", "python"): "integration/readme/test_readme.py",
    ("docs/library.md", "python"): "integration/library/test_examples.py",
    ("docs/reference/adapters.md", "toml"): "integration/readme/test_readme_adapter.py",
    ("docs/reference/registries.md", "toml"): "integration/registries/test_pull_through.py",
    ("docs/reference/registries.md", "yaml"): "integration/registries/test_pull_through.py",
    ("docs/teams.md", "sql"): "integration/docs/test_pages.py",
}


def _demo(site: Site) -> None:
    require_program("skopeo")
    assert site.run("manyfest", "demo").code == 0
    site.seed(f"{TEAM}-amd64", AMD)
    site.seed(f"{TEAM}-arm64", ARM)


def _away(site: Site) -> None:
    home = Path(site.environment["HOME"])
    (home / ".config" / "containers" / "registries.conf").write_text(AWAY)


def _cached(site: Site) -> None:
    site.environment["BROWSER"] = "true"
    assert site.run("manyfest", "demo").code == 0
    assert site.run("manyfest", "copy", "oci:manyfest-demo/site:v1", "oci:site:v1").code == 0


PREPARED: dict[str, Callable[[Site], None]] = {
    "README.md": _demo,
    "docs/explorer.md": _cached,
    "docs/reference/schemas.md": lambda _: None,
    "docs/reference/sql.md": _cached,
    "docs/reference/stability.md": lambda _: None,
    "docs/tutorial/air-gap.md": _away,
    "docs/tutorial/beyond-docker.md": lambda _: None,
    "docs/tutorial/first-list.md": lambda _: None,
}


@pytest.mark.parametrize("page", PREPARED)
def test_a_page_runs_as_it_stands(site: Site, page: str) -> None:
    PREPARED[page](site)
    site.type_page(NAMES[page], {"localhost:5000": site.registries[0].host})


def test_the_page_for_teams_runs_as_it_stands(site: Site, postgres: PostgresServer) -> None:
    _cached(site)
    page = NAMES["docs/teams.md"]
    roles, grants = (block.text for block in blocks_of(page) if block.language == "sql")
    known = {role for (role,) in postgres.execute("SELECT rolname FROM pg_roles")}
    for statement in roles.replace("…", "secret").strip().split(";\n"):
        if statement.split()[2] not in known:
            postgres.execute(statement)
    site.environment["PGPASSWORD"] = "secret"
    server = {
        "db.example": f"127.0.0.1:{postgres.port}",
        "ca.pem": str(postgres.folder / "tls" / "certificate.pem"),
    }
    site.type_page(page, server)
    postgres.execute(grants, "manyfest", "manyfest_team")


def test_every_console_block_is_on_a_page_that_a_test_types() -> None:
    typed = {*PREPARED, "docs/teams.md"}
    shown = {
        name
        for name, page in NAMES.items()
        if any(block.language == "console" for block in blocks_of(page))
    }
    assert {name for name in shown if not name.startswith("docs/recipes/")} == typed


def test_what_no_test_types_is_listed_with_its_reason() -> None:
    left = {
        name: [block for block in blocks_of(NAMES[name]) if block.reason]
        for name in (*PREPARED, "docs/teams.md")
    }
    said = {name: [block.reason for block in blocks] for name, blocks in left.items() if blocks}
    assert said == {name: [reason for _, reason in rows] for name, rows in NOT_RUN.items()}
    for name, rows in NOT_RUN.items():
        assert all(
            block.text.startswith(words) for block, (words, _) in zip(left[name], rows, strict=True)
        )


def test_blocks_of_other_languages_are_held_by_a_test() -> None:
    kinds = {
        (name, block.language)
        for name, page in NAMES.items()
        for block in blocks_of(page)
        if not name.startswith("docs/recipes/") and block.language not in {"console", "text"}
    }
    assert kinds == set(OTHER_LANGUAGES)
    for test in OTHER_LANGUAGES.values():
        assert re.search(r"README|docs|PAGE", (ROOT / "tests" / test).read_text())
