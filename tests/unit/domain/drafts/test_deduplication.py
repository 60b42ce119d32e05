"""Duplicate entries are listed once; of two, the one with more members stays."""

import pytest
from attrs import evolve

from manyfest.domain.drafts.deduplication import deduplicated
from manyfest.domain.drafts.draft import Entry
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from tests.golden.generate import LIST_DIGEST, entry

IMAGE = entry("r.example/a:1", "linux/arm64")
LISTED = evolve(IMAGE, source=Reference.parse("r.example/list:1"), list_digest=LIST_DIGEST)
SAYS_MORE = evolve(LISTED, found=evolve(LISTED.found, others={"annotations": {"k": "v"}}))
ANNOTATED = evolve(IMAGE, overrides=Overrides(unset=("os-version",)))
ELSEWHERE = evolve(LISTED, source=Reference.parse("r.example/list:2"))
LISTED_ANNOTATED = evolve(ELSEWHERE, overrides=ANNOTATED.overrides)
SPELLED_OTHERWISE = evolve(
    ELSEWHERE, found=evolve(LISTED.found, platform=Platform("linux", "arm64", "v8"))
)
OTHER_PLATFORM = evolve(LISTED, found=evolve(LISTED.found, platform=Platform("linux", "arm")))
NO_PLATFORM = evolve(LISTED, found=evolve(LISTED.found, platform=None))

# Name, entries, the positions of those that stay.
CASES = {
    "the image goes before a list's entry": ((LISTED, IMAGE), (1,)),
    "and first, too": ((IMAGE, LISTED), (0,)),
    "an entry that says more goes before the image": ((IMAGE, SAYS_MORE), (1,)),
    "what was annotated goes before what says more": ((SAYS_MORE, LISTED_ANNOTATED), (1,)),
    "of equals the first stays": ((LISTED, ELSEWHERE), (0,)),
    "what one list says twice stays": ((LISTED, SAYS_MORE), (0, 1)),
    "and goes together": ((LISTED, LISTED, IMAGE), (2,)),
    "images that were named themselves all stay": ((IMAGE, ANNOTATED, IMAGE), (0, 1, 2)),
    "a list's entry goes where images stay": ((ANNOTATED, LISTED, IMAGE), (0, 2)),
    "two spellings of a platform are one": ((LISTED, SPELLED_OTHERWISE), (0,)),
    "another platform is no repeat": ((LISTED, OTHER_PLATFORM), (0, 1)),
    "no platform is no repeat of one": ((LISTED, NO_PLATFORM), (0, 1)),
}


@pytest.mark.parametrize(("entries", "stay"), CASES.values(), ids=CASES)
def test_what_is_said_again_is_left_out(entries: tuple[Entry, ...], stay: tuple[int, ...]) -> None:
    kept = deduplicated(entries)
    assert [id(each) for each in kept] == [id(entries[position]) for position in stay]
