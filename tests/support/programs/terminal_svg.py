"""What a terminal shows, as an SVG: text in the colours of our styles, on a window."""

import re
from collections.abc import Iterator
from html import escape

_COLUMN, _LINE, _MARGIN = 8.4, 19, 20  # pixels
_COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff", "2": "#8b949e"}
_SEQUENCE = re.compile(r"\x1b\[([\d;]*)m")
_OVERWRITTEN = re.compile(r"^.*\r|\x1b\[K")  # a bar of progress that is gone
_PAGE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img">
<title>{title}</title>
<rect width="100%" height="100%" rx="8" fill="#161b22"/>
<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3">
{lines}
</g>
</svg>
"""


def terminal_svg(text: str, title: str) -> str:
    """Return a picture of ``text``, which has escape sequences of colours and styles."""
    lines = [_OVERWRITTEN.sub("", line) for line in text.rstrip("\n").split("\n")]
    columns = max(len(_SEQUENCE.sub("", line)) for line in lines)
    drawn = "\n".join(
        f'<text xml:space="preserve" x="{_MARGIN}" y="{_MARGIN + _LINE * (row + 0.75):.0f}"'
        f' textLength="{_COLUMN * len(_SEQUENCE.sub("", line)):.1f}">{"".join(_spans(line))}</text>'
        for row, line in enumerate(lines)
        if line
    )
    width, height = 2 * _MARGIN + _COLUMN * columns, 2 * _MARGIN + _LINE * len(lines)
    return _PAGE.format(width=width, height=height, title=escape(title), lines=drawn)


def _spans(line: str) -> Iterator[str]:
    codes: list[str] = []
    for place, part in enumerate(_SEQUENCE.split(line)):
        if place % 2:
            codes = [] if part in {"", "0"} else [*codes, *part.split(";")]
        elif part:
            yield f"<tspan{_style(codes)}>{escape(part)}</tspan>" if codes else escape(part)


def _style(codes: list[str]) -> str:
    colours = [_COLOURS[code] for code in codes if code in _COLOURS]
    weight = ' font-weight="bold"' if "1" in codes else ""
    return f'{weight} fill="{colours[-1]}"' if colours else weight
