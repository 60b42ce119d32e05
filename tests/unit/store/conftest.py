"""Folders for stores: one with nothing else in it, and one that another user may enter."""

import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


@pytest.fixture
def open_folder():
    """A folder that all users may read; pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="manyfest-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)
