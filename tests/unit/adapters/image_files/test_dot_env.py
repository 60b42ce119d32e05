"""The file ``.env`` beside a compose file, in the forms that ``docker compose`` reads."""

from pathlib import Path

from manyfest.adapters.image_files.dot_env import variables_beside

_FILE = """\
# a comment
TAG=1.27
export REGISTRY = r.example
QUOTED="a b" # why
SINGLE='c#d'
HASH=e#f
EMPTY=
COMMENTED=g # h
not a variable
"""


def test_variables_are_read_in_every_form(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(_FILE)
    assert variables_beside(str(tmp_path / "compose.yaml")) == {
        "TAG": "1.27",
        "REGISTRY": "r.example",
        "QUOTED": "a b",
        "SINGLE": "c#d",
        "HASH": "e#f",
        "EMPTY": "",
        "COMMENTED": "g",
    }


def test_a_file_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    assert variables_beside(str(tmp_path / "compose.yaml")) == {}
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    assert variables_beside(str(tmp_path / "compose.yaml")) == {}
