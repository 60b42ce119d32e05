"""Views on terminals of several widths: as their golden files, and never wider than the screen."""

import re

import pytest

from manyfest.cli.output import PLAIN, Screen
from manyfest.cli.rendering.auth_report import painted_fact
from manyfest.cli.rendering.diff.diff_text import painted_difference
from manyfest.cli.rendering.findings import painted_finding
from manyfest.cli.rendering.fitting import flowed, shorten
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


def unpainted(line: str, _screen: Screen) -> str:
    return line


@pytest.mark.parametrize(
    ("line", "hang", "lines"),
    [
        ("short", 4, ["short"]),
        ("one two three four five", 4, ["one two three four", "    five"]),
        ("    + one two three four", 2, ["    + one two three", "      four"]),
        ("A r.example/a/long/name:1 (x)", 4, ["A r.example…/name:1", "    (x)"]),
        ("to: r.example/a/long/name:1", 4, ["to: r.example…/name:1"]),
        ("credentials:    password of me", 16, ["credentials:", "      password of me"]),
    ],
)
def test_lines_break_between_words_only(line: str, hang: int, lines: list[str]) -> None:
    shown = [*flowed([line], Screen(20), unpainted, hang)]
    assert max(map(columns_of, shown)) <= 20
    assert " ".join(shown).split()[0] == line.split(maxsplit=1)[0]
    if "…" not in "".join(lines):
        assert " ".join(" ".join(shown).split()) == " ".join(line.split())
    assert [*flowed([line], Screen(), unpainted, hang)] == [line]


def test_marks_verdicts_and_severities_are_coloured_beside_their_symbols() -> None:
    screen = Screen(80, has_color=True)
    painted = {
        "+ linux/arm64 sha256:1": "\x1b[32m+ linux/arm64 sha256:1\x1b[0m",
        "    - config Env: 1": "\x1b[31m    - config Env: 1\x1b[0m",
        "~ linux/amd64": "\x1b[33m~ linux/amd64\x1b[0m",
        "different: 1 changed": "\x1b[1mdifferent: 1 changed\x1b[0m",
        "A r.example/app:1": "A r.example/app:1",
    }
    for line, expected in painted.items():
        assert painted_difference(line, screen) == expected
        assert painted_difference(line, PLAIN) == line
    found = "manifests[1]: error: two entries [duplicate-platform]"
    assert painted_finding(found, screen) == found.replace("error", "\x1b[1;31merror\x1b[0m", 1)
    clean = "r.example/app:1: 0 errors, 0 warnings (1 manifest, 2 blobs checked)"
    assert painted_finding(clean, screen) == f"\x1b[32m{clean}\x1b[0m"
    assert painted_fact("access:         refused", screen) == (
        "\x1b[1maccess:\x1b[0m         \x1b[31mrefused\x1b[0m"
    )


LONG_NAME = "registry.example.com:5000/platform/checkout-service-frontend:2026.11.3-rc1"
CHANGE = "list republished with linux/riscv64 and windows/amd64; linux/amd64 unchanged"
CHANGES = [
    Column("IMAGE", lambda row: row[0]),
    Column("STATUS", lambda row: row[1]),
    Column("CHANGES", lambda row: row[2], rank=1, cut="below"),
    Column("SIGNER", lambda _: "", rank=2),
]


@pytest.mark.parametrize("width", [24, 50, 80, 100, 120])
def test_names_and_sentences_are_broken_and_not_shortened(width: int) -> None:
    rows = [(LONG_NAME, "republished", CHANGE), ("a:1", "current", "")]
    lines = [*View(CHANGES, rows, Screen(width)).lines()]
    assert max(map(columns_of, lines)) <= width
    together = "".join(lines).replace(" ", "")
    for text in (LONG_NAME, "republished", CHANGE):
        assert text.replace(" ", "") in together
    assert "SIGNER" not in together  # a column without a text goes first
    assert sum(line.split()[:1] == ["a:1"] for line in lines) == 1


def test_a_sentence_alone_is_a_table_too() -> None:
    sentence = Column("CHANGES", lambda row: row[2], cut="below")
    heading, line = View([sentence], [("", "", CHANGE)], Screen(40)).lines()
    assert heading.rstrip() == "CHANGES"
    assert columns_of(line) <= 40
