"""The demonstration: it works in an empty folder with no network, and leaves a place to play."""

import json
from pathlib import Path

import pytest

from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.terminal import on_terminal


def test_it_shows_the_main_job_without_a_network(
    tmp_path: Path, manyfest: CommandLine, seed: Seed
) -> None:
    seed.forbid_network()
    shown = manyfest("demo", tmp_path / "play")
    assert (shown.code, shown.stderr.count("error")) == (0, 0)
    commands = [line for line in shown.stdout.decode().splitlines() if line.startswith("$ ")]
    verbs = [line.split()[2] for line in commands if line.startswith("$ manyfest")]
    assert verbs == [
        *("create", "annotate", "annotate", "ls", "show", "push", "verify", "show"),
    ]


def test_each_step_is_explained_and_fits_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = on_terminal("demo", str(tmp_path / "play")).replace(str(tmp_path), "/home/me")
    steps = shown.split("\n\n# ")
    for number, step in enumerate(steps[1:-1], 1):
        sentence, command, *_ = step.splitlines()
        assert sentence.startswith(f"{number}. ")
        assert sentence.endswith(".")
        assert command.startswith("$ manyfest ")
    rows = [sum(-(-len(line) // 80) or 1 for line in step.splitlines()) for step in steps]
    assert max(rows) <= 24


def test_it_ends_with_a_summary_and_commands_that_work(
    tmp_path: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = manyfest("demo", tmp_path / "play").stdout.decode()
    summary = shown[shown.index("# Done: ") :]
    monkeypatch.chdir(tmp_path / "play")
    monkeypatch.setenv("MANYFEST_STORE", "store.db")
    (digest,) = manyfest("digest", "oci:site:v1").stdout.decode().splitlines()
    assert f"an OCI index with 4 platforms,\n# {digest}." in summary
    tried = [line.split("    ")[0] for line in summary.split("#   manyfest ")[1:]]
    codes = {line.split()[0]: manyfest(*line.split()).code for line in tried}
    assert codes == {"show": 0, "copy": 0, "diff": 8}


def test_what_it_leaves_can_be_played_with(
    tmp_path: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert manyfest("demo", tmp_path / "play").code == 0
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


def test_the_users_own_drafts_are_not_touched(tmp_path: Path, manyfest: CommandLine) -> None:
    assert manyfest("demo", tmp_path / "play").code == 0
    assert manyfest("ls", "--json").stdout == b"[]\n"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, manyfest: CommandLine) -> None:
    (tmp_path / "notes").write_text("mine")
    result = manyfest("demo", tmp_path)
    assert (result.code, result.stdout) == (6, b"")
    assert "is not empty" in result.stderr
    assert (tmp_path / "notes").read_text() == "mine"
