"""Platforms: the specifier in containerd's grammar, and the JSON form in the image-spec's."""

import time

import pytest

from manyfest.domain.errors import DocumentError, InvalidPlatformError
from manyfest.domain.platforms import Platform

SPECIFIERS = {
    "os and architecture": ("linux/amd64", Platform("linux", "amd64")),
    "variant": ("linux/arm/v7", Platform("linux", "arm", "v7")),
    "variant that is not usual": ("linux/amd64/v0", Platform("linux", "amd64", "v0")),
    "variant without its letter": ("linux/arm/8", Platform("linux", "arm", "8")),
    "alias": ("linux/x86_64", Platform("linux", "x86_64")),
    "unknown names": ("foo/bar/baz", Platform("foo", "bar", "baz")),
    "upper case": ("WINDOWS(10.0)/AMD64", Platform("WINDOWS", "AMD64", os_version="10.0")),
    "version": (
        "windows(10.0.17763.1)/amd64",
        Platform("windows", "amd64", os_version="10.0.17763.1"),
    ),
    "version and feature": (
        "windows(10.0.17763+win32k)/amd64",
        Platform("windows", "amd64", os_version="10.0.17763", os_features=("win32k",)),
    ),
    "feature alone": (
        "linux(+gpu)/arm64/v8",
        Platform("linux", "arm64", "v8", os_features=("gpu",)),
    ),
    "features in their order": (
        "linux(+b+a+b)/amd64",
        Platform("linux", "amd64", os_features=("b", "a", "b")),
    ),
    "empty feature": ("linux(+)/amd64", Platform("linux", "amd64", os_features=("",))),
    "syntax, escaped": (
        "linux(1%2B2%2F%28%29%25+a%20b)/amd64",
        Platform("linux", "amd64", os_version="1+2/()%", os_features=("a b",)),
    ),
    "tilde": ("linux(1~rc1)/amd64", Platform("linux", "amd64", os_version="1~rc1")),
    "other letters, escaped": (
        "linux(%C3%A9)/amd64",
        Platform("linux", "amd64", os_version="é"),
    ),
}


@pytest.mark.parametrize(("text", "platform"), SPECIFIERS.values(), ids=SPECIFIERS.keys())
def test_a_specifier_is_read_and_written_alike(text: str, platform: Platform) -> None:
    assert Platform.parse(text) == platform
    assert str(platform) == text


LENIENT = {
    "empty brackets": ("linux()/amd64", "linux/amd64"),
    "escape that was not needed": ("linux(%61)/amd64", "linux(a)/amd64"),
    "escape in lower case": ("linux(%2b)/amd64", "linux(%2B)/amd64"),
}


@pytest.mark.parametrize(("text", "canonical"), LENIENT.values(), ids=LENIENT.keys())
def test_a_specifier_may_be_written_otherwise(text: str, canonical: str) -> None:
    assert str(Platform.parse(text)) == canonical


REFUSED = {
    "nothing": "",
    "os alone": "linux",
    "architecture alone": "arm64",
    "star": "*",
    "star as the architecture": "linux/*",
    "star as the os": "*/arm64",
    "slash first": "/linux/arm",
    "slash last": "linux/arm/",
    "two slashes": "linux//arm",
    "slash alone": "/",
    "four parts": "linux/arm/v7/extra",
    "blank after the os": "linux /arm",
    "blank before the os": " linux/arm",
    "sign before the architecture": "linux/&arm",
    "line end": "linux/arm\n",
    "NUL": "linux/arm\0",
    "full-width letters": "\uff4cinux/arm",
    "bracket that does not close": "windows(10.0/amd64",
    "bracket that does not open": "windows10.0)/amd64",
    "brackets twice": "windows(1)(2)/amd64",
    "brackets in brackets": "windows((1))/amd64",
    "brackets on the architecture": "windows/amd64(1)",
    "text after the bracket": "windows(1)x/amd64",
    "brackets alone": "(1)/amd64",
    "slash in the version": "linux(1/2)/amd64",
    "escape cut short": "linux(%2)/amd64",
    "escape without hex": "linux(%zz)/amd64",
    "escape that is not UTF-8": "linux(%FF)/amd64",
    "blank in the version": "linux(1 2)/amd64",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_specifier_is_refused(text: str) -> None:
    with pytest.raises(InvalidPlatformError) as caught:
        Platform.parse(text)
    assert caught.value.text == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("linux", "expected os[(version+feature)]/arch[/variant]"),
        ("linux(%FF)/amd64", "an escape that is not UTF-8"),
    ],
)
def test_it_is_said_why_a_text_is_no_specifier(text: str, reason: str) -> None:
    with pytest.raises(InvalidPlatformError) as caught:
        Platform.parse(text)
    assert caught.value.reason == reason


