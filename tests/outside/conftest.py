"""A package with adapters, installed for the programs that a test runs."""

from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]

_ENTRY_POINTS = """\
[manyfest.registries]
shelf = tests.outside.shelf_registry:registry
tape = tests.outside.tape_registry:registry
broken = tests.outside.no_such_module:registry
twice = tests.outside.shelf_registry:registry

[manyfest.stores]
forgetful = tests.outside.memory_store:store
"""
_ANOTHER = """\
[manyfest.registries]
twice = tests.outside.tape_registry:registry
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traces of an installed package: its metadata, and modules on the path."""
    site = tmp_path / "site"
    for name, points in (("outside", _ENTRY_POINTS), ("another", _ANOTHER)):
        info = site / f"{name}_adapters-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}-adapters\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(points)
    monkeypatch.setenv("PYTHONPATH", f"{site}:{_ROOT}")
