"""The report of ``doctor``: sections of facts, as text and as JSON."""

import json
from collections.abc import Iterator, Mapping

from manyfest.cli.output import printable
from manyfest.domain.encoding.strict_json import Json

_INDENT = "  "


def report_json(report: Mapping[str, Mapping[str, Json]]) -> str:
    """Return the sections as one JSON object of objects."""
    return json.dumps(report, indent=2, ensure_ascii=False)


def report_lines(report: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    """Yield each section's name, and a line for each fact; further values are below the first."""
    width = max(len(label) for facts in report.values() for label in facts) + 2
    for section, facts in report.items():
        yield section
        for label, value in facts.items():
            values = value if isinstance(value, list) else [value]
            for number, each in enumerate(values):
                shown = f"{printable(label)}:" if not number else ""
                yield f"{_INDENT}{shown:<{width}}{printable(str(each))}"
