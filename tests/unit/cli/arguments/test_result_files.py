"""Result files for the next step of a pipeline are replaced whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from manyfest.cli.arguments import result_files
from manyfest.cli.arguments.result_files import write_file


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "list.lock"


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file(file, monkeypatch, fault):
    file.write_text("old")
    before = list(file.parent.iterdir())

    def failing(_: int) -> None:
        raise fault

    monkeypatch.setattr(result_files.os, "fsync", failing)
    with pytest.raises(type(fault)):
        write_file(file, "new")
    assert file.read_text() == "old"
    assert list(file.parent.iterdir()) == before


def test_readers_of_the_old_file_go_on_reading_it(file):
    file.write_text("old")
    with file.open() as reader:
        write_file(file, "new")
        assert reader.read() == "old"
    assert file.read_text() == "new"


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_a_file_keeps_its_mode(file, mode):
    file.touch()
    file.chmod(mode)
    write_file(file, "new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_link_is_written_through(file, tmp_path):
    file.symlink_to("elsewhere")
    write_file(file, "new")
    assert file.is_symlink()
    assert (tmp_path / "elsewhere").read_text() == "new"


def test_what_is_open_for_the_command_is_written_to(file):
    with file.open("w") as out:
        write_file(Path(f"/dev/fd/{out.fileno()}"), "new")
        assert os.fstat(out.fileno()).st_size == 3


def test_a_pipe_is_written_to(file):
    os.mkfifo(file)
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    write_file(file, "new")
    assert os.read(reader, 9) == b"new"
    os.close(reader)
    assert file.is_fifo()
