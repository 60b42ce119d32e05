"""Requests of a command with a warm cache, and answers from the cache alone."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, docker_list, push_image
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.store.store import open_store
from tests.integration.conftest import Seed
from tests.support.http.delay_proxy import DelayProxy
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Silent, unavailable, with_status
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryApp
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.our_program import run_here

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")
LIST, OTHER = docker_list(AMD, ARM), docker_list(AMD)


@pytest.fixture
def memory() -> MemoryRegistry:
    registry = MemoryRegistry()
    for tag, image in {"amd": AMD, "arm": ARM, "1": LIST}.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/app:{tag}"), image)
    return registry


@pytest.fixture
def server(memory: MemoryRegistry) -> Iterator[FaultServer]:
    with FaultServer(RegistryApp(memory)) as server:
        yield server


def ok(*arguments: str) -> Result:
    result = run_here(*arguments)
    assert result.code == 0, result.stderr
    return result


def seen_an_hour_ago(name: str, image: Image) -> datetime:
    """As if ``name`` was looked at then."""
    then = datetime.now(UTC) - timedelta(hours=1)
    with closing(open_store(os.environ["MANYFEST_STORE"])) as store, store.transaction():
        store.contents.keep_manifests([image.manifest])
        store.contents.observe([Observation(Reference.parse(name), image.digest, then)])
    return then


def last_seen(name: str) -> datetime:
    with closing(open_store(os.environ["MANYFEST_STORE"])) as store:
        seen = store.contents.last_observation(Reference.parse(name))
    assert seen is not None
    return seen.seen_at


# Revalidation

# One after the other on the real registry, and what each costs by method.
WARM = (
    (("inspect", "HOST/app:1"), {"GET": 1}),
    (("inspect", "HOST/app:1"), {"HEAD": 1}),
    (("inspect", "-v", "HOST/app:1"), {"HEAD": 1, "GET": 2}),
    (("inspect", "-v", "HOST/app:1"), {"HEAD": 1}),
    (("create", "--push", "HOST/app:new", "HOST/app:amd"), {"GET": 2, "HEAD": 1, "PUT": 1}),
    (("create", "--push", "HOST/app:new", "HOST/app:amd"), {"HEAD": 2}),
    (("create", "--push", "HOST/app:next", "HOST/app:amd"), {"HEAD": 2, "PUT": 1}),
    (("diff", "HOST/app:1", "HOST/app:1"), {"HEAD": 2}),
)


def test_a_warm_command_costs_looks_and_at_most_one_put(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    with DelayProxy(docker_registry.host, rtt=0) as proxy:
        for tag, image in {"amd": AMD, "1": LIST}.items():
            seed(f"{docker_registry.host}/{repository}/app:{tag}", image)
        for arguments, cost in WARM:
            before = methods(proxy)
            place = f"{proxy.host}/{repository}"
            done = manyfest(*(word.replace("HOST", place) for word in arguments))
            assert done.code == 0, done.stderr
            assert methods(proxy) - before == cost, arguments


def methods(proxy: DelayProxy) -> Counter[str]:
    return Counter(line.split()[0] for line in proxy.requests)


QUIRKS = {
    "as distribution": Quirks(),
    "no HEAD": Quirks(head_manifests=False),
    "no digest": Quirks(digest_header=False),
    "neither": Quirks(head_manifests=False, digest_header=False),
}


@pytest.mark.parametrize("quirks", QUIRKS.values(), ids=QUIRKS)
def test_a_tag_that_moved_is_always_shown_as_it_is_now(
    memory: MemoryRegistry, quirks: Quirks
) -> None:
    with FaultServer(RegistryApp(memory, quirks=quirks)) as server:
        for image in (LIST, OTHER, LIST):
            memory.put_manifest(Reference.parse(f"{REGISTRY}/app:1"), image.manifest)
            for _ in range(2):
                shown = ok("inspect", "--raw", f"{server.host}/app:1")
                assert shown.stdout == image.manifest.data


def test_a_tag_that_is_gone_is_not_found_and_its_error_is_that_of_a_get(
    server: FaultServer,
) -> None:
    name = f"{server.host}/app:1"
    ok("inspect", name)
    server.always("*", "/v2/app/manifests/1", with_status(404))
    for flags in ((), ("--stale-if-error",)):
        result = run_here("inspect", *flags, name)
        assert (result.code, result.stderr) == (3, f"error: no such manifest: {name}\n")


def test_what_a_registry_says_to_a_refusal_is_still_told(server: FaultServer) -> None:
    name = f"{server.host}/app:1"
    ok("inspect", name)
    said = b'{"errors":[{"code":"DENIED","message":"pay first"}]}'
    server.always("*", "/v2/app/manifests/1", Answer(403, said))
    result = run_here("inspect", name)
    assert result.code == 4
    assert "pay first" in result.stderr


def test_a_tag_that_a_mirror_answers_for_never_needs_the_origin(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "registries.conf"
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(conf))
    conf.write_text(
        f'[[registry]]\nprefix = "named.test"\nlocation = "127.0.0.1:1"\n'
        f'[[registry.mirror]]\nlocation = "{server.host}"\n'
    )
    for _ in range(2):
        ok("inspect", "named.test/app:1")
    assert server.log() == ["GET /v2/app/manifests/1"] * 2


# --max-age

READING = {
    "inspect": ("inspect", "NAME"),
    "verbosely": ("inspect", "-v", "NAME"),
    "diff": ("diff", "NAME", "NAME"),
}


@pytest.mark.parametrize("arguments", READING.values(), ids=READING)
def test_what_was_seen_in_time_is_not_asked_for_and_does_not_become_newer(
    server: FaultServer, arguments: tuple[str, ...]
) -> None:
    name = f"{server.host}/app:1"
    arguments = tuple(word.replace("NAME", name) for word in arguments)
    cold = ok(*arguments)
    then, before = last_seen(name), len(server.requests)
    for _ in range(2):
        fresh = ok(arguments[0], "--max-age", "10m", *arguments[1:])
        assert (fresh.stdout, fresh.stderr) == (cold.stdout, "")
    assert len(server.requests) == before
    assert last_seen(name) == then


def test_what_is_older_is_asked_for_and_then_new(server: FaultServer) -> None:
    name = f"{server.host}/app:1"
    then = seen_an_hour_ago(name, LIST)
    ok("inspect", "--max-age", "2h", name)
    assert (server.log(), last_seen(name)) == ([], then)
    ok("inspect", "--max-age", "59m", name)
    assert server.log() == ["HEAD /v2/app/manifests/1"]
    assert last_seen(name) > then


def test_an_age_comes_from_the_environment_too(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{server.host}/app:1"
    seen_an_hour_ago(name, LIST)
    monkeypatch.setenv("MANYFEST_MAX_AGE", "1h30m")
    ok("inspect", name)
    assert server.log() == []
    ok("create", f"{server.host}/app:new", name)  # makes something, so it asks
    assert server.log() == ["HEAD /v2/app/manifests/1"]


@pytest.mark.parametrize("age", ["", "10", "m", "10x", "-1m", "1.5h", "10m ", "1e3s", "٣m"])
def test_what_is_no_age_is_refused(server: FaultServer, age: str) -> None:
    result = run_here("inspect", "--max-age", age, f"{server.host}/app:1")
    assert (result.code, result.stdout) == (2, b"")
    assert result.stderr.startswith("error: --max-age wants a time such as 90s, 10m, 2h, 1d, not ")
    assert server.log() == []


@pytest.mark.parametrize("command", ["create", "add", "push", "copy"])
def test_who_makes_something_always_asks(command: str) -> None:
    for flag in ("--max-age=1h", "--stale-if-error"):
        result = run_here(command, flag, "a", "b")
        assert (result.code, "unknown flag" in result.stderr) == (2, True)


# --stale-if-error

TROUBLES = {
    "busy": unavailable(429, "99"),
    "broken": unavailable(500),
    "silent": Silent(),
}


@pytest.mark.parametrize("arguments", READING.values(), ids=READING)
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_registry_that_is_unavailable_is_passed_over_and_said_so(
    server: FaultServer, arguments: tuple[str, ...], trouble: object
) -> None:
    name = f"{server.host}/app:1"
    arguments = tuple(word.replace("NAME", name) for word in arguments)
    cold = ok(*arguments)
    then = last_seen(name)
    server.always("*", "*", trouble)
    strict = run_here(arguments[0], "--timeout", "0.5", *arguments[1:])
    assert (strict.code, strict.stdout) == (5, b"")
    stale = ok(arguments[0], "--stale-if-error", "--timeout", "0.5", *arguments[1:])
    assert stale.stdout == cold.stdout
    for line in stale.stderr.splitlines():
        assert line.startswith(f"warning: {name} could not be asked for (")
        assert line.endswith(f"); shown as of {then:%Y-%m-%d %H:%M} UTC")
    assert len(stale.stderr.splitlines()) == arguments.count(name)
    assert last_seen(name) == then


def test_verify_never_takes_the_store_for_what_is_there(server: FaultServer) -> None:
    name = f"{server.host}/app:1"
    ok("verify", name)
    server.always("*", "*", unavailable(429, "99"))
    result = run_here("verify", "--stale-if-error", name)
    assert (result.code, result.stdout) == (5, b"")
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["warning", "error"]


def test_what_was_never_seen_stays_an_error(server: FaultServer) -> None:
    server.always("*", "*", unavailable(429, "99"))
    result = run_here("inspect", "--stale-if-error", f"{server.host}/app:1")
    assert (result.code, result.stdout) == (5, b"")
    assert len(result.stderr.splitlines()) == 1


_PROBE = """\
import sys
from manyfest.cli.process.main import main
code = main(sys.argv[1:])
loaded = {name.partition(".")[0] for name in sys.modules}
print(code, *sorted(loaded & {"httpx", "httpcore", "h11", "ssl"}), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", READING.values(), ids=READING)
def test_what_the_store_answers_needs_no_http_client(
    server: FaultServer, arguments: tuple[str, ...]
) -> None:
    name = f"{server.host}/app:1"
    arguments = tuple(word.replace("NAME", name) for word in arguments)
    ok(*arguments)
    for option in ("--max-age=10m", "--offline"):
        words = [sys.executable, "-c", _PROBE, *arguments, option]
        ended = subprocess.run(words, capture_output=True, text=True, check=True)
        assert ended.stderr == "0\n"