LONG = {
    "a million letters": "a" * 1_000_000,
    "64 thousand features": "linux(" + "+f" * 65_536 + "/amd64",
    "a million slashes": "/" * 1_000_000,
    "a million brackets": "a(" * 1_000_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_long_text_is_refused_in_no_time_and_shown_cut(text: str) -> None:
    before = time.process_time()
    with pytest.raises(InvalidPlatformError) as caught:
        Platform.parse(text)
    assert time.process_time() - before < 1
    assert len(str(caught.value)) < 250


# What the image-spec's members say. Name, JSON, value.
DOCUMENTS = {
    "nothing": ({}, Platform()),
    "os and architecture": ({"architecture": "amd64", "os": "linux"}, Platform("linux", "amd64")),
    "nulls": ({"architecture": None, "os": None, "os.features": None}, Platform()),
    "all five": (
        {
            "architecture": "arm",
            "os": "linux",
            "os.version": "1",
            "os.features": ["b", "a"],
            "variant": "v7",
        },
        Platform("linux", "arm", "v7", "1", ("b", "a")),
    ),
}


@pytest.mark.parametrize(("document", "platform"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_the_json_members_are_read(document, platform) -> None:
    assert Platform.from_json(document, "x") == platform


def test_the_json_members_are_written_in_docker_s_order_and_empty_ones_left_out() -> None:
    document, platform = DOCUMENTS["all five"]
    assert list(platform.to_json().items()) == list(document.items())
    assert Platform().to_json() == {"architecture": "", "os": ""}


def test_members_that_we_do_not_know_are_kept_and_stand_last() -> None:
    document = {"features": ["sse4"], "architecture": "amd64", "os": "linux", "x": {"y": 1}}
    platform = Platform.from_json(document, "x")
    assert platform.others == {"features": ["sse4"], "x": {"y": 1}}
    assert platform.to_json() == document
    assert list(platform.to_json()) == ["architecture", "os", "features", "x"]


def test_members_that_we_do_not_know_do_not_tell_platforms_apart() -> None:
    known = Platform("linux", "amd64")
    other = Platform.from_json({"os": "linux", "architecture": "amd64", "x": [1]}, "x")
    assert known == other
    assert hash(known) == hash(other)


BAD_DOCUMENTS = {
    "number": ({"os": 1}, "os is not a string"),
    "list": ({"architecture": ["amd64"]}, "architecture is not a string"),
    "zero": ({"variant": 0}, "variant is not a string"),
    "no": ({"os.version": False}, "os.version is not a string"),
    "features as a text": ({"os.features": "win32k"}, "os.features is not a list of strings"),
    "features with a number": ({"os.features": [1]}, "os.features is not a list of strings"),
    "features as an object": ({"os.features": {}}, "os.features is not a list of strings"),
    "upper case": ({"OS": "linux"}, "'OS' is 'os' in another letter case"),
    "capital": ({"Architecture": "arm"}, "'Architecture' is 'architecture' in another"),
}


@pytest.mark.parametrize(("document", "reason"), BAD_DOCUMENTS.values(), ids=BAD_DOCUMENTS.keys())
def test_members_of_another_type_or_letter_case_are_refused(document, reason: str) -> None:
    with pytest.raises(DocumentError, match=f"x: .*{reason}"):
        Platform.from_json(document, "x")
