"""The measurements as JSON, with the machine and versions they were taken on."""

import json
from collections.abc import Iterable, Mapping

from attrs import asdict

from tests.benchmarks.measuring.cases import Case
from tests.benchmarks.measuring.machine import machine, versions
from tests.benchmarks.measuring.measurements import Row, speed_ratio
from tests.benchmarks.measuring.runner import RunOptions


def as_json(
    cases: Iterable[Case], choice: RunOptions, rows: Iterable[Row], loads: Mapping[str, float]
) -> str:
    """Return the JSON: times in seconds, peaks in MiB, round trips in ms, ``runs`` per run.

    ``loads`` are those of the machine by case, when it was done.
    """
    rows = tuple(rows)
    document = {
        "machine": machine(),
        "versions": versions(),
        "cases": [_case(case, choice, rows) | {"load": loads.get(case.name)} for case in cases],
    }
    return json.dumps(document, indent=2) + "\n"


def _case(case: Case, choice: RunOptions, rows: tuple[Row, ...]) -> dict[str, object]:
    own = [row for row in rows if row.case == case.name]
    return {
        "name": case.name,
        "title": case.title,
        "rtt": choice.rtt_of(case),
        "tls": case.tls,
        "baseline": case.baseline,
        "tools": [asdict(row) | {"ratio": speed_ratio(row, own, case.baseline)} for row in own],
    }
