"""Files of references, as people and editors write them."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from manyfest.cli.arguments.reference_files import references_in
from manyfest.domain.errors import InputError

WRITTEN = {
    "a line each": (b"alpine\nbusybox\n", ["alpine", "busybox"]),
    "no end of the last line": (b"alpine\nbusybox", ["alpine", "busybox"]),
    "of Windows": (b"\xef\xbb\xbfalpine\r\nbusybox\r\n", ["alpine", "busybox"]),
    "space around": (b"  alpine\t\n\n  \n", ["alpine"]),
    "comments": (b"# all\n  # indented\nalpine # the base\nbusybox\t#x\n", ["alpine", "busybox"]),
    "within a path": (b"oci:a#b:1\n", ["oci:a#b:1"]),
    "a mark before a comment": (b"\xef\xbb\xbf# all\nalpine\n", ["alpine"]),
    "nothing": (b"", []),
    "no text": (b"\xff\n", ["\ufffd"]),
}


@pytest.mark.parametrize(("data", "lines"), WRITTEN.values(), ids=WRITTEN)
def test_each_line_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, lines: list[str]
) -> None:
    (tmp_path / "images.txt").write_bytes(data)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    for file in (str(tmp_path / "images.txt"), "-"):
        with references_in(file) as references:
            assert list(references) == lines


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.txt").write_bytes(b"alpine\n" + b"x" * 65_537 + b"\n")
    with references_in(str(tmp_path / "images.txt")) as references:
        assert next(references) == "alpine"
        with pytest.raises(InputError, match="^line 2 has more than 65536 bytes$"):
            next(references)
