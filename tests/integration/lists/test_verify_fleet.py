"""A fleet of images that files name is verified: one verdict each, as people and CI read it."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from manyfest.contracts.images import docker_image, docker_list, oci_image
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.our_program import run_here

BOTH = docker_list(docker_image("linux/amd64"), docker_image("linux/arm64", text="arm"))
WANTED = ("--expect-platforms", "linux/amd64,linux/arm64")


@pytest.fixture
def home(docker_registry: RunningRegistry, repository: str, seed: Seed) -> str:
    home = f"{docker_registry.host}/{repository}"
    seed(f"{home}:both", BOTH)
    seed(f"{home}:amd64", oci_image("linux/amd64"))
    return home


@pytest.fixture
def fleet(home: str, tmp_path: Path) -> Path:
    """A list that is whole, one that lacks a platform, one that is missing, one without a name."""
    lines = ["services:"]
    for number, image in enumerate((f"{home}:both", f"{home}:amd64", f"{home}:gone", "${NONE}")):
        lines += [f"  s{number}:", f"    image: {image}"]
    file = tmp_path / "compose.yaml"
    file.write_text("\n".join(lines))
    return file


def verify(*arguments: str | Path) -> Result:
    return run_here("verify", *arguments)


def test_each_image_has_a_verdict(fleet: Path, home: str) -> None:
    shown = verify("-f", fleet, *WANTED)
    assert shown.code == 8
    assert shown.stdout.decode().splitlines() == [
        f"{home}:both ({fleet}:3): passed: 0 errors, 0 warnings",
        f"{home}:amd64: config: error: there is no image for linux/arm64 [absent-platform]",
        f"{home}:amd64 ({fleet}:5): failed: 1 error, 0 warnings",
        f"{home}:gone ({fleet}:7): unknown: no such manifest: {home}:gone",
        f"${{NONE}} ({fleet}:9): unknown: the variable NONE has no default",
    ]
    assert "note: 1 of 4 images failed, 2 could not be checked" in shown.stderr


def test_json_has_an_object_an_image(fleet: Path) -> None:
    shown = json.loads(verify("-f", fleet, *WANTED, "--format", "json").stdout)
    assert [each["status"] for each in shown] == ["passed", "failed", "unknown", "unknown"]
    assert [each["rule"] for each in shown[1]["findings"]] == ["absent-platform"]
    assert shown[0]["digest"] == str(BOTH.digest)


def test_junit_is_a_suite_a_file_and_a_test_an_image(fleet: Path, home: str) -> None:
    shown = verify("-f", fleet, f"{home}:both", *WANTED, "--format", "junit")
    assert shown.code == 8
    root = ET.fromstring(shown.stdout)
    assert root.tag == "testsuites"
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["arguments", str(fleet)]
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(cases)
        assert int(element.get("failures")) == sum(len(case.findall("failure")) for case in cases)
        assert int(element.get("errors")) == sum(len(case.findall("error")) for case in cases)
    failed = suites[str(fleet)].find(f"testcase[@name='{home}:amd64']")
    assert suites[str(fleet)].get("file") == str(fleet)
    assert failed.find("failure").get("type") == "absent-platform"
    assert failed.find("failure").text.startswith(f"{fleet}:5: ")


def test_sarif_has_what_its_schema_requires(fleet: Path, home: str) -> None:
    shown = verify("-f", fleet, *WANTED, "--format", "sarif")
    document = json.loads(shown.stdout)
    assert (shown.code, document["version"]) == (8, "2.1.0")
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    rules = driver["rules"]
    assert driver["name"] == "manyfest"
    assert all(rule["id"] and rule["shortDescription"]["text"] for rule in rules)
    (result,) = run["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "absent-platform"
    assert result["level"] == "error"
    assert f"{home}:amd64" in result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == str(fleet)
    assert place["region"] == {"startLine": 5}
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    told = invocation["toolExecutionNotifications"]
    assert [each["level"] for each in told] == ["error", "error"]
    assert all(each["message"]["text"] for each in told)


@pytest.mark.parametrize(
    ("names", "code"),
    [(["both"], 0), (["amd64"], 8), (["both", "gone"], 3), (["amd64", "gone"], 8)],
)
def test_the_exit_code_is_the_worst_verdict(home: str, names: list[str], code: int) -> None:
    assert verify(*WANTED, *(f"{home}:{name}" for name in names)).code == code


def test_a_registry_that_is_away_is_no_verdict(home: str) -> None:
    shown = verify("127.0.0.1:1/app", f"{home}:both", "--timeout", "20")
    assert shown.code == 5
    assert shown.stdout.decode().endswith(f"{home}:both: passed: 0 errors, 0 warnings\n")


def test_a_platform_too_many_is_a_warning(home: str) -> None:
    shown = verify(f"{home}:both", "--expect-platforms", "linux/amd64")
    assert shown.code == 0
    assert b"linux/arm64 is not expected [unexpected-platform]" in shown.stdout


@pytest.mark.parametrize(
    "arguments",
    [[], ["--format", "xml", "a"], ["--json", "--format", "sarif", "a"], ["--rules", "a"]],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str]) -> None:
    assert verify(*arguments).code in {1, 2}
    assert verify(*arguments).stdout == b""


def test_many_are_checked_beside_each_other_as_few_are(home: str, tmp_path: Path) -> None:
    file = tmp_path / "images.txt"
    file.write_text("\n".join(f"{home}:{'both' if n % 2 else f'none-{n}'}" for n in range(40)))
    shown = json.loads(verify("-f", file, "--json").stdout)
    assert len(shown) == 21
    assert [each["status"] for each in shown].count("passed") == 1
