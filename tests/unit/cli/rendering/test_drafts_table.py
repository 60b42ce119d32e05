"""The drafts as ``ls`` shows them."""

import json
from datetime import timedelta

import pytest
from attrs import evolve

from manyfest.cli.output import PLAIN
from manyfest.cli.rendering.drafts_table import draft_columns, drafts_json
from manyfest.cli.rendering.table import View
from manyfest.domain.digests import Digest
from manyfest.domain.platforms import Platform
from tests.golden.generate import NOW, draft, entry

IMAGE = entry("r.example/l:a", "linux/amd64")
PUSHED = draft("r.example/a/very/long/name:1", IMAGE).marked_pushed(Digest.of(b"x"))
ATTESTATION = entry(
    "r.example/l:a",
    "unknown/unknown",
    annotations={
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": str(IMAGE.descriptor.digest),
    },
)


def drafts_table(drafts, now) -> str:
    return "\n".join(View(draft_columns(PLAIN, now=now), drafts).lines())


def test_columns_stand_under_their_headings() -> None:
    table = drafts_table([draft("r.example/l:1", IMAGE, IMAGE), PUSHED], NOW).splitlines()
    assert table[0].split() == ["NAME", "ENTRIES", "CHANGED", "PUSHED", "PLATFORMS"]
    starts = [line.index("linux/amd64") for line in table[1:]]
    assert starts == [table[0].index("PLATFORMS")] * 2
    assert [line.split()[-2] for line in table[1:]] == ["no", "yes"]


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=119), "1 minute ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=13), "13 days ago"),
        (timedelta(days=40), "5 weeks ago"),
        (timedelta(days=400), "13 months ago"),
        (timedelta(days=800), "2 years ago"),
        (timedelta(seconds=-5), "just now"),
    ],
)
def test_times_are_told_roughly(passed: timedelta, words: str) -> None:
    assert f"   {words}   " in drafts_table([draft("r.example/l:1", IMAGE)], NOW + passed)


def test_what_registries_say_is_escaped_and_cut() -> None:
    evil = Platform("li\x1b[31m\nnux", "\u202e" + "x" * 100_000)
    odd = evolve(IMAGE, found=evolve(IMAGE.found, platform=evil))
    table = drafts_table([draft("r.example/l:1", odd, IMAGE)], NOW)
    assert len(table.splitlines()) == 2
    assert all(line.isprintable() for line in table.splitlines())
    assert len(table) < 400


def test_programs_get_json() -> None:
    (shown,) = json.loads(drafts_json([PUSHED]))
    assert shown == {
        "name": "r.example/a/very/long/name:1",
        "entries": 1,
        "platforms": ["linux/amd64"],
        "attestations": 0,
        "created": "2026-01-01T00:00:00+00:00",
        "changed": "2026-01-01T00:00:00+00:00",
        "pushed": str(Digest.of(b"x")),
    }


def test_attestations_are_no_platforms() -> None:
    attested = draft("r.example/l:1", IMAGE, ATTESTATION)
    assert drafts_table([attested], NOW).splitlines()[1].split() == [
        *("r.example/l:1", "1", "just", "now", "no", "linux/amd64"),
    ]
    (shown,) = json.loads(drafts_json([attested]))
    assert (shown["entries"], shown["attestations"]) == (2, 1)
    assert shown["platforms"] == ["linux/amd64"]
