"""Rows and columns that options choose."""

import pytest

from manyfest.cli.output import PLAIN, Screen
from manyfest.cli.rendering.table import Column, view_of
from manyfest.cli.settings import CommonOptions
from manyfest.domain.errors import InputError

ROWS = [("b", 20, "linux/amd64, linux/arm64"), ("A", 3, "linux/arm/v7"), ("c", 100, "")]


def columns(_screen: Screen = PLAIN) -> list[Column]:
    return [
        Column("NAME", lambda row: row[0]),
        Column("NUMBER", lambda row: f"{row[1]} B", key=lambda row: row[1]),
        Column("LAST SEEN", lambda _row: "now", rank=1),
        Column("PLATFORMS", lambda row: row[2]),
    ]


def lines(*, as_json=False, **options) -> list[str]:
    view = view_of(columns, iter(ROWS), CommonOptions(**options), as_json=as_json)
    return [" ".join(line.split()) for line in view.lines()]


def names(**options) -> list[str]:
    return lines(quiet=True, **options)


def test_sorted_by_value_of_any_column_and_back() -> None:
    assert names(sort="name") == ["A", "b", "c"]
    assert names(sort="number") == ["A", "b", "c"]
    assert names(sort="-number") == ["c", "b", "A"]
    assert names() == ["b", "A", "c"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["platforms=linux/arm*"], ["b", "A"]),
        (["platforms=LINUX/ARM64"], ["b"]),
        (["plat="], ["c"]),
        (["platforms!=linux/arm*"], ["c"]),
        (["name=a", "platforms=*"], ["A"]),
        (["name=[ab]", "platforms=*amd64*"], ["b"]),
        (["name=z"], []),
    ],
)
def test_rows_that_match_every_filter(filters: list[str], found: list[str]) -> None:
    assert names(filters=filters) == found


def test_a_filter_takes_the_beginning_of_a_digest() -> None:
    column = Column("DIGEST", lambda row: f"sha256:{row * 64}")
    for pattern, found in (("=sha256:bbb", "b"), ("!=sha256:bbb", "a"), ("=sha256:bb*bb", "b")):
        options = CommonOptions(quiet=True, filters=[f"digest{pattern}"])
        view = view_of(lambda _screen: [column], iter("ab"), options)
        assert list(view.lines()) == [f"sha256:{found * 64}"]


def test_columns_in_the_order_named() -> None:
    assert lines(columns="plat,last-seen,name")[:2] == [
        "PLATFORMS LAST SEEN NAME",
        "linux/amd64, linux/arm64 now b",
    ]
    assert lines(columns="last seen") == ["LAST SEEN", "now", "now", "now"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sort": "size"}, "--sort: there is no column 'size'; there are name, number, last-seen"),
        ({"columns": "n"}, "--columns: there is no column 'n'"),
        ({"columns": "name,"}, "--columns: there is no column ''"),
        ({"filters": ["name"]}, "--filter wants COLUMN=PATTERN, not 'name'"),
        ({"filters": ["x=1"]}, "--filter: there is no column 'x'"),
        ({"quiet": True, "as_json": True}, "goes without --columns and --quiet"),
    ],
)
def test_what_cannot_be_chosen_is_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        lines(**options)
