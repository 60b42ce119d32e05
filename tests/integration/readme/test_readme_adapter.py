"""The README's adapter in three files, built and installed as it says."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.programs.docker_client import CommandLine

ROOT = Path(__file__).parents[3]
SECTION = (ROOT / "docs" / "reference" / "adapters.md").read_text()
BUILD = "import sys, setuptools.build_meta as backend; backend.build_wheel(sys.argv[1])"


def test_the_three_files_are_there() -> None:
    linked = re.findall(r"\]\([^)]*/(tests/outside/\w+\.py)\)", SECTION)
    assert len(linked) == 2
    assert all((ROOT / name).exists() for name in linked)


def test_the_adapter_is_used_once_it_is_installed(
    tmp_path: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_installed(tmp_path)))
    monkeypatch.chdir(tmp_path)
    assert manyfest("demo").code == 0
    name = f"shelf://{tmp_path}/images:v1"
    pushed = manyfest("create", "--push", name, "oci:manyfest-demo/site:v1")
    assert (pushed.code, manyfest("verify", name).code) == (0, 0)
    raw = manyfest("inspect", "--raw", name)
    assert raw.stdout == manyfest("inspect", "--raw", "oci:manyfest-demo/site:v1").stdout != b""


def _installed(folder: Path) -> Path:
    """The folder in which the package of the README's ``pyproject.toml`` is installed."""
    source, wheels, site = folder / "shelves", folder / "wheels", folder / "site"
    source.mkdir()
    wheels.mkdir()
    text = re.findall(r"```toml\n(.*?)```", SECTION, re.DOTALL)[0]
    (source / "pyproject.toml").write_text(text)
    for module in tomllib.loads(text)["tool"]["setuptools"]["py-modules"]:
        shutil.copy(ROOT / "tests" / "outside" / f"{module}.py", source)
    (source / "test_contracts.py").touch()  # as the third file stands beside it
    command = [sys.executable, "-c", BUILD, wheels]
    subprocess.run(command, cwd=source, capture_output=True, check=True, timeout=300)
    with ZipFile(next(wheels.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site
