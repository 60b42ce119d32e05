"""Workflows, actions and the Containerfile: what holds without GitHub or an engine."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from manyfest.domain.version import VERSION

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
CONTAINERFILE = (ROOT / ".github" / "Containerfile").read_text()
PINNED = re.compile(r"[\w.-]+/[\w./-]+@(?:v\d[\w.]*|[0-9a-f]{40})|\./\.github/actions/\w+")
# An expression that anyone can write: a title, a branch, an input of the action.
UNTRUSTED = re.compile(r"\$\{\{[^}]*\b(?:inputs|github\.event|head_ref|ref_name)\b")


def steps_of(file: Path) -> Iterator[dict[str, object]]:
    document = yaml.safe_load(file.read_text())
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    for job in jobs:
        yield from job.get("steps", ())


STEPS = [
    pytest.param(step, id=f"{file.parent.name}/{file.stem}-{number}")
    for file in (*WORKFLOWS, *ACTIONS)
    for number, step in enumerate(steps_of(file))
]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_runs_valid_bash_or_an_action_of_a_fixed_version(step):
    assert ("run" in step) != ("uses" in step)
    if "uses" in step:
        assert PINNED.fullmatch(step["uses"])
        return
    script = step["run"].encode()
    ended = subprocess.run(["bash", "-n"], input=script, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert not UNTRUSTED.search(step["run"])


@pytest.mark.parametrize("file", ACTIONS, ids=lambda file: file.parent.name)
def test_an_action_hands_every_input_to_a_step(file):
    action = yaml.safe_load(file.read_text())
    text = file.read_text().partition("runs:")[2]
    assert [name for name in action["inputs"] if f"inputs.{name}" not in text] == []
    assert all(one["description"] for one in (*action["inputs"].values(), action))
    assert all(step.get("shell") == "bash" for step in action["runs"]["steps"] if "run" in step)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_has_the_least_rights_and_a_time_limit(file):
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    own = [job for job in workflow["jobs"].values() if "uses" not in job]
    assert all(0 < job["timeout-minutes"] <= 60 for job in own)
    checkouts = [s for s in steps_of(file) if s.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_job_that_is_another_workflow_names_one_that_can_be_called(file):
    for job in yaml.safe_load(file.read_text())["jobs"].values():
        if called := job.get("uses"):
            assert called.startswith("./.github/workflows/")
            assert "workflow_call" in yaml.safe_load((ROOT / called).read_text())[True]  # "on"


def test_the_versions_of_python_in_the_matrix_are_those_of_the_metadata():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {c.rpartition(" ")[2] for c in project["classifiers"] if "Python :: 3." in c}
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert set(re.findall(r'"(3\.\d+)"', text)) == named


def test_a_release_gets_its_section_of_the_changelog():
    command = ["bash", ROOT / ".ci" / "changelog"]
    ended = subprocess.run([*command, VERSION], capture_output=True, text=True, check=True)
    assert "### " in ended.stdout
    assert "\n## " not in ended.stdout
    assert subprocess.run([*command, "99.0"], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("target", ["debug", "manyfest"])
def test_an_image_runs_as_a_user_who_is_not_root(target):
    stage = CONTAINERFILE.partition(f" AS {target}\n")[2].partition("\nFROM ")[0]
    (user,) = re.findall(r"^USER (\d+):\d+$", stage, re.MULTILINE)
    assert int(user) > 0
    assert 'ENTRYPOINT ["/usr/local/bin/manyfest"]' in stage
    assert "RUN " not in stage


def test_the_workflow_builds_the_targets_of_the_containerfile():
    images = yaml.safe_load((ROOT / ".github" / "workflows" / "images.yml").read_text())
    matrix = images["jobs"]["build"]["strategy"]["matrix"]
    stages = re.findall(r" AS (\w+)$", CONTAINERFILE, re.MULTILINE)
    assert sorted(stages) == sorted(["build", *matrix["target"]])


def test_what_the_image_is_built_from_is_what_is_packaged():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert [name for name in names if not (ROOT / name).exists()] == []
    folders = {path.parent.name for path in ROOT.glob("[a-z]*/__init__.py")}
    assert folders - {"tests"} <= names
