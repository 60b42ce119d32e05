"""The report of ``doctor``: sections of facts, as text and as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence

from manyfest.cli.output import printable
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.values import frozen

_INDENT = "  "


@frozen
class Fact:
    """A fact for people, ``lines`` beside ``label``, and for programs, ``data``, under ``key``.

    Without a ``label`` the fact is for programs alone, without a ``key`` for people alone.
    """

    key: str
    data: Json
    label: str = ""
    lines: tuple[str, ...] = ()


def same_for_both(name: str, value: str) -> Fact:
    """Return a fact that people and programs read alike."""
    return Fact(name, value, name, (value,))


# Sections of facts by their names.
Report = Mapping[str, Sequence[Fact]]


def report_json(report: Report) -> str:
    """Return the sections as one JSON object of objects."""
    sections = {
        section: {fact.key: fact.data for fact in facts if fact.key}
        for section, facts in report.items()
    }
    return json.dumps(sections, indent=2, ensure_ascii=False)


def report_lines(report: Report) -> Iterator[str]:
    """Yield each section's name, and a line for each fact; further values are below the first."""
    width = max(len(fact.label) for facts in report.values() for fact in facts) + 2
    for section, facts in report.items():
        yield section
        for fact in facts:
            for number, each in enumerate(fact.lines):
                shown = f"{printable(fact.label)}:" if not number else ""
                yield f"{_INDENT}{shown:<{width}}{printable(each)}"
