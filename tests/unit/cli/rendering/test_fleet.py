"""Texts from outside do not break the documents that CI systems parse."""

import json
from xml.etree import ElementTree as ET

from manyfest.cli.rendering.fleet.junit import fleet_junit
from manyfest.cli.rendering.fleet.sarif import fleet_sarif
from manyfest.cli.rendering.fleet.verdict import FleetImage
from manyfest.domain.errors import UnreachableError

HOSTILE = "]]></error><x a='\"'>\x1b[31m\x00\ufffe\U0001f600&amp;\n"


def hostile() -> list[FleetImage]:
    error = UnreachableError("host", f"{HOSTILE} is away")
    return [FleetImage(HOSTILE, f"{HOSTILE}.yaml:7", error), FleetImage("plain", "", error)]


def test_xml_stays_one_document_of_valid_characters() -> None:
    text = fleet_junit(hostile())
    root = ET.fromstring(text)
    first, second = root.iter("testcase")
    assert first.find("error").text.count("\U0001f600") == 1
    assert (first.get("line"), second.get("file")) == ("7", None)
    assert not {"\x1b", "\x00", "\ufffe"} & set(text)


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
