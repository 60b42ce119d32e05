"""The demonstration: it works in an empty folder with no network, and leaves a place to play."""

import json
from pathlib import Path

import pytest

from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine


def test_it_shows_the_main_job_without_a_network(
    tmp_path: Path, manyfest: CommandLine, seed: Seed
) -> None:
    seed.forbid_network()
    shown = manyfest("demo", tmp_path / "play")
    assert (shown.code, shown.stderr.count("error")) == (0, 0)
    commands = [line for line in shown.stdout.decode().splitlines() if line.startswith("$ ")]
    verbs = [line.split()[2] for line in commands if line.startswith("$ manyfest")]
    assert verbs == ["create", "annotate", "annotate", "ls", "inspect", "push", "inspect"]


def test_what_it_leaves_can_be_played_with(
    tmp_path: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = manyfest("demo", tmp_path / "play").stdout.decode()
    monkeypatch.chdir(tmp_path / "play")
    monkeypatch.setenv("MANYFEST_STORE", "store.db")
    document = manyfest("inspect", "--raw", "oci:site:v1").stdout
    platforms = [entry["platform"] for entry in json.loads(document)["manifests"]]
    assert [platform["architecture"] for platform in platforms] == [
        "amd64",
        "arm64",
        "arm",
        "amd64",
    ]
    assert platforms[2]["variant"] == "v7"
    assert platforms[3]["os.version"] == "10.0.26100.1742"
    last = shown[shown.rindex("$ manyfest inspect --offline") :].splitlines()
    assert "\n".join(last[1 : last.index("}") + 1]) == document.decode()


def test_the_users_own_drafts_are_not_touched(tmp_path: Path, manyfest: CommandLine) -> None:
    assert manyfest("demo", tmp_path / "play").code == 0
    assert manyfest("ls", "--json").stdout == b"[]\n"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, manyfest: CommandLine) -> None:
    (tmp_path / "notes").write_text("mine")
    result = manyfest("demo", tmp_path)
    assert (result.code, result.stdout) == (6, b"")
    assert "no empty folder" in result.stderr
    assert (tmp_path / "notes").read_text() == "mine"
