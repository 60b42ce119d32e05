"""The challenges of ``WWW-Authenticate`` headers."""

import pytest

from manyfest.adapters.http_registry.auth.challenge import Challenge, parse, preferred

BEARER = Challenge(
    "bearer", {"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"}
)
BASIC = Challenge("basic", {"realm": "r"})

CASES = {
    "bearer as distribution sends it": (
        ['Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"'],
        [BEARER],
    ),
    "blanks around commas and equals": (
        ['Bearer  realm = "https://a/t" , service= s ,scope ="repository:x:pull,push"'],
        [BEARER],
    ),
    "any letter case": (
        ['BEARER Realm="https://a/t",SERVICE="s",Scope="repository:x:pull,push"'],
        [BEARER],
    ),
    "basic": (['Basic realm="r"'], [BASIC]),
    "basic, unquoted": (["Basic realm=r"], [BASIC]),
    "no parameters": (["Basic"], [Challenge("basic")]),
    "two in one line": (
        ['Basic realm="r", Bearer realm="b"'],
        [BASIC, Challenge("bearer", {"realm": "b"})],
    ),
    "two lines": (
        ['Basic realm="r"', 'Bearer realm="b"'],
        [BASIC, Challenge("bearer", {"realm": "b"})],
    ),
    "bare schemes before one with parameters": (
        ['Negotiate, NTLM, Basic realm="r"'],
        [Challenge("negotiate"), Challenge("ntlm"), BASIC],
    ),
    "token68": (['Negotiate abc/+9==, Basic realm="r"'], [Challenge("negotiate"), BASIC]),
    "escapes in a quoted text": (
        ['Basic realm="a\\"b\\\\c"'],
        [Challenge("basic", {"realm": 'a"b\\c'})],
    ),
    "commas in a quoted text": (
        ['Basic realm="a, b=c"'],
        [Challenge("basic", {"realm": "a, b=c"})],
    ),
    "empty text": (['Basic realm=""'], [Challenge("basic", {"realm": ""})]),
    "the first of a name counts": (['Basic realm="r",realm="s"'], [BASIC]),
    "empty list elements": ([', ,Basic realm="r",,'], [BASIC]),
    "an error parameter": (
        ['Bearer realm="b",error="insufficient_scope"'],
        [Challenge("bearer", {"realm": "b", "error": "insufficient_scope"})],
    ),
    "an open quote": (['Basic realm="r", Bearer realm="b'], [BASIC, Challenge("bearer")]),
    "nothing": ([], []),
    "blank": (["  "], []),
    "no scheme at all": (['="x"'], []),
}


@pytest.mark.parametrize(("lines", "expected"), CASES.values(), ids=CASES)
def test_challenges_are_parsed_as_far_as_they_make_sense(lines, expected):
    assert list(parse(lines)) == expected


def test_a_long_and_hostile_line_is_parsed_in_no_time():
    assert len(parse(["a=" * 30000, "Basic " * 10000, '"' * 60000])) <= 10001


@pytest.mark.parametrize(
    ("lines", "scheme"),
    {
        "bearer before basic": (['Basic realm="r"', 'Bearer realm="b"'], "bearer"),
        "bearer without realm is no use": (['Bearer service="s"', "Basic"], "basic"),
        "unknown only": (["Digest realm=x"], None),
        "nothing": ([], None),
    }.values(),
)
def test_the_better_challenge_is_preferred(lines, scheme):
    found = preferred(parse(lines))
    assert (found and found.scheme) == scheme
