"""Columns stand below each other, whatever is written in them."""

from manyfest.cli.rendering.table import aligned


def test_what_takes_two_places_on_a_terminal_counts_as_two() -> None:
    rows = [("日本", "a"), ("e\u0301", "b"), ("ｱ", "c"), ("é", "d")]
    assert [*aligned(("N", "X"), rows)] == [
        "N      X",
        "日本   a",
        "e\u0301      b",
        "ｱ      c",
        "é      d",
    ]
