"""Views on terminals of several widths: as their golden files, and never wider than the screen."""

import re

import pytest

from manyfest.cli.output import Screen
from manyfest.cli.rendering.fitting import shorten
from manyfest.cli.rendering.humanize import columns_of
from manyfest.cli.rendering.table import Column, View
from tests.golden.views.generate import CASES, SCREENS, VIEWS, golden_file, rendered


@pytest.mark.parametrize(("view", "screen"), CASES)
def test_a_view_looks_as_its_golden_file(view: str, screen: str) -> None:
    assert rendered(view, screen) == golden_file(view, screen).read_text()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [20, 33, 50, 64, 80, 100, 120, 160, 200])
def test_no_line_is_wider_than_the_screen(view: str, width: int) -> None:
    assert max(map(columns_of, VIEWS[view](Screen(width)))) <= max(width, 40)


@pytest.mark.parametrize("view", VIEWS)
def test_colours_change_no_text(view: str) -> None:
    plain, coloured = rendered(view, "80"), rendered(view, "80-color")
    assert re.sub(r"\{[a-z]*\}", "", coloured) == plain
    assert SCREENS["80-color"].width == SCREENS["80"].width


@pytest.mark.parametrize(
    ("text", "width", "cut", "short"),
    [
        ("abcdefghij", 10, "middle", "abcdefghij"),
        ("abcdefghij", 7, "middle", "abc…hij"),
        ("abcdefghij", 6, "middle", "abc…ij"),
        ("日本語日本語", 7, "middle", "日本…語"),
        ("abc", 1, "middle", "…"),
        ("a, b, c", 6, "items", "a, +2"),
        ("aaaa, bbbb, cccc", 14, "items", "aaaa, bbbb, +1"),
        ("aaaaaaaaaa, b", 5, "items", "aa… b"),
    ],
)
def test_texts_are_shortened(text: str, width: int, cut: str, short: str) -> None:
    assert shorten(text, width, cut) == short
    assert columns_of(short) <= width


def test_later_pages_keep_the_layout_of_the_first() -> None:
    rows = [("x", "y")] * 500 + [("n" * 60, "z")]
    columns = [Column("NAME", lambda row: row[0], cut="middle"), Column("Y", lambda row: row[1])]
    *_, last = View(columns, rows, Screen(80)).lines()
    assert columns_of(last) <= 80
    *_, last = View(columns, rows, Screen(has_color=True)).lines()
    assert last.split() == ["n" * 60, "z"]
