"""Warnings of registries: each text once a host, as one line, without secrets."""

import httpx
import pytest

from manyfest.adapters.http_registry.session.warning_headers import WarningLog

HEADERS = {
    "one": (['299 - "old"'], ["r.test: old"]),
    "twice": (['299 - "old"', '299 - "old"'], ["r.test: old"]),
    "several in a line": (['299 - "one", 299 - "two"'], ["r.test: one", "r.test: two"]),
    "escapes": (['299 - "a \\"b\\" \\\\ c"'], ['r.test: a "b" \\ c']),
    "with a date": (['299 - "x" "Sat, 25 Aug 2012 23:34:45 GMT"'], ["r.test: x"]),
    "a terminal's": (['299 - "\x1b[31mred"'], ["r.test: \\x1b[31mred"]),
    "a proxy's": (['110 proxy.test "Response is stale"', '299 proxy.test "x"'], []),
    "none": (["", "299 - old", '299 - ""'], []),
    "a secret": (['299 - "you sent canary-token"'], ["r.test: you sent ***"]),
}


def told(*responses: httpx.Response) -> list[str]:
    lines: list[str] = []
    log = WarningLog(lines.append)
    for response in responses:
        log.tell("r.test", response, ["canary-token"])
    return lines


def response(values: list[str]) -> httpx.Response:
    return httpx.Response(200, headers=[("Warning", value) for value in values])


@pytest.mark.parametrize(("values", "lines"), HEADERS.values(), ids=HEADERS)
def test_warnings_are_told_once(values, lines):
    assert told(response(values), response(values)) == lines


def test_a_host_that_does_not_stop_is_not_listened_to():
    lines = told(*(response([f'299 - "{number}{"x" * 5000}"']) for number in range(100)))
    assert len(lines) == 10
    assert max(map(len, lines)) < 400
