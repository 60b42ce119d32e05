"""Files are replaced whole or not at all, by every writer of them."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.adapters.files.atomic_file import atomic_symlink, atomic_write
from manyfest.adapters.files.json_file import rewrite
from manyfest.domain.errors import CredentialsError


class StopError(Exception):
    """Raised in the middle of writing."""


def write_bytes(target: Path, *, fail: bool = False) -> None:
    with atomic_write(target) as file:
        file.write(b'{"new":1}')
        if fail:
            raise StopError


def write_json(target: Path, *, fail: bool = False) -> None:
    def change(_before):
        if fail:
            raise StopError
        return {"new": 1}

    rewrite(target, change)


def link(target: Path, *, fail: bool = False) -> None:
    if fail:
        raise StopError
    source = target.parent.parent / "source"
    source.write_text('{"new":1}')
    atomic_symlink(target, source)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


WRITERS: list[Callable[..., None]] = [write_bytes, write_json, link]


@pytest.fixture
def target(tmp_path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "file.json"


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("before", [None, '{"old":1}'])
def test_the_file_is_replaced_and_nothing_is_left_beside_it(target, write, before):
    if before:
        target.write_text(before)
    write(target)
    assert json.loads(target.read_text()) == {"new": 1}
    assert names_in(target.parent) == [target.name]


@pytest.mark.parametrize("write", WRITERS)
def test_a_failure_leaves_the_file_as_it_was(target, write):
    target.write_text('{"old":1}')
    with pytest.raises(StopError):
        write(target, fail=True)
    assert target.read_text() == '{"old":1}'
    assert names_in(target.parent) == [target.name]


@pytest.mark.parametrize("write", WRITERS)
def test_a_failure_makes_no_file(target, write):
    with pytest.raises(StopError):
        write(target, fail=True)
    assert names_in(target.parent) == []


@pytest.mark.parametrize("write", WRITERS)
def test_a_folder_is_not_replaced_and_nothing_is_left_beside_it(target, write):
    target.mkdir()
    with pytest.raises((OSError, CredentialsError)):
        write(target)
    assert names_in(target.parent) == [target.name]


def test_readers_see_the_old_file_until_the_new_one_is_whole(target):
    target.write_text("old")
    with target.open() as opened, atomic_write(target) as file:
        file.write(b"new")
        file.flush()
        assert (target.read_text(), opened.read()) == ("old", "old")
    assert target.read_text() == "new"


@pytest.mark.parametrize(("mode", "expected"), [(0o666, 0o644), (0o600, 0o600)])
def test_the_mode_is_limited_by_the_umask(target, mode, expected):
    before = os.umask(0o022)
    try:
        with atomic_write(target, mode=mode) as file:
            assert os.fstat(file.fileno()).st_mode & 0o777 == expected  # never wider meanwhile
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == expected
