"""The hexagon's imports, and the modules that the library's public names load."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HEAVY = ("httpx", "sqlite3", "sqlite_utils", "typer", "rich")
PROBE = """
import sys
before = set(sys.modules)
{statement}
print(*sorted(set({unwanted!r}) & (set(sys.modules) - before)))
"""


def every_module_of(folder: str) -> str:
    """A statement that imports all modules of the folder and of the rooms in it."""
    files = sorted((ROOT / folder).rglob("[!_]*.py"))
    names = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return "import " + ", ".join(f"manyfest.{name}" for name in names)


# Promised to library users: names that stay put and cost little.
PUBLIC = {
    "reference": ("from manyfest.domain.references import Reference; Reference.parse", HEAVY),
    "digest": ("from manyfest.domain.digests import Digest; Digest.parse", HEAVY),
    "platform": ("from manyfest.domain.platforms import Platform; Platform.parse", HEAVY),
    "manifest": ("from manyfest.domain.manifests import Manifest; Manifest('', b'')", HEAVY),
    "errors": ("from manyfest.domain.errors import ManyfestError", HEAVY),
    "operations": (every_module_of("domain/operations"), HEAVY),
    "ports": (every_module_of("domain/ports"), HEAVY),
    "whole domain": (every_module_of("domain"), HEAVY),
    "front door": ("import manyfest", (*HEAVY, "attr", "json", "typing", "manyfest.library")),
    "client": ("import manyfest; manyfest.Client", ("httpx", "typer", "rich", "manyfest.cli")),
    "wiring": ("import manyfest.assembly.session", ("typer", "rich", "manyfest.cli")),
}


@pytest.mark.parametrize(("statement", "unwanted"), PUBLIC.values(), ids=PUBLIC)
def test_public_names_import_nothing_heavy(statement, unwanted):
    probe = PROBE.format(statement=statement, unwanted=unwanted)
    ended = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=False, timeout=300
    )
    assert (ended.stdout.strip(), ended.stderr) == ("", "")


def test_the_front_door_costs_three_modules():
    """The package, its domain's map and the version; the rest is imported when it is used."""
    count = "import sys; import manyfest; print(*(m for m in sys.modules if 'manyfest.' in m))"
    ended = subprocess.run(
        [sys.executable, "-c", count], capture_output=True, text=True, check=True, timeout=300
    )
    assert ended.stdout.split() == ["manyfest.domain", "manyfest.domain.version"]


def test_the_probe_sees_what_is_imported():
    probe = PROBE.format(statement="import httpx", unwanted=HEAVY)
    ended = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert "httpx" in ended.stdout.split()


def test_typer_is_imported_for_help_alone():
    """It is slow to import, and an option of its class would not be seen (ADR 0009)."""
    sources = (ROOT / "cli").rglob("*.py")
    importing = [file.name for file in sources if "import typer" in file.read_text()]
    assert importing == ["help.py"]


def test_the_layers_are_kept():
    linter = Path(sys.executable).parent / "lint-imports"
    ended = subprocess.run(
        [linter, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
