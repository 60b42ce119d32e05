"""Completion in real shells, by the scripts that we print."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.cli.process.completion_scripts import SCRIPTS
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.forked_script import write_forked_script

_BASH = """
source script.bash
COMP_LINE=$1 COMP_POINT=${#1}
_manyfest
printf '%s\\n' "${COMPREPLY[@]}"
"""

# The function is called as zsh's completion calls it; _describe and _files tell what they get.
_ZSH = """
compdef() { : }
_describe() { print -rl -- ${(P)${argv[-1]}} }
_files() { print -rl -- *(N) }
source ./script.zsh
words=(${(z)1}); [[ $1 == *' ' ]] && words+=('')
CURRENT=${#words}
_manyfest
"""

_FISH = "source script.fish; complete -C $argv[1]"


@pytest.fixture
def manyfest(forks: ForkedCommandLine) -> CommandLine:
    return forks


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forks: ForkedCommandLine) -> Path:
    """A folder with a draft and a cached tag, and the program on the PATH."""
    monkeypatch.chdir(tmp_path)
    write_forked_script(tmp_path / "programs" / "manyfest", forks)
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}{os.pathsep}{os.environ['PATH']}")
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "a"), oci_image())
    assert forks("create", "r.example:5000/team/draft:1", "oci:app:a").code == 0
    config = {"auths": {"r.example:5000": {}}}
    docker = tmp_path / "docker"
    docker.mkdir()
    (docker / "config.json").write_text(json.dumps(config))
    monkeypatch.setenv("DOCKER_CONFIG", str(docker))
    return tmp_path


def completed(shell: str, line: str, manyfest: CommandLine) -> list[str]:
    """The words with which a shell would complete the line; as it would show them."""
    script = Path(f"script.{shell}")
    script.write_bytes(manyfest("completion", shell).stdout)
    command = {
        "bash": ["bash", "--norc", "-c", _BASH, "bash", line],
        "zsh": ["zsh", "-f", "-c", _ZSH, "zsh", line],
        "fish": ["fish", "--no-config", "-c", _FISH, line],
    }[shell]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.stderr == ""
    return [entry.split("\t")[0].replace("\\:", ":") for entry in done.stdout.splitlines()]


SHELLS = ["bash", "zsh", "fish"]


def words_of(found: list[str], shell: str) -> list[str]:
    """Cut zsh's descriptions, which follow the last colon that is not escaped."""
    return [entry.partition(":")[0] for entry in found] if shell == "zsh" else found


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_and_their_options_are_completed(
    folder: Path, manyfest: CommandLine, shell: str
) -> None:
    assert words_of(completed(shell, "manyfest ins", manyfest), shell) == ["inspect"]
    assert words_of(completed(shell, "manyfest cache fs", manyfest), shell) == ["fsck"]
    assert words_of(completed(shell, "manyfest push --dry", manyfest), shell) == ["--dry-run"]


@pytest.mark.parametrize("shell", SHELLS)
def test_values_are_completed(folder: Path, manyfest: CommandLine, shell: str) -> None:
    platforms = completed(shell, "manyfest copy --platform linux/arm", manyfest)
    assert platforms == ["linux/arm64", "linux/arm/v7", "linux/arm/v6"] or sorted(
        platforms
    ) == sorted(["linux/arm64", "linux/arm/v7", "linux/arm/v6"])
    assert completed(shell, "manyfest create --type d", manyfest) == ["docker"]


@pytest.mark.parametrize(("shell", "draft"), [("zsh", None), ("fish", None), ("bash", "1")])
def test_drafts_are_completed_behind_a_colon_too(
    folder: Path, manyfest: CommandLine, shell: str, draft: str | None
) -> None:
    """bash replaces only what follows the last colon of the word."""
    found = completed(shell, "manyfest push r.example:5000/team/draft:", manyfest)
    assert found == [draft or "r.example:5000/team/draft:1"]


@pytest.mark.parametrize("shell", SHELLS)
def test_files_are_completed_where_a_file_is_wanted(
    folder: Path, manyfest: CommandLine, shell: str
) -> None:
    (folder / "lists.yaml").write_text("")
    found = completed(shell, "manyfest apply lists", manyfest)
    assert "lists.yaml" in found


ASKED = {
    "hosts with credentials": ("login ", "r.example:5000"),
    "drafts": ("rm r.ex", "r.example:5000/team/draft:1"),
    "references": ("show r.ex", "r.example:5000/team/draft:1"),
    "kinds of differences behind a comma": ("diff --exit-code list,la", "list,layers"),
    "platforms behind a comma": ("copy --platform linux/amd64,linux/s", "linux/amd64,linux/s390x"),
    "a value behind =": ("create --type=o", "--type=oci"),
    "an entry": ("annotate r.example:5000/team/draft:1 linux/am", "linux/amd64"),
}


@pytest.mark.parametrize(("line", "wanted"), ASKED.values(), ids=ASKED)
def test_what_the_scripts_are_told(
    folder: Path, manyfest: CommandLine, line: str, wanted: str
) -> None:
    words = [*shlex.split(line), *([""] if line.endswith(" ") else [])]
    told = manyfest("__complete", *words)
    *found, directive = told.stdout.decode().splitlines()
    assert wanted in [entry.split("\t")[0] for entry in found]
    assert (told.code, directive) == (0, ":4")


def test_a_store_that_cannot_be_read_gives_nothing(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.db").write_text("no store")
    monkeypatch.setenv("MANYFEST_STORE", str(folder / "broken.db"))
    told = manyfest("__complete", "push", "")
    assert (told.code, told.stdout, told.stderr) == (0, b":4\n", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_written_where_its_shell_looks(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("HOME", str(folder / "home"))
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    done = manyfest("completion", "--install", shell)
    assert done.code == 0
    file = Path(done.stderr.partition("note: wrote ")[2].partition(";")[0])
    assert file.read_text() == SCRIPTS[shell]
    assert file.is_relative_to(folder / "home")


@pytest.mark.parametrize("words", [["tcsh"], ["--install", "powershell"]])
def test_a_shell_without_a_script_is_an_error_of_usage(
    folder: Path, manyfest: CommandLine, words: list[str]
) -> None:
    refused = manyfest("completion", *words)
    assert (refused.code, refused.stdout) == (2, b"")
