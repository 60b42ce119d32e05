"""Texts from outside do not break the documents that CI systems parse."""

import json
from xml.etree import ElementTree as ET

import pytest

from manyfest.cli.rendering.fleet.junit import fleet_junit
from manyfest.cli.rendering.fleet.sarif import fleet_sarif
from manyfest.cli.rendering.fleet.verdict import FleetImage
from manyfest.contracts.images import oci_image
from manyfest.domain.errors import UnreachableError
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.views.verify import Verification
from manyfest.domain.references import Reference
from manyfest.domain.verification.findings import RULES, Finding

HOSTILE = "]]></error><x a='\"'>\x1b[31m\x00\ufffe\U0001f600&amp;\n"


def hostile() -> list[FleetImage]:
    error = UnreachableError("host", f"{HOSTILE} is away")
    return [FleetImage(HOSTILE, f"{HOSTILE}.yaml:7", error), FleetImage("plain", "", error)]


def test_xml_stays_one_document_of_valid_characters() -> None:
    text = fleet_junit(hostile())
    root = ET.fromstring(text)
    first, second = root.iter("testcase")
    assert first.find("error").text.count("\U0001f600") == 2
    assert first.find("error").text.count(".yaml:7: ") == 1
    assert second.find("error").text == second.find("error").get("message")
    assert not {"\x1b", "\x00", "\ufffe"} & set(text)


def test_elements_have_only_the_attributes_of_the_schema_of_jenkins() -> None:
    allowed = {
        "testsuites": {"name", "tests", "failures", "errors"},
        "testsuite": {"name", "tests", "failures", "errors", "file"},
        "testcase": {"name", "classname"},
        "error": {"type", "message"},
    }
    for element in ET.fromstring(fleet_junit(hostile())).iter():
        assert set(element.keys()) <= allowed[element.tag]


def test_json_stays_json_and_the_place_a_uri() -> None:
    (run,) = json.loads(fleet_sarif(hostile()))["runs"]
    first, second = run["invocations"][0]["toolExecutionNotifications"]
    uri = first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(" <>\"'\x1b\x00\n") & set(uri)
    assert "physicalLocation" not in second["locations"][0]


def test_nothing_to_check_is_an_empty_report() -> None:
    assert ET.fromstring(fleet_junit([])).get("tests") == "0"
    assert json.loads(fleet_sarif([]))["runs"][0]["results"] == []


def test_findings_are_not_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list may have 26,000 errors and as many warnings."""
    names = ["missing-manifest", "unverifiable-digest"] * 100
    findings = tuple(Finding(RULES[name], f"manifests[{n}]", name) for n, name in enumerate(names))
    root = Resolved(Reference.parse("r.example/a:1"), oci_image().manifest)
    found = Verification(root, findings, 1, 0, 0, (), ())
    compared: list[object] = []
    monkeypatch.setattr(Finding, "__eq__", lambda self, other: bool(compared.append(other)))
    (case,) = ET.fromstring(fleet_junit([FleetImage("a", "", found)])).iter("testcase")
    lines = [(case.findtext(name) or "").splitlines() for name in ("failure", "system-out")]
    assert list(map(len, lines)) == [100, 100]
    assert compared == []
