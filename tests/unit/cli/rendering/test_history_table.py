"""The states of a tag as ``history`` shows them."""

import json
from datetime import UTC, datetime, timedelta

from manyfest.cli.output import PLAIN
from manyfest.cli.rendering.history import history_json, state_columns
from manyfest.cli.rendering.table import View
from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.comparison.status import Status
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.views.history import PlatformChange, State
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

NAME = Reference.parse("r.example/app:1")
NOON = datetime(2026, 5, 1, 12, 0, 7, 250_000, tzinfo=UTC)
IMAGE = docker_image("linux/amd64")
LIST = docker_list(IMAGE, docker_image("linux/arm64"))
CHANGES = (
    PlatformChange(None, Status.REMOVED),
    PlatformChange(Platform("linux", "amd64"), Status.ADDED),
    PlatformChange(Platform("linux", "arm64"), Status.CHANGED),
)
STATES = (
    State(
        0, Observation(NAME, LIST.digest, NOON + timedelta(days=1), NOON), LIST.manifest, CHANGES
    ),
    State(1, Observation(NAME, IMAGE.digest, NOON), IMAGE.manifest, None),
    State(2, Observation(NAME, Digest.of(b"x"), NOON), None, None),
)


def history_table(states) -> str:
    return "\n".join(View(state_columns(PLAIN, now=NOON), states).lines())


def test_a_line_a_state_in_columns() -> None:
    full = [state.observation.digest for state in STATES]
    first, last = "2026-05-01T12:00:07Z", "2026-05-02T12:00:07Z"
    assert history_table(STATES).splitlines() == [
        f"{'STATE':<7} {'DIGEST':<73} {'FIRST SEEN':<22} {'LAST SEEN':<22} {'CONTENT':<12} CHANGES",
        f"@{{0}}    {full[0]}   {first}   {last}   2 images     -image +linux/amd64 ~linux/arm64",
        f"@{{1}}    {full[1]}   {first}   {first}   an image",
        f"@{{2}}    {full[2]}   {first}   {first}   not cached",
    ]


def test_what_registries_say_is_escaped_and_cut() -> None:
    evil = PlatformChange(Platform("li\x1b[31m\nnux", "\u202e" + "x" * 100_000), Status.ADDED)
    seen = Observation(NAME, LIST.digest, NOON)
    table = history_table([State(0, seen, LIST.manifest, (evil, *CHANGES))])
    assert len(table.splitlines()) == 2
    assert all(line.isprintable() for line in table.splitlines())
    assert len(table) < 400


def test_programs_get_json() -> None:
    newest, image, unknown = json.loads(history_json(STATES))
    assert newest == {
        "number": 0,
        "reference": f"r.example/app:1@{LIST.digest}",
        "digest": str(LIST.digest),
        "firstSeen": "2026-05-01T12:00:07.250000+00:00",
        "lastSeen": "2026-05-02T12:00:07.250000+00:00",
        "removed": False,
        "claimed": False,
        "source": None,
        "mediaType": LIST.manifest.media_type,
        "size": LIST.manifest.size,
        "platforms": ["linux/amd64", "linux/arm64"],
        "changes": {"added": ["linux/amd64"], "removed": [None], "changed": ["linux/arm64"]},
    }
    assert (image["platforms"], image["changes"]) == ([], None)
    assert (unknown["mediaType"], unknown["size"]) == (None, None)
