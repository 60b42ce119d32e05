"""The measurements as an SVG bar chart for a README, in light and dark colours."""

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from attrs import frozen

from tests.benchmarks.measuring.measurements import Row, duration, speed_ratio

_BASELINE = "docker"
_WIDTH, _NAMES, _BARS = 760, 190, 410  # pixels; the rest of the width is for the times
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
    """The bars of one case; the longest one fills the width."""

    title: str
    rows: tuple[Row, ...]

    @property
    def longest(self) -> float:
        return max(row.seconds or 0 for row in self.rows)


def chart(titles: Mapping[str, str], rows: Sequence[Row]) -> str:
    """Return the chart of the cases in ``titles`` (by name) that docker took part in."""
    groups = groups_of(titles, rows)
    body, bottom = [], _TOP
    for group in groups:
        body += draw(group, bottom)
        bottom += _LINE * (1 + len(group.rows)) + _GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{bottom}" '
        f'viewBox="0 0 {_WIDTH} {bottom}" role="img">'
    )
    title = f"<title>{escape('; '.join(group.title for group in groups))}</title>"
    return "\n".join([head, title, f"<style>{_STYLE}</style>", *body, "</svg>\n"])


def groups_of(titles: Mapping[str, str], rows: Sequence[Row]) -> list[Group]:
    """Return the measured rows by case; without docker a case has no baseline and no group."""
    measured = [row for row in rows if row.seconds is not None]
    groups = []
    for name, title in titles.items():
        own = tuple(row for row in measured if row.case == name)
        if any(row.tool == _BASELINE for row in own):
            groups.append(Group(title, own))
    return groups


def draw(group: Group, top: int) -> Iterator[str]:
    """Draw the title and a line for each tool, from ``top`` (pixels) downwards."""
    yield f'<text class="title" x="0" y="{top + 15}">{escape(group.title)}</text>'
    for number, row in enumerate(group.rows, start=1):
        seconds = row.seconds or 0
        width, y = max(1.0, _BARS * seconds / group.longest), top + number * _LINE
        kind = "bar ours" if row.tool.startswith("manyfest") else "bar"
        yield f'<text x="0" y="{y + 15}">{escape(row.tool)}</text>'
        yield f'<rect class="{kind}" x="{_NAMES}" y="{y + 3}" width="{width:.1f}" height="16"/>'
        yield f'<text x="{_NAMES + width + 8:.1f}" y="{y + 15}">{escape(label(row, group))}</text>'


def label(row: Row, group: Group) -> str:
    """Return the time, and its ratio to docker's."""
    ratio = speed_ratio(row, group.rows, _BASELINE)
    taken = duration(row.seconds or 0)
    return taken if row.tool == _BASELINE or not ratio else f"{taken} ({ratio:.1f}x)"
