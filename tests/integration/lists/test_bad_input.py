"""Wrong input: one clear line, the right exit code, drafts and store unchanged."""

from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.programs.docker_client import CommandLine

IMAGE = oci_image("linux/amd64")
DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the layout ``app`` and the draft ``oci:app:list`` of its image ``a``."""
    monkeypatch.chdir(tmp_path)
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "a"), IMAGE)
    return tmp_path


BAD = {
    "no command's name": (["frobnicate"], 2, "frobnicate"),
    "unknown option": (["ls", "--bogus"], 2, "--bogus"),
    "option without value": (["annotate", "a", "b", "--os"], 2, "--os"),
    "inspect: too few": (["inspect"], 2, "requires at least 1 and at most 2 arguments"),
    "inspect: too many": (["inspect", "a", "b", "c"], 2, "at least 1 and at most 2 arguments"),
    "create: too few": (["create", "a"], 2, "requires at least 2 arguments"),
    "annotate: too few": (["annotate", "a"], 2, "requires 2 arguments"),
    "rm: too few": (["rm"], 2, "requires at least 1 argument"),
    "time without end": (["inspect", "--timeout", "nan", "a"], 2, "--timeout"),
    "no time": (["inspect", "--timeout", "0", "a"], 2, "--timeout"),
    "raw and verbose": (["inspect", "--raw", "-v", "oci:app:a"], 2, "exclude each other"),
    "jobs of nothing": (["inspect", "--jobs", "0", "a"], 2, "--jobs"),
    "upper case": (["inspect", "library/BAD"], 2, "must be lowercase"),
    "an empty name": (["inspect", ""], 2, "invalid reference format"),
    "two tags": (["inspect", "a:b:c"], 2, "invalid reference format"),
    "a URL": (["inspect", "https://r.example/a:1"], 2, "invalid reference format"),
    "a short digest": (["inspect", "a@sha256:abc"], 2, "invalid reference format"),
    "an unknown digest": (["inspect", f"a@md5:{'0' * 32}"], 2, "unsupported digest algorithm"),
    "control characters": (["inspect", "a\x1b[31m\nb"], 2, "invalid reference format"),
    "an endless name": (["inspect", "a" * 100_000], 2, "more than 255 characters"),
    "a layout nowhere": (["inspect", "oci:"], 2, "invalid reference format"),
    "list named by digest": (["create", f"a@{DIGEST}", "oci:app:a"], 2, "named by a tag"),
    "no such layout": (["inspect", "oci:nowhere:a"], 3, "no such manifest: oci:"),
    "no such tag": (["inspect", "oci:app:none"], 3, "no such manifest: oci:"),
    "no such digest": (["inspect", f"oci:app@{DIGEST}"], 3, DIGEST),
    "one source missing": (["create", "oci:new:1", "oci:app:a", "oci:app:no"], 3, "app:no"),
    "no layout": (["inspect", "oci:.:a"], 3, "is not an OCI layout (no oci-layout file)"),
    "a file as layout": (["inspect", "oci:file:a"], 1, "is not a folder"),
    "draft exists": (["create", "oci:app:list", "oci:app:a"], 6, "refusing to amend"),
    "no draft to push": (["push", "oci:app:no"], 3, "No such manifest"),
    "no draft to remove": (["rm", "oci:app:no"], 3, "No such manifest"),
    "no draft to annotate": (
        ["annotate", "--os", "linux", "oci:app:no", "x"],
        3,
        "x does not exist in oci:app:no",
    ),
    "bad os": (
        ["annotate", "--os", "bogus", "oci:app:list", "oci:app:a"],
        2,
        "unsupported os/arch",
    ),
    "never seen": (["inspect", "--offline", "r.example/app:b"], 3, "is not cached"),
    "no such port": (["inspect", "127.0.0.1:65536/a:1"], 5, "no port 65536"),
    "unknown host": (["inspect", "nowhere.invalid/a:1"], 5, "nowhere.invalid"),
}


@pytest.mark.parametrize(("arguments", "code", "words"), BAD.values(), ids=BAD.keys())
def test_it_is_one_line_and_changes_nothing(
    folder: Path, manyfest: CommandLine, arguments: list[str], code: int, words: str
) -> None:
    (folder / "file").write_text("no layout")
    assert manyfest("create", "oci:app:list", "oci:app:a").code == 0
    before = manyfest("ls", "--json").stdout
    result = manyfest(*arguments)
    assert (result.code, result.stdout) == (code, b"")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert line.isprintable()
    assert len(line) <= 400
    assert manyfest("ls", "--json").stdout == before


def test_a_folder_with_a_colon_is_refused_before_anything_is_written(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "x:y").mkdir()
    monkeypatch.chdir(folder / "x:y")
    result = manyfest("create", "oci:site:v1", "oci:../app:a")
    assert (result.code, result.stdout) == (2, b"")
    assert "a colon ends the path of a layout" in result.stderr
    assert not (folder / "x").exists()


HURT = {
    "blob of other bytes": ("blobs/sha256/" + IMAGE.digest.hex, b"{}", 7),
    "index.json is not JSON": ("index.json", b"{", 1),
    "index.json is an image": ("index.json", IMAGE.manifest.data, 1),
    "unknown version": ("oci-layout", b'{"imageLayoutVersion":"9.9.9"}', 1),
}


@pytest.mark.parametrize(("file", "data", "code"), HURT.values(), ids=HURT.keys())
def test_a_hurt_layout_is_one_line(
    folder: Path, manyfest: CommandLine, file: str, data: bytes, code: int
) -> None:
    (folder / "app" / file).write_bytes(data)
    result = manyfest("create", "oci:new:1", "oci:app:a")
    assert (result.code, result.stdout) == (code, b"")
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1
    assert manyfest("ls", "--json").stdout == b"[]\n"


def test_a_store_that_is_something_else_is_named_and_left_alone(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANYFEST_STORE", str(folder / "file"))
    (folder / "file").write_text("these are my notes")
    for arguments in (["ls"], ["create", "oci:new:1", "oci:app:a"], ["rm", "oci:new:1"]):
        result = manyfest(*arguments)
        assert result.code in (1, 7)
        assert str(folder / "file") in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert (folder / "file").read_text() == "these are my notes"
