"""Ranges of versions select tags as node-semver selects versions."""

import pytest

from manyfest.domain.errors import InputError
from manyfest.domain.specs.version_ranges import VersionRange, version_of

RELEASES = "0.0.3 0.0.4 0.2.3 0.3.0 1 1.2 1.2.3 v1.3.0 1.9.9 2.0.0-rc.1 2.0.0-rc.2 2.0.0 2.1 3.0.0"
OTHERS = "latest 1.2.3-alpine 01.2 1.2.3.4 main v"
TAGS = f"{RELEASES} {OTHERS}".split()

RANGES = {
    "*": "0.0.3 0.0.4 0.2.3 0.3.0 1 1.2 1.2.3 v1.3.0 1.9.9 2.0.0 2.1 3.0.0",
    "^1.2": "1.2 1.2.3 v1.3.0 1.9.9",
    "^0.2.3": "0.2.3",
    "^0.0.3": "0.0.3",
    "^0": "0.0.3 0.0.4 0.2.3 0.3.0",
    "~1.2": "1.2 1.2.3",
    "~1.2.3": "1.2.3",
    "~1": "1 1.2 1.2.3 v1.3.0 1.9.9",
    "1.x": "1 1.2 1.2.3 v1.3.0 1.9.9",
    "1": "1 1.2 1.2.3 v1.3.0 1.9.9",
    "1.2.*": "1.2 1.2.3",
    "v1.2.3": "1.2.3",
    ">=1.2 <2": "1.2 1.2.3 v1.3.0 1.9.9",
    ">= 1.2, < 2": "1.2 1.2.3 v1.3.0 1.9.9",
    ">1": "2.0.0 2.1 3.0.0",
    ">1.2.3": "v1.3.0 1.9.9 2.0.0 2.1 3.0.0",
    "<=1.2": "0.0.3 0.0.4 0.2.3 0.3.0 1 1.2 1.2.3",
    "<0.0.4": "0.0.3",
    "1.2 - 1.3": "1.2 1.2.3 v1.3.0",
    "1.2.3 - 2.0.0": "1.2.3 v1.3.0 1.9.9 2.0.0",
    "^1.9 || ^3": "1.9.9 3.0.0",
    ">=2.0.0-rc.2": "2.0.0-rc.2 2.0.0 2.1 3.0.0",
    "2.0.0-rc.1": "2.0.0-rc.1",
    "^2.0.0-rc.1": "2.0.0-rc.1 2.0.0-rc.2 2.0.0 2.1",
    "<2.0.0": "0.0.3 0.0.4 0.2.3 0.3.0 1 1.2 1.2.3 v1.3.0 1.9.9",
    ">*": "",
}


@pytest.mark.parametrize(("text", "selected"), RANGES.items())
def test_a_range_selects_versions(text: str, selected: str) -> None:
    found = VersionRange.parse(text)
    assert [tag for tag in TAGS if found.admits(tag)] == selected.split()


NONE = ["^", "one", "1.2.3.4", ">=", "1..2", "^^1", "01", "1 - ", "=>1", "", " ", ",", "1 ||", "||"]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no range of versions"):
        VersionRange.parse(text)


def test_versions_are_ordered_by_precedence() -> None:
    texts = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11"
    versions = [version_of(text) for text in [*texts.split(), "1.0.0-rc.1", "1.0.0", "1.0.1"]]
    assert None not in versions
    assert sorted([*versions[4:], *versions[:4]]) == versions
