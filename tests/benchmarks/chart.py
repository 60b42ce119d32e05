"""The figures as a bar chart: SVG by hand, for a README, readable in light and in dark."""

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from attrs import frozen

from tests.benchmarks.figures import Row, duration, speed_ratio

_BASELINE = "docker"
_WIDTH, _NAMES, _BARS = 760, 190, 410  # pixels; what is left is for the times
_LINE, _GAP, _TOP = 22, 18, 12
_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.bar { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .bar { fill: #6e7681 }
  .ours { fill: #58a6ff }
}"""


@frozen
class Group:
    """The bars of one case; the longest of them is as long as there is room."""

    title: str
    rows: tuple[Row, ...]

    @property
    def longest(self) -> float:
        return max(row.seconds or 0 for row in self.rows)


def chart(titles: Mapping[str, str], rows: Sequence[Row]) -> str:
    """The cases in which docker took part, by name in ``titles``, with those who did their job."""
    groups = groups_of(titles, rows)
    body, bottom = [], _TOP
    for group in groups:
        body += drawn(group, bottom)
        bottom += _LINE * (1 + len(group.rows)) + _GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{bottom}" '
        f'viewBox="0 0 {_WIDTH} {bottom}" role="img">'
    )
    title = f"<title>{escape('; '.join(group.title for group in groups))}</title>"
    return "\n".join([head, title, f"<style>{_STYLE}</style>", *body, "</svg>\n"])


def groups_of(titles: Mapping[str, str], rows: Sequence[Row]) -> list[Group]:
    """Without docker there is nothing to compare with, and so no group."""
    measured = [row for row in rows if row.seconds is not None]
    groups = []
    for name, title in titles.items():
        own = tuple(row for row in measured if row.case == name)
        if any(row.tool == _BASELINE for row in own):
            groups.append(Group(title, own))
    return groups


def drawn(group: Group, top: int) -> Iterator[str]:
    """Its title and a line for each tool, from ``top`` downwards."""
    yield f'<text class="title" x="0" y="{top + 15}">{escape(group.title)}</text>'
    for number, row in enumerate(group.rows, start=1):
        seconds = row.seconds or 0
        width, y = max(1.0, _BARS * seconds / group.longest), top + number * _LINE
        kind = "bar ours" if row.tool.startswith("manyfest") else "bar"
        yield f'<text x="0" y="{y + 15}">{escape(row.tool)}</text>'
        yield f'<rect class="{kind}" x="{_NAMES}" y="{y + 3}" width="{width:.1f}" height="16"/>'
        yield f'<text x="{_NAMES + width + 8:.1f}" y="{y + 15}">{escape(said(row, group))}</text>'


def said(row: Row, group: Group) -> str:
    """The time, and how it compares with docker's."""
    ratio = speed_ratio(row, group.rows, _BASELINE)
    taken = duration(row.seconds or 0)
    return taken if row.tool == _BASELINE or not ratio else f"{taken} ({ratio:.1f}x)"
