"""Completion as a person types it: in interactive shells, on a terminal."""

import os
import sys
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.typed_shell import typed_shell

SHELLS = {
    "bash": ["bash", "--norc", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
LOADING = {
    "bash": 'eval "$({0} completion bash)"',
    "zsh": 'autoload -Uz compinit; compinit -u -D; eval "$({0} completion zsh)"',
    "fish": "{0} completion fish | source",
}
READY = 'echo rea""dy\r'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manyfest: CommandLine) -> Path:
    """A folder with a draft and a file, and the program on the PATH."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "a"), oci_image())
    assert manyfest("create", "r.example:5000/team/draft:1", "oci:app:a").code == 0
    (tmp_path / "lists.yaml").write_text("services:\n")
    return tmp_path


# The keys before and behind the Tab, and what the completed command line prints.
TYPED = {
    "a command": ("manyfest ins\t\r", "'manyfest inspect' requires at least 1"),
    "a command of a group": ("manyfest cache fs\t--h\t\r", "Usage: manyfest cache fsck"),
    "an option": ("manyfest show --referr\t\r", "'manyfest show' requires"),
    "a draft behind a port and a tag": (
        "manyfest push r.example:5000/team/dr\t--dry-run --offline\r",
        "offline: r.example:5000/team/draft:1 cannot be written",
    ),
    "a file": ("manyfest apply lis\t\r", "lists.yaml: not a manifest-tool spec"),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes(shell: str) -> None:
    with typed_shell(SHELLS[shell]) as typed:
        typed.type(f"{LOADING[shell].format('manyfest')}; {READY}", until="ready\r\n")
        for keys, shown in TYPED.values():
            typed.type(keys, until=shown)


@pytest.mark.parametrize("shell", ["zsh", "fish"])  # docker's script for bash needs another package
def test_the_tab_key_completes_behind_docker(shell: str, manyfest: CommandLine) -> None:
    assert manyfest("plugin", "install").code == 0
    also = "; compdef _docker docker" if shell == "zsh" else ""
    with typed_shell(SHELLS[shell]) as typed:
        typed.type(f"{LOADING[shell].format('docker')}{also}; {READY}", until="ready\r\n")
        typed.type("docker manyfest ins\t\r", until="(usage: docker manyfest inspect")
        typed.type(
            "docker manyfest push r.example:5000/team/dr\t--dry-run --offline\r",
            until="r.example:5000/team/draft:1 cannot be written",
        )
