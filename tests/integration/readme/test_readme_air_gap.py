"""The lesson "Offline and air gap", run as it stands, with nobody to ask."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs.docker_client import CommandLine, Result

PAGE = (Path(__file__).parents[3] / "docs" / "tutorial" / "air-gap.md").read_text()
SETUP_BLOCK, _, SECTION = PAGE.partition("\n```\n")
SETUP = SETUP_BLOCK.rpartition("$ ")[2]
STEPS = re.findall(r"^\$ (.*?)(?:\s+# exits with (\d+))?$", SECTION, re.MULTILINE)
APP = "registry.example.com/team/app"
AWAY = '[[registry]]\nprefix = "registry.example.com"\nlocation = "127.0.0.1:1"\n'


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demonstration after the whole walk, and in ``errors`` what was said."""
    folder = tmp_path_factory.mktemp("walk")
    (folder / "away.conf").write_text(AWAY)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "CONTAINERS_REGISTRIES_CONF": str(folder / "away.conf"),
    }
    script = ["manyfest demo >demo.txt", SETUP, *map(_checked, *zip(*STEPS, strict=True))]
    ended = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, (ended.stdout[-2000:], ended.stderr)
    (folder / "out").write_text(ended.stdout)
    (folder / "errors").write_text(ended.stderr)
    return folder


def _checked(command: str, code: str) -> str:
    """The command, and the end of the script if it does not end as the README says."""
    echo = f"echo {shlex.quote('$ ' + command)}"
    return f"{echo}\n{command}\n[ $? = {code or 0} ] || {{ echo failed >&2; exit 1; }}"


@pytest.fixture
def at(walked: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch):
    """Runs a command there, with the store of that name."""
    monkeypatch.chdir(walked / "manyfest-demo")

    def run(store: str, *arguments: str) -> Result:
        monkeypatch.setenv("MANYFEST_STORE", store)
        return manyfest(*arguments)

    return run


def _said(walked: Path, command: str) -> list[str]:
    """The stdout of the README's command that begins with these words."""
    after = (walked / "out").read_text().partition(f"$ manyfest {command}")[2]
    return after.partition("\n$ ")[0].splitlines()[1:]


def test_the_walk_shows_every_command_for_where_there_is_no_network(walked: Path) -> None:
    shown = "\n".join(command for command, _ in STEPS)
    verbs = ("fetch", "export", "import", "ls", "stats", "gc", "fsck", "query")
    for words in (*(f"cache {verb}" for verb in verbs), "history", "undo", "push --merge"):
        assert f"manyfest {words}" in shown
    assert "failed" not in (walked / "errors").read_text()


def test_a_delta_brings_what_the_bundle_had_not(walked: Path) -> None:
    assert _said(walked, "cache import bundle") == ["Imported 1 manifest, 1 tag, 1 layer, 0 drafts"]
    (delta,) = _said(walked, "cache import delta")
    assert delta.startswith("Imported 3 manifests, 4 tags, 3 layers")


def test_what_is_made_on_the_closed_side_is_whole(at) -> None:
    assert at("closed.db", "verify", "oci:here:1.4").code == 0
    document = json.loads(at("closed.db", "inspect", "--raw", "oci:here:1.4").stdout)
    assert [entry["platform"]["architecture"] for entry in document["manifests"]] == [
        "amd64",
        "arm64",
    ]


def test_the_draft_is_the_same_on_both_sides(at) -> None:
    shown = at("store.db", "inspect", f"{APP}:1.4")
    assert (shown.code, shown.stdout) == (0, at("closed.db", "inspect", f"{APP}:1.4").stdout)


def test_the_questions_are_answered(walked: Path) -> None:
    lacking = _said(walked, 'cache query "SELECT reference')
    assert f"{APP}:amd64" in lacking
    assert f"{APP}:arm64" not in lacking
    assert _said(walked, 'cache query "SELECT digest') == ["digest   images"]


def test_undo_put_back_what_was_before(at) -> None:
    before, after = (
        at("store.db", "inspect", "--raw", name) for name in ("oci:images:amd64", "oci:site:edge")
    )
    assert before.stdout == after.stdout != b""


def test_the_registry_was_away_and_the_warning_says_so(walked: Path) -> None:
    warnings = [
        line
        for line in (walked / "errors").read_text().splitlines()
        if line.startswith("warning: ")
    ]
    attached, away = warnings
    assert attached.startswith("warning: attached signatures, SBOMs or the like may be missing")
    assert away.startswith(f"warning: {APP}:amd64 could not be asked for")


def test_no_job_was_lost(at) -> None:
    document = json.loads(at("other.db", "inspect", "--raw", "oci:site:ci").stdout)
    shown = sorted(entry["platform"]["architecture"] for entry in document["manifests"])
    assert shown == ["amd64", "arm", "arm64"]
