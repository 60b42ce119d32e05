"""Clocks that are wrong, and what a bundle claims about tags."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, docker_list, push_image
from manyfest.domain.history.observation import Observation
from manyfest.domain.merging.intent import LIFETIME, TOLERANCE, Intent, parse_intent
from manyfest.domain.references import Reference
from manyfest.store.store import open_store
from tests.support.http.http_messages import Answer, Request
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")
OLD, NEW, LATER = docker_list(AMD), docker_list(AMD, ARM), docker_list(ARM)
DAY = timedelta(days=1)
YEARS = 1500 * DAY


@contextmanager
def registry_with_clock(memory: MemoryRegistry, offset: timedelta = timedelta()) -> Iterator[str]:
    """Serve ``memory`` with a ``Date`` that is so far ahead of ours; yield the repository."""
    app = RegistryApp(memory)

    def dated(request: Request) -> Answer:
        date = format_datetime(datetime.now(UTC) + offset, usegmt=True)
        return app(request).with_header("Date", date)

    with HttpServer(dated) as server:
        yield f"{server.host}/app"


@pytest.fixture
def memory() -> MemoryRegistry:
    registry = MemoryRegistry()
    put(registry, OLD)
    return registry


def put(registry: MemoryRegistry, image: Image, tag: str = "1") -> None:
    push_image(registry, Reference.parse(f"{REGISTRY}/app:{tag}"), image)


def ok(*arguments: str | Path) -> Result:
    result = run_here(*arguments)
    assert result.code == 0, result.stderr
    return result


def observe(name: str, *seen: tuple[Image, datetime], is_claimed: bool = False) -> None:
    """Record this as an earlier command would have, whatever the time."""
    place = Reference.parse(name)
    with closing(open_store(os.environ["MANYFEST_STORE"])) as store, store.transaction():
        for image, moment in seen:
            store.contents.keep_manifests(one.manifest for one in (*image.children, image))
            observation = Observation(place, image.digest, moment, is_claimed=is_claimed)
            store.contents.observe([observation])


def states(name: str) -> list[dict]:
    return json.loads(ok("history", "--json", name).stdout)


def test_one_look_with_a_clock_ahead_is_mended_by_the_next(memory: MemoryRegistry) -> None:
    now = datetime.now(UTC)
    with registry_with_clock(memory) as app:
        observe(f"{app}:1", (OLD, now - DAY), (LATER, now + YEARS))
        put(memory, NEW)
        ok("cache", "fetch", f"{app}:1")
        assert ok("inspect", "--offline", f"{app}:1").stdout.strip() == NEW.manifest.data.strip()
        assert [state["digest"] for state in states(f"{app}:1")] == [
            str(image.digest) for image in (NEW, LATER, OLD)
        ]
        newest = max(state["lastSeen"] for state in states(f"{app}:1"))
        assert newest < (now + DAY).isoformat()


def test_a_state_of_the_future_is_shown_offline_with_a_warning(memory: MemoryRegistry) -> None:
    with registry_with_clock(memory) as app:
        observe(f"{app}:1", (OLD, datetime.now(UTC) + YEARS))
        result = ok("inspect", "--offline", f"{app}:1")
        assert result.stdout.strip() == OLD.manifest.data.strip()
        (line,) = result.stderr.splitlines()
        assert "which is in the future: a clock was wrong" in line


def test_a_state_of_the_future_is_never_young_enough(memory: MemoryRegistry) -> None:
    with registry_with_clock(memory) as app:
        observe(f"{app}:1", (OLD, datetime.now(UTC) + 2 * DAY))
        put(memory, NEW)
        shown = ok("inspect", "--max-age", "30d", f"{app}:1").stdout
        assert shown.strip() == NEW.manifest.data.strip()


@pytest.mark.parametrize(("offset", "relation"), [(-YEARS, "ahead of"), (YEARS, "behind")])
def test_the_date_of_the_registry_is_believed_and_the_wrong_clock_said(
    memory: MemoryRegistry, offset: timedelta, relation: str
) -> None:
    with registry_with_clock(memory, offset) as app:
        result = ok("cache", "fetch", f"{app}:1")
        (line,) = (line for line in result.stderr.splitlines() if "clock" in line)
        assert f"this machine's clock is 1500 days {relation} " in line
        seen = datetime.fromisoformat(states(f"{app}:1")[0]["lastSeen"])
        assert abs(datetime.now(UTC) + offset - seen) < timedelta(minutes=5)


def test_a_clock_that_is_a_little_off_is_neither_said_nor_changed(memory: MemoryRegistry) -> None:
    with registry_with_clock(memory, timedelta(minutes=20)) as app:
        assert ok("inspect", f"{app}:1").stderr == ""
        seen = datetime.fromisoformat(states(f"{app}:1")[0]["lastSeen"])
        assert abs(datetime.now(UTC) - seen) < timedelta(minutes=5)


def test_an_intent_of_the_future_does_not_count_and_is_put_away(memory: MemoryRegistry) -> None:
    now = datetime.now(UTC)
    old = docker_image("linux/arm64", text="old")
    for tag, image in {"arm": ARM, "old": old}.items():
        put(memory, image, tag)
    target = Reference.parse(f"{REGISTRY}/app:l")
    both = docker_list(old, AMD)
    intent = Intent("l", both.manifest.entries, now + YEARS, {})
    put(memory, both, "l")
    memory.put_manifest(intent.reference(target), intent.manifest)
    with registry_with_clock(memory) as app:
        ok("create", f"{app}:l", f"{app}:arm")
        result = ok("push", "--merge", f"{app}:l")
        assert "did not count: it is dated " in result.stderr
        listed = {entry.digest for entry in memory.get_manifest(target).entries}
        assert listed == {AMD.digest, ARM.digest}
        kept = parse_intent(memory.get_manifest(intent.reference(target)), "l")
        assert kept is not None
        assert kept.entries == intent.entries
        assert not kept.is_live(now + YEARS)
        assert "did not count" not in ok("push", "--merge", f"{app}:l").stderr


def test_writers_go_by_the_clock_of_the_registry(memory: MemoryRegistry) -> None:
    put(memory, ARM, "arm")
    target = Reference.parse(f"{REGISTRY}/app:l")
    with registry_with_clock(memory, -YEARS) as app:
        ok("create", f"{app}:l", f"{app}:arm")
        ok("push", "--merge", f"{app}:l")
    (tag,) = (tag for tag in memory.tags(target.home) if tag.startswith("manyfest-merge-"))
    intent = parse_intent(memory.get_manifest(target.tagged(tag)), "l")
    assert intent is not None
    assert abs(datetime.now(UTC) - YEARS - intent.made_at) < timedelta(minutes=5)


def test_a_writer_whose_entry_did_not_win_fails(memory: MemoryRegistry) -> None:
    newer = docker_image("linux/arm64", text="newer")
    for tag, image in {"arm": ARM, "newer": newer}.items():
        put(memory, image, tag)
    target = Reference.parse(f"{REGISTRY}/app:l")
    made_at = datetime.now(UTC) + TOLERANCE / 2
    both = docker_list(newer, AMD)
    intent = Intent("l", both.manifest.entries, made_at, {})
    put(memory, both, "l")
    memory.put_manifest(intent.reference(target), intent.manifest)
    with registry_with_clock(memory) as app:
        ok("create", f"{app}:l", f"{app}:arm")
        result = run_here("push", "--merge", "--purge", f"{app}:l")
        assert result.code == 6
        assert "has another writer's later entry, not ours, for linux/arm64" in result.stderr
        assert ok("ls").stdout.splitlines()[-1].split()[-1] != b"yes"
        assert f"{app}:l".encode() in ok("ls").stdout  # the draft was not purged
    assert intent.is_live(made_at + LIFETIME / 2)


@pytest.fixture
def claimed(memory: MemoryRegistry) -> Iterator[str]:
    """A tag that was seen at OLD; a bundle claims that it was at NEW an hour before."""
    for image in (AMD, ARM):
        put(memory, image, str(image.digest.hex[:7]))
    with registry_with_clock(memory) as app:
        ok("inspect", f"{app}:1")
        then = datetime.now(UTC) - timedelta(hours=1)
        observe(f"{app}:1", (NEW, then), is_claimed=True)
        yield f"{app}:1"


def test_a_claim_is_shown_as_one(claimed: str) -> None:
    assert [state["claimed"] for state in states(claimed)] == [False, True]
    table = ok("history", claimed).stdout.decode().splitlines()
    assert ["(claimed)" in line for line in table[1:]] == [False, True]
    query = "SELECT claimed FROM history ORDER BY last_seen"
    assert ok("cache", "query", query).stdout.decode().split() == ["claimed", "1", "0"]
    assert "claims this state" in ok("inspect", f"{claimed}@{{1}}").stderr


def test_a_claim_that_answers_offline_in_place_of_a_look_is_said(memory: MemoryRegistry) -> None:
    with registry_with_clock(memory) as app:
        observe(f"{app}:1", (OLD, datetime.now(UTC) - DAY))
        assert ok("inspect", "--offline", f"{app}:1").stderr == ""
        observe(f"{app}:1", (NEW, datetime.now(UTC)), is_claimed=True)
        observe(f"{app}:2", (NEW, datetime.now(UTC)), is_claimed=True)
        result = ok("inspect", "--offline", f"{app}:1")
        assert result.stdout.strip() == NEW.manifest.data.strip()
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"warning: {app}:1 is {NEW.digest}, as a bundle or memory claims of")
        assert line.endswith(f"as {OLD.digest}")
        assert ok("inspect", "--offline", f"{app}:2").stderr == ""  # there is no look


def test_undo_goes_back_to_a_claim_only_if_it_is_named(
    claimed: str, memory: MemoryRegistry
) -> None:
    result = run_here("undo", claimed)
    assert result.code == 3
    assert f"only a bundle claims one: to use that, name it: {claimed}@{{1}}" in result.stderr
    served = Reference.parse(f"{REGISTRY}/app:1")
    assert memory.get_manifest(served) == OLD.manifest
    ok("undo", f"{claimed}@{{1}}")
    assert memory.get_manifest(served).digest == NEW.digest


def test_undo_passes_over_claims_to_what_was_seen(memory: MemoryRegistry) -> None:
    put(memory, LATER, "later")
    with registry_with_clock(memory) as app:
        observe(f"{app}:1", (LATER, datetime.now(UTC) - DAY), (OLD, datetime.now(UTC)))
        then = datetime.now(UTC) - timedelta(hours=1)
        observe(f"{app}:1", (NEW, then), is_claimed=True)
        ok("undo", f"{app}:1")
    assert memory.get_manifest(Reference.parse(f"{REGISTRY}/app:1")).digest == LATER.digest


def test_a_claim_does_not_answer_in_place_of_the_registry(memory: MemoryRegistry) -> None:
    with registry_with_clock(memory) as app:
        observe(f"{app}:1", (NEW, datetime.now(UTC)), is_claimed=True)
        shown = ok("inspect", "--max-age", "1h", f"{app}:1").stdout
        assert shown.strip() == OLD.manifest.data.strip()
        observe(f"{app}:none", (NEW, datetime.now(UTC)), is_claimed=True)
        assert run_here("inspect", "--max-age", "1h", f"{app}:none").code == 3
        assert ok("inspect", "--offline", f"{app}:none").stdout.strip() == NEW.manifest.data.strip()
