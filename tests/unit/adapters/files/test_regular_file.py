"""Reading a regular file, bounded, without waiting at anything else."""

import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from manyfest.adapters.files.regular_file import NotRegularFileError, read_regular_file


@pytest.mark.parametrize(("size", "read"), [(0, 0), (9, 9), (10, 10), (11, 11), (500, 11)])
def test_one_byte_more_than_the_limit_tells_that_a_file_is_larger(tmp_path, size, read):
    file = tmp_path / "file"
    file.write_bytes(b"x" * size)
    assert read_regular_file(file, 10) == b"x" * read


def test_a_pipe_without_a_writer_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegularFileError):
        read_regular_file(tmp_path / "pipe", 10)


def test_a_device_is_not_read():
    with pytest.raises(NotRegularFileError):
        read_regular_file("/dev/zero", 10)


def test_a_socket_a_folder_and_a_missing_file_are_the_system_s_errors(tmp_path):
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
    for name, error in (("socket", OSError), ("", IsADirectoryError), ("none", FileNotFoundError)):
        with pytest.raises(error) as caught:
            read_regular_file(tmp_path / name, 10)
        assert not isinstance(caught.value, NotRegularFileError)


def test_no_descriptor_stays_open(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none"):
        with suppress(OSError):
            read_regular_file(path, 10)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
