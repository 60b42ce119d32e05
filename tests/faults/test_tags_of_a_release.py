"""Faults while the tags of a release move: all do, or it is said which have not."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from signal import SIGINT
from threading import Lock

import pytest
from attrs import evolve

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.support.faults.judged import succeeded
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Fault, Reset, html, lost, unavailable, with_status
from tests.support.http.http_messages import Answer, Reply, Request
from tests.support.http.registry_answers import failure
from tests.support.http.registry_server import DISTRIBUTION, REGISTRY, Quirks, RegistryApp
from tests.support.programs.docker_client import Result
from tests.support.programs.forked import ForkedCommandLine, Started
from tests.support.programs.our_program import run_here

AMD, ARM = docker_image("linux/amd64", text="amd"), docker_image("linux/arm64", text="arm")
OLD = docker_list(docker_image(text="old"))
TAGS = ("a", "b", "c")
BY_DIGEST = "/v2/app/manifests/sha256:*"

ZOT = Quirks(tags_in_query=True)


class Release:
    """Three tags of ``app`` at an old list, and two images to publish under them."""

    def __init__(self, quirks: Quirks = DISTRIBUTION) -> None:
        self.memory = MemoryRegistry()
        for name, image in {"app:amd": AMD, "app:arm": ARM}.items():
            push_image(self.memory, Reference.parse(f"{REGISTRY}/{name}"), image)
        for tag in TAGS:
            push_image(self.memory, Reference.parse(f"{REGISTRY}/app:{tag}"), OLD)
        self.server = FaultServer(RegistryApp(self.memory, quirks=quirks))

    def command(self, *more: str) -> list[str]:
        named = [word for tag in TAGS for word in ("-t", f"{self.server.host}/app:{tag}")]
        sources = [f"{self.server.host}/app@{image.digest}" for image in (AMD, ARM)]
        return ["publish", *named, *more, *sources]

    def publish(self, *more: str, code: int = 0) -> Result:
        """Run the command; give its result."""
        result = run_here(*self.command(*more))
        assert result.code == code, result
        return result

    def moved(self) -> list[str]:
        """The tags that point to the new list."""
        standing = {tag: self._digest(tag) for tag in TAGS}
        assert len({*standing.values()} - {OLD.digest}) <= 1
        return [tag for tag, digest in standing.items() if digest != OLD.digest]

    def puts(self) -> list[str]:
        """What was put since the last call, in the order of its names."""
        requests = [r for r in self.server.requests if r.method == "PUT"][self._told :]
        self._told += len(requests)
        return sorted("+".join(r.query.get("tag", [r.path.rpartition("/")[2]])) for r in requests)

    _told = 0

    def _digest(self, tag: str) -> Digest:
        return self.memory.get_manifest(Reference.parse(f"{REGISTRY}/app:{tag}")).digest


@pytest.fixture
def plain() -> Iterator[Release]:
    """At a registry that takes one tag a PUT."""
    release = Release()
    with release.server:
        yield release


@pytest.fixture
def able() -> Iterator[Release]:
    """At a registry that takes several."""
    release = Release(ZOT)
    with release.server:
        yield release


def test_a_registry_that_takes_several_tags_gets_one_put(able: Release) -> None:
    able.publish()
    assert (able.moved(), able.puts()) == ([*TAGS], ["a+b+c"])


def test_more_tags_than_a_registry_must_take_are_several_puts(able: Release) -> None:
    more = [word for number in range(12) for word in ("-t", f"{able.server.host}/app:{number}")]
    able.publish(*more)
    assert sorted(len(put.split("+")) for put in able.puts()) == [5, 10]
    assert len(able.memory.tags(Reference.parse(f"{REGISTRY}/app").home)) == 2 + 15


def test_a_registry_that_ignores_the_query_is_asked_once_a_day(plain: Release) -> None:  # P20
    plain.publish()
    assert (plain.moved(), plain.puts()) == ([*TAGS], ["a", "a+b+c", "b", "c"])
    plain.publish("--annotation", "x=y")
    assert (plain.moved(), plain.puts()) == ([*TAGS], ["a", "b", "c"])


REFUSALS: dict[str, Fault] = {
    "400": failure("MANIFEST_INVALID"),
    "403": Answer(403),
    "404": failure("NAME_UNKNOWN"),
    "405": Answer(405),
    "414": Answer(414),
    "500": Answer(500),
    "503": unavailable(503),
    "a login page": html(),
    "202": Answer(202),
    "reset": Reset(),
    "lost": lost,
}


@pytest.mark.parametrize("fault", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("quirks", [DISTRIBUTION, ZOT], ids=["plain", "able"])
def test_a_query_that_is_refused_is_asked_once_and_each_tag_put(
    quirks: Quirks, fault: Fault
) -> None:  # P21
    release = Release(quirks)
    with release.server as server:
        server.always("PUT", BY_DIGEST, fault)
        release.publish()
    # A connection that ends before an answer may have been stale, and is tried twice (T34).
    asked = ["a+b+c"] * (2 if isinstance(fault, Reset) or fault is lost else 1)
    assert (release.moved(), release.puts()) == ([*TAGS], ["a", *asked, "b", "c"])


def claiming(*lines: str) -> Fault:
    """Name these tags, whatever was moved."""

    def claim(good: Answer) -> Answer:
        headers = [pair for pair in good.headers if pair[0] != "OCI-Tag"]
        return evolve(good, headers=(*headers, *(("OCI-Tag", line) for line in lines)))

    return claim


CLAIMS: dict[str, tuple[tuple[str, ...], list[str]]] = {  # what it says, what is put after it
    "some": (("b",), ["a", "c"]),
    "joined": (("a, b", "c"), []),
    "twice": (("a", "a", "b"), ["c"]),
    "others": (("x", "latest"), ["a", "b", "c"]),
    "nothing": (("", " , "), ["a", "b", "c"]),
    "in other letters": (("A", "B", "C"), ["a", "b", "c"]),
    "a reference": (("app:a", "sha256:00"), ["a", "b", "c"]),
    "without end": (("b", "x" * 8000), ["a", "c"]),
    "not ASCII": (("b", "\xe9\xff"), ["a", "c"]),
}


@pytest.mark.parametrize(("lines", "left"), CLAIMS.values(), ids=CLAIMS)
def test_what_a_registry_does_not_name_is_put_by_itself(
    able: Release, lines: tuple[str, ...], left: list[str]
) -> None:  # P22
    able.server.always("PUT", BY_DIGEST, claiming(*lines))
    able.publish()
    assert (able.moved(), able.puts()) == ([*TAGS], sorted(["a+b+c", *left]))


def test_a_registry_that_names_tags_it_did_not_move_is_found_out(plain: Release) -> None:  # P23
    plain.server.always("PUT", BY_DIGEST, claiming(*TAGS))
    for more in ([], ["--annotation", "x=y"]):
        plain.publish(*more)
        assert (plain.moved(), plain.puts()) == ([*TAGS], ["a", "a+b+c", "b", "c"])
        for tag in TAGS:
            push_image(plain.memory, Reference.parse(f"{REGISTRY}/app:{tag}"), OLD)


def test_a_registry_known_to_take_tags_that_denies_them_moves_none(able: Release) -> None:  # P24
    able.publish()
    for tag in TAGS:
        push_image(able.memory, Reference.parse(f"{REGISTRY}/app:{tag}"), OLD)
    able.server.always("PUT", BY_DIGEST, failure("DENIED"))
    result = able.publish("--annotation", "x=y", code=4)
    assert (able.moved(), result.stdout) == ([], b"")


def test_a_registry_that_takes_tags_no_longer_costs_one_put(able: Release) -> None:  # P24
    able.publish()
    able.puts()
    able.server.always("PUT", BY_DIGEST, failure("MANIFEST_INVALID"))
    for put in (["a", "a+b+c", "b", "c"], ["a", "b", "c"]):
        able.publish("--annotation", f"x={len(put)}")
        assert (able.moved(), able.puts()) == ([*TAGS], put)


class CtrlC:
    """Answers, and once it has done what the request number ``last`` asks for, sends Ctrl-C."""

    def __init__(self, app: RegistryApp, last: int) -> None:
        self._app, self._left = app, last
        self._lock = Lock()
        self.started: Future[Started] = Future()

    def __call__(self, request: Request) -> Reply:
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
        answer = self._app(request)
        if is_last:
            started = self.started.result()  # its requests may be faster than its start is known
            started.send_signal(SIGINT)
            started.wait()
        return answer


@pytest.mark.parametrize("last", range(1, 12))
@pytest.mark.parametrize("quirks", [DISTRIBUTION, ZOT], ids=["plain", "able"])
def test_ctrl_c_after_any_request_is_told_which_tags_moved(
    forks: ForkedCommandLine, quirks: Quirks, last: int
) -> None:  # P29
    release = Release(quirks)
    app = CtrlC(RegistryApp(release.memory, quirks=quirks), last)
    release.server = FaultServer(app)
    with release.server as server:
        with forks.start(*release.command()) as started:
            app.started.set_result(started)
            ended = started.result()
        moved, name = {*release.moved()}, f"{server.host}/app"
        told = ended.stderr.partition("warning: ")[2].partition("\n")[0]
        parts = dict(part.partition(": ")[::2] for part in told.split("; "))
        words = {
            key: {tag for tag in TAGS if f"{name}:{tag}" in parts.get(key, "")} for key in KEYS
        }
        assert ended.code == 130
        assert words["moved"] <= moved <= words["moved"] | words["may have moved"]
        assert not moved & words["not moved"]
        release.publish()
    assert release.moved() == [*TAGS]


KEYS = ("moved", "may have moved", "not moved")


def _warning(result: Result) -> str:
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    return line


FAILING: dict[str, tuple[Fault, int, str]] = {  # the answer for b, the exit code, what b is
    "denied": (failure("DENIED"), 4, "not moved"),
    "refused": (failure("MANIFEST_INVALID"), 1, "not moved"),
    "failing, and done": (with_status(500), 5, "may have moved"),
    "lost": (lost, 5, "may have moved"),
    "reset": (Reset(), 5, "may have moved"),
}


@pytest.mark.parametrize(("fault", "code", "words"), FAILING.values(), ids=FAILING)
def test_a_tag_that_does_not_move_is_named_and_the_same_command_moves_it(
    plain: Release, fault: Fault, code: int, words: str
) -> None:  # P25
    plain.server.always("PUT", "/v2/app/manifests/b", fault)
    result = plain.publish("--github", code=code)
    name = f"{plain.server.host}/app"
    said = {part.partition(": ")[0]: part for part in _warning(result)[9:].split("; ")}
    assert f"{name}:b" in said[words]
    moved = said.get("moved", "")
    assert {"a", "c"} & {*plain.moved()} == {tag for tag in "ac" if f"{name}:{tag}" in moved}
    assert "the same command again moves the rest" in said
    plain.server.recover()
    plain.publish("--github")
    assert plain.moved() == [*TAGS]


@pytest.mark.parametrize("quirks", [DISTRIBUTION, ZOT], ids=["plain", "able"])
def test_a_repository_that_refuses_the_list_keeps_the_tags_of_others(quirks: Quirks) -> None:  # P26
    ours, other = Release(quirks), Release(quirks)
    with ours.server, other.server:
        other.server.always("PUT", BY_DIGEST, failure("MANIFEST_INVALID"))
        for image in (AMD, ARM):
            push_image(other.memory, Reference.parse(f"{REGISTRY}/app@{image.digest}"), image)
        result = ours.publish("-t", f"{other.server.host}/app:a", code=1)
    assert (ours.moved(), other.moved()) == ([], [])
    assert other.server.host in result.stderr
    assert "warning" not in result.stderr


@pytest.mark.parametrize("quirks", [DISTRIBUTION, ZOT], ids=["plain", "able"])
def test_a_guarded_tag_moves_first_and_by_itself(quirks: Quirks) -> None:  # P27
    release = Release(quirks)
    with release.server as server:
        name = f"{server.host}/app:a"
        succeeded("create", name, *release.command()[7:])
        more = ["--tag", "b", "--tag", "c"]
        wrong = run_here("push", "--expect", "absent", *more, name)
        assert (wrong.code, release.moved()) == (6, [])
        succeeded("push", "--expect", str(OLD.digest), *more, name)
        together = ["b+c"] if quirks is ZOT else ["b", "b+c", "c"]
        assert (release.moved(), release.puts()) == ([*TAGS], ["a", *together])
        assert server.requests[-1].path != "/v2/app/manifests/a"


def test_what_finishes_a_guarded_push_is_named(plain: Release) -> None:  # P27
    name = f"{plain.server.host}/app:a"
    succeeded("create", name, *plain.command()[7:])
    plain.server.always("PUT", "/v2/app/manifests/b", failure("DENIED"))
    push = ["push", "--tag", "b", name]
    result = run_here(*push, "--expect", str(OLD.digest))
    assert result.code == 4
    assert "the same command without --expect moves the rest" in _warning(result)
    plain.server.recover()
    succeeded(*push)
    assert plain.moved() == ["a", "b"]


def test_the_result_is_the_same_however_the_tags_moved(plain: Release, able: Release) -> None:
    first, second = (json.loads(release.publish("--json").stdout) for release in (plain, able))
    assert first[0]["digest"] == second[0]["digest"]
    assert [step["digest"] for step in first[0]["steps"]] == [first[0]["digest"]] * 3
    assert [step["before"] for step in second[0]["steps"]] == [str(OLD.digest)] * 3
