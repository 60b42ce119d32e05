"""Figures as people read them: times, ratios, the table, the chart."""

import json
from xml.etree import ElementTree as ET

import pytest

from tests.benchmarks.measuring.cases import Case
from tests.benchmarks.measuring.chart import chart
from tests.benchmarks.measuring.json_report import as_json
from tests.benchmarks.measuring.measurements import Row, duration, speed_ratio
from tests.benchmarks.measuring.runner import RunOptions
from tests.benchmarks.measuring.table import table

DOCKER = Row("put", "docker", 4.0, 0.08, 34, 26, 25.2, runs=(3.9, 4.0, 5.0))
OURS = Row("put", "manyfest", 0.5, 0.3, 8, 18, 39.8, runs=(0.5, 0.4, 0.6))
ABSENT = Row("put", "crane", note="not there")
MADE = Row("put", "made <ready>", 0.00123, note="64 bytes each")
ROWS = (MADE, DOCKER, OURS, ABSENT)
CASE = Case("put", "a list & more", (), rtt=50, runs=3)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (433.2, "433 s"),
        (27.63, "27.6 s"),
        (3.579, "3.58 s"),
        (0.5514, "551 ms"),
        (0.0137, "13.7 ms"),
        (0.0000142, "14.2 µs"),
        (0, "0.00 µs"),
    ],
)
def test_times_have_three_digits(seconds, text):
    assert duration(seconds) == text


def test_speed_is_told_of_those_who_did_the_same_job():
    ratios = {row.tool: speed_ratio(row, ROWS, "docker") for row in ROWS}
    assert ratios == {"docker": 1.0, "manyfest": 8.0, "crane": None, "made <ready>": None}
    assert speed_ratio(OURS, [OURS], "docker") is None


def test_the_table_has_a_line_for_each_tool():
    assert table(CASE, RunOptions(), ROWS).splitlines() == [
        "put: a list & more, 50 ms away (medians of 3; speed of docker is 1)",
        "                   time    best      CPU    peak  speed  connections  requests",
        f"  made <ready>  1.23 ms{' ' * 57}64 bytes each",
        "  docker         4.00 s  3.90 s  80.0 ms  25 MiB   1.0x           34        26",
        "  manyfest       500 ms  400 ms   300 ms  40 MiB   8.0x            8        18",
        "  crane: not there",
    ]


def test_a_table_of_nothing_but_the_missing_has_no_headings():
    lines = table(CASE, RunOptions(), [ABSENT]).splitlines()
    assert lines[1:] == ["  crane: not there"]


def test_the_chart_has_a_bar_for_each_time_and_is_as_wide_as_the_longest():
    svg = ET.fromstring(chart({"put": "a list & more"}, (DOCKER, OURS, ABSENT)))
    bars = svg.findall("{*}rect")
    widths = [float(bar.get("width")) for bar in bars]
    assert [bar.get("class") for bar in bars] == ["bar", "bar ours"]
    assert widths[1] == pytest.approx(widths[0] / 8, abs=0.1)
    texts = [text.text for text in svg.findall("{*}text")]
    assert texts == ["a list & more", "docker", "4.00 s", "manyfest", "500 ms (8.0x)"]


def test_cases_without_docker_are_not_drawn():
    svg = ET.fromstring(chart({"put": "a list"}, [OURS]))
    assert svg.findall("{*}rect") == []


def test_the_figures_are_kept_as_they_are():
    (case,) = json.loads(as_json([CASE], RunOptions(rtt=20), ROWS, {"put": 1.5}))["cases"]
    facts = [case[name] for name in ("name", "rtt", "tls", "baseline", "load")]
    assert facts == ["put", 20, False, "docker", 1.5]
    ours = case["tools"][2]
    assert (ours["tool"], ours["seconds"], ours["ratio"]) == ("manyfest", 0.5, 8.0)
    assert ours["runs"] == [0.5, 0.4, 0.6]
