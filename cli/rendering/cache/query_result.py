"""Results of ``cache query`` as a table, JSON or CSV."""

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence

from manyfest.cli.rendering.table import aligned, json_array
from manyfest.domain.ports.queries import QueryResult, QueryView, Value

_LINE_END = "\r\n"  # the csv module quotes cells with any of these characters


def answer_table(answer: QueryResult) -> Iterator[str]:
    """Yield the names of the columns and a line a row; NULL is empty."""
    return aligned(answer.columns, ([_text(value) for value in row] for row in answer.rows))


def answer_json(answer: QueryResult) -> Iterator[str]:
    """Yield a JSON array of objects; repeated names of columns get numbers."""
    names = _different(answer.columns)
    return json_array(dict(zip(names, map(_json, row), strict=True)) for row in answer.rows)


def answer_csv(answer: QueryResult) -> Iterator[str]:
    """Yield lines of RFC 4180, but with the system's line ends: line feeds."""
    yield _csv_line(answer.columns)
    for row in answer.rows:
        yield _csv_line([_text(value) for value in row])


def views_text(views: Sequence[QueryView]) -> str:
    """Return each view's name, subject and columns."""
    return "\n".join(f"{view.name}: {view.about}\n    {view.columns}" for view in views)


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list | bool):
        return json.dumps(_json(value), ensure_ascii=False)
    return value.hex() if isinstance(value, bytes) else str(value)


def _json(value: Value) -> Value:
    """Turn bytes, and numbers that JSON does not have, into texts."""
    if isinstance(value, dict):
        return {name: _json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_json(element) for element in value]
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
