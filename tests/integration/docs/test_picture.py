"""The picture of the README: commands on a real terminal, against a real registry.

``MANYFEST_TESTS_DRAW=1`` draws it again.
"""

import os
from pathlib import Path

import pytest

from manyfest.contracts.images import oci_image
from tests.integration.pipelines.conftest import AMD, ARM, Site, site
from tests.support.programs.terminal import on_terminal
from tests.support.programs.terminal_svg import terminal_svg

__all__ = ["site"]

PICTURE = Path(__file__).parents[3] / "docs" / "terminal.svg"
DRAWS_AGAIN = bool(os.environ.get("MANYFEST_TESTS_DRAW"))
APP = "ghcr.io/acme/app"
COMMANDS = [
    f"create {APP}:1.4 {APP}:1.4-amd64 {APP}:1.4-arm64",
    f"push {APP}:1.4",
    f"show {APP}:1.4",
    f"diff {APP}:1.3 {APP}:1.4",
    f"verify {APP}:1.4",
]


def test_the_picture_is_what_a_terminal_shows(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.seed(f"{APP}:1.4-amd64", AMD)
    site.seed(f"{APP}:1.4-arm64", ARM)
    site.seed(f"{APP}:old", oci_image("linux/amd64", text="an older build"))
    names = (f"{APP}:1.3", f"{APP}:old", f"{APP}:1.4-arm64")
    assert site.run("manyfest", "create", "--push", *names).code == 0
    for name, value in {**site.environment, "COLUMNS": "100", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(site.folder)
    shown = "\n".join(
        f"\x1b[36m$\x1b[0m manyfest {line}\n{on_terminal(*line.split())}" for line in COMMANDS
    )
    drawn = terminal_svg(shown, "manyfest makes, publishes, shows, compares and checks a list")
    if DRAWS_AGAIN:
        PICTURE.write_text(drawn)
    assert PICTURE.read_text() == drawn
