"""Common mistakes: the one line of an error says what to do next."""

from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry

IMAGE = oci_image("linux/amd64")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manyfest: CommandLine) -> Path:
    """A folder with the layout ``app``, whose image is ``a``, and the draft ``oci:app:draft``."""
    monkeypatch.chdir(tmp_path)
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "a"), IMAGE)
    assert manyfest("create", "oci:app:draft", "oci:app:a").code == 0
    return tmp_path


MISTAKES = {
    "a command misspelt": ("inpsect alpine", 2, "did you mean inspect?"),
    "a command of a group misspelt": ("cache fsk", 2, "did you mean fsck?"),
    "a command of other tools": ("pull alpine", 2, "did you mean manyfest cache fetch?"),
    "a command of other caches": ("cache prune", 2, "did you mean manyfest cache gc?"),
    "a command like no other": ("zzz", 2, "manyfest --help lists the commands"),
    "a flag misspelt": ("inspect --verbos oci:app:a", 2, "did you mean --verbose?"),
    "a flag like no other": ("push --zzz a", 2, "manyfest push --help lists the options"),
    "a password": ("login -p secret r.example", 2, "--password-stdin"),
    "no arguments": ("create", 2, "(usage: manyfest create LIST MANIFEST [MANIFEST...])"),
    "arguments of a group's command": ("cache export", 2, "(usage: manyfest cache export "),
    "images first": ("create oci:app:a oci:app:new", 3, "the first argument is the list"),
    "no draft to push": ("push oci:app:no", 3, "create one with: manyfest create oci:"),
    "no draft to add to": ("add oci:app:no oci:app:a", 3, "create one with: manyfest create oci:"),
    "no draft to annotate": (
        "annotate --os linux oci:app:no oci:app:a",
        3,
        "no draft has this name",
    ),
    "entry before draft": (
        "annotate --os linux oci:app:a oci:app:draft",
        3,
        "the draft is named first",
    ),
    "no such entry": ("annotate --os linux oci:app:draft oci:app:b", 3, "shows its entries"),
    "two images to inspect": ("inspect oci:app:a oci:app:b", 3, "inspect -f -"),
    "a draft to verify": ("verify oci:app:draft", 3, "a draft has this name; manyfest push"),
    "a draft to compare": (
        "diff oci:app:draft oci:app:a",
        3,
        "a draft has this name; manyfest push",
    ),
    "an alias of an architecture": (
        "annotate --arch x86_64 oci:app:draft oci:app:a",
        2,
        "did you mean linux/amd64?",
    ),
    "skopeo's prefix": ("inspect docker://alpine:3", 2, "write it without docker://"),
    "a URL": ("inspect https://r.example/app:1", 2, "write it without https://"),
    "a truncated digest": ("inspect app@sha256:abc948cac537", 2, "12 of 64 hex digits"),
    "a version as tag": ("inspect app:1.0+build", 2, "a tag has letters, digits and _.-"),
    "a long tag": (f"inspect app:{'a' * 129}", 2, "at most 128 characters, and this has 129"),
    "upper case": ("inspect r.example/App:1", 2, "use lower case: r.example/app:1"),
    "two tags": ("inspect app:1:2", 2, "write the tag once: app:1"),
    "a path": ("inspect ./app:a", 2, "for a folder write oci:./app:a"),
    "a path without a tag": ("copy oci:app:a ./out", 2, "for a folder write oci:./out:TAG"),
    "a tag as expectation": ("push --expect latest oci:app:draft", 2, "sha256:... or absent"),
    "a state before the first": ("inspect oci:app:a@{9}", 3, "manyfest history lists"),
}


@pytest.mark.parametrize(("line", "code", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_the_error_says_what_to_do_next(
    folder: Path, manyfest: CommandLine, line: str, code: int, words: str
) -> None:
    result = manyfest(*line.split())
    assert (result.code, result.stdout) == (code, b"")
    (error,) = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert words in error


UNREACHABLE = {
    "a layout without its scheme": ("app:a", "did you mean the layout oci:app:a?"),
    "a registry alone": ("127.0.0.1:5000", "add a repository, as in 127.0.0.1:5000/app:1"),
}


@pytest.mark.parametrize(("name", "words"), UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_a_name_that_leads_to_the_default_registry(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    result = manyfest("inspect", "--timeout", "5", name)
    assert result.code == 5
    assert words in result.stderr


def test_a_missing_tag_is_named_where_it_was_not_given(
    folder: Path, manyfest: CommandLine, docker_registry: RunningRegistry, repository: str
) -> None:
    result = manyfest("inspect", f"{docker_registry.host}/{repository}")
    assert result.code == 3
    assert (
        f"{docker_registry.host}/{repository} was given without a tag, so :latest" in result.stderr
    )


def test_platforms_are_separated_by_commas(folder: Path, manyfest: CommandLine) -> None:
    other = oci_image("linux/arm64")
    push_image(LayoutRegistry(), Reference(Layout(str(folder / "app")), "b"), other)
    manyfest("create", "--push", "oci:app:both", "oci:app:a", "oci:app:b")
    taken = manyfest("create", "--platform", "linux/amd64,linux/arm64", "oci:n:1", "oci:app:both")
    assert taken.code == 0
    shown = manyfest("inspect", "--raw", "oci:n:1").stdout
    assert all(image.digest.hex.encode() in shown for image in (IMAGE, other))


def test_advice_leaves_a_store_alone_that_cannot_be_opened(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.db").write_text("not a database")
    monkeypatch.setenv("MANYFEST_STORE", str(folder / "broken.db"))
    result = manyfest("copy", "oci:app:none", "oci:out:1")
    assert "no such manifest" in result.stderr
    assert (folder / "broken.db").read_text() == "not a database"
