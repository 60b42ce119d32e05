"""The wheel: every package and module of the tree, and nothing else."""

import ast
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest

import manyfest
from manyfest.domain.version import VERSION

ROOT = Path(__file__).parents[2]
ROOT_MODULES = ("__init__.py", "__main__.py", "testing.py")
FOLDERS = ("domain", "adapters", "store", "assembly", "cli", "library")
CONTRACTS = "tests/contracts"  # installed, too, as manyfest.contracts
BUILD = "import sys, setuptools.build_meta as backend; backend.build_wheel(sys.argv[1])"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def modules() -> list[Path]:
    """The Python files that are installed, relative to where the wheel's ``manyfest`` stands."""
    root = [Path(name) for name in ROOT_MODULES]
    own = [file.relative_to(ROOT) for name in FOLDERS for file in (ROOT / name).rglob("*.py")]
    suites = (ROOT / CONTRACTS).glob("*.py")
    return root + own + [file.relative_to(ROOT / "tests") for file in suites]


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory) -> list[str]:
    """The files in a wheel built from a copy; a build in the tree itself would leave traces."""
    needed = PROJECT["build-system"]["requires"][0].removeprefix("setuptools>=")
    if int(version("setuptools").partition(".")[0]) < int(needed):
        pytest.skip(f"setuptools {needed} or newer is not installed")
    copy, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in (*FOLDERS, CONTRACTS):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*ROOT_MODULES, "py.typed", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    built = subprocess.run(
        [sys.executable, "-c", BUILD, out], cwd=copy, capture_output=True, check=False, timeout=300
    )
    assert built.returncode == 0, built.stderr.decode()
    with ZipFile(next(out.glob("*.whl"))) as wheel:
        return wheel.namelist()


def test_every_folder_with_modules_is_a_listed_package():
    folders = {".".join(("manyfest", *module.parent.parts)) for module in modules()}
    assert sorted(folders) == sorted(PROJECT["tool"]["setuptools"]["packages"])


def test_every_module_lands_in_the_wheel(wheel_names):
    installed = [name for name in wheel_names if name.endswith(".py")]
    assert sorted(installed) == sorted(f"manyfest/{module.as_posix()}" for module in modules())


def test_the_root_package_is_typed_in_the_wheel(wheel_names):
    assert [name for name in wheel_names if name.endswith("py.typed")] == ["manyfest/py.typed"]


def test_the_root_package_has_a_version_and_is_a_program():
    assert manyfest.__version__ == VERSION
    command = [sys.executable, "-m", "manyfest", "--version"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"manyfest {VERSION}\n", "")


@pytest.mark.parametrize("name", ["manyfest", *(f"manyfest.{folder}" for folder in FOLDERS)])
def test_type_checkers_find_the_package_through_one_link(name):
    parts = ROOT.joinpath(".dev", *name.split("."), "__init__.py")
    assert parts.resolve() == ROOT.joinpath(*name.split(".")[1:], "__init__.py")
    assert [path.name for path in (ROOT / ".dev").iterdir()] == ["manyfest"]


def test_the_wheel_claims_no_other_name(wheel_names):
    tops = {name.partition("/")[0] for name in wheel_names}
    assert tops == {"manyfest", f"manyfest-{VERSION}.dist-info"}


@pytest.mark.parametrize("suite", sorted((ROOT / CONTRACTS).glob("*.py")), ids=lambda s: s.stem)
def test_a_contract_needs_nothing_that_is_not_installed(suite):
    nodes = list(ast.walk(ast.parse(suite.read_text())))
    froms = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    names = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    assert not [name for name in (*froms, *names) if name.partition(".")[0] == "tests"]
