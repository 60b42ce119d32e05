"""Answers of ``cache query``: a table for people, JSON or CSV for programs."""

import csv
import io
import math
from collections.abc import Iterator, Sequence

from manyfest.cli.rendering.table import aligned, json_array
from manyfest.domain.ports.queries import QueryResult, QueryView, Value

_LINE_END = "\r\n"  # what cells are quoted for that have any of it


def answer_table(answer: QueryResult) -> Iterator[str]:
    """A line a row under the names of the columns; nothing for NULL."""
    return aligned(answer.columns, ([_text(value) for value in row] for row in answer.rows))


def answer_json(answer: QueryResult) -> Iterator[str]:
    """An array of objects; of columns of one name the later ones are numbered."""
    names = _different(answer.columns)
    return json_array(dict(zip(names, map(_json, row), strict=True)) for row in answer.rows)


def answer_csv(answer: QueryResult) -> Iterator[str]:
    """RFC 4180 but for the line ends, which are the system's: a line feed."""
    yield _csv_line(answer.columns)
    for row in answer.rows:
        yield _csv_line([_text(value) for value in row])


def views_text(views: Sequence[QueryView]) -> str:
    """For each view its name, what it is about, and its columns."""
    return "\n".join(f"{view.name}: {view.about}\n    {view.columns}" for view in views)


def _text(value: Value) -> str:
    if value is None:
        return ""
    return value.hex() if isinstance(value, bytes) else str(value)


def _json(value: Value) -> Value:
    """Bytes and numbers that JSON does not have, as texts."""
    if isinstance(value, bytes) or (isinstance(value, float) and not math.isfinite(value)):
        return _text(value)
    return value


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator=_LINE_END).writerow(cells)
    return line.getvalue().removesuffix(_LINE_END)


def _different(names: Sequence[str]) -> list[str]:
    taken: list[str] = []
    for name in names:
        number, free = 2, name
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        taken.append(free)
    return taken
