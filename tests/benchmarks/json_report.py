"""The measurements as JSON, with the machine and versions they were taken on."""

import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version

from attrs import asdict

from tests.benchmarks.cases import Case
from tests.benchmarks.measurements import Row, speed_ratio
from tests.benchmarks.runner import RunOptions


def as_json(cases: Iterable[Case], choice: RunOptions, rows: Iterable[Row]) -> str:
    """Return the JSON: times in seconds, round trips in milliseconds, ``runs`` per run."""
    rows = tuple(rows)
    document = {
        "machine": {
            "system": platform.platform(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "manyfest": version("manyfest"),
        },
        "cases": [_case(case, choice, rows) for case in cases],
    }
    return json.dumps(document, indent=2) + "\n"


def _case(case: Case, choice: RunOptions, rows: tuple[Row, ...]) -> dict[str, object]:
    own = [row for row in rows if row.case == case.name]
    return {
        "name": case.name,
        "title": case.title,
        "rtt": choice.rtt_of(case),
        "baseline": case.baseline,
        "tools": [asdict(row) | {"ratio": speed_ratio(row, own, case.baseline)} for row in own],
    }
