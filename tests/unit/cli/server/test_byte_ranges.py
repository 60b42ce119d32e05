"""Ranges of a blob, as RFC 9110 reads them."""

import pytest

from manyfest.cli.server.byte_ranges import ByteRange, UnsatisfiableRangeError, parse_range


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-4", 2, 5),
        ("bytes=2-", 2, 10),
        ("bytes=2-99", 2, 10),
        ("bytes=-3", 7, 10),
        ("bytes=-99", 0, 10),
    ],
)
def test_a_range_is_cut_at_the_end_of_the_blob(header, start, stop):
    assert parse_range(header, 10) == ByteRange(start, stop)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=4-2",
        "lines=0-1",
        "bytes=0-1,3-4",
        "bytes=\u0661-\u0662",
        "bytes=" + "9" * 30 + "-",
    ],
)
def test_what_is_no_single_range_counts_as_none(header):
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_range_without_a_byte_cannot_be_satisfied(header, size):
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, size)


def test_no_more_chunks_are_read_than_the_range_needs():
    chunks = iter([b"abc", b"def", b"ghi"])
    assert b"".join(ByteRange(1, 5).cut(chunks)) == b"bcde"
    assert next(chunks) == b"ghi"
