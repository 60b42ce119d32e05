"""Mirrors: who is asked in which order, and what never reaches them."""

from collections.abc import Callable
from contextlib import contextmanager

import pytest

from manyfest.adapters.decorators.mirrored import MirroredRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.mirrors import Mirror, Route
from manyfest.contracts.images import docker_image, pull_blob, push_blob, push_image, source_of
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    ConfigError,
    DigestMismatchError,
    ManifestUnknownError,
    RateLimitedError,
    ServerError,
    UnauthorizedError,
    UnreachableError,
)
from manyfest.domain.references import Reference, Repository

NAME = Repository("named.test", "app")
ORIGIN = Repository("origin.test", "team/app")
FIRST, SECOND = Repository("first.test", "app"), Repository("second.test", "app")
ROUTE = Route(ORIGIN, (Mirror(FIRST), Mirror(SECOND)))

IMAGE, OTHER = docker_image(), docker_image(text="other")
TAG = Reference(NAME, "v1")
BY_DIGEST = Reference(NAME, None, IMAGE.digest)
CONFIG = IMAGE.blobs[0]
BLOB = Reference(NAME, None, Digest.of(CONFIG))


class Troubled(MemoryRegistry):
    """A memory registry that notes what it is asked, and where some registries are in trouble."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self.troubles: dict[str, Callable[[], Exception]] = {}

    def trouble(self, home: Repository, error: Callable[[], Exception]) -> None:
        self.troubles[home.registry] = error

    def get_manifest(self, reference):
        self._arrive("get", reference)
        return super().get_manifest(reference)

    def open_blob(self, reference, size):
        self._arrive("open", reference)
        return super().open_blob(reference, size)

    def put_manifest(self, reference, manifest, expected=None):
        self._arrive("put", reference)
        super().put_manifest(reference, manifest)

    def head_manifest(self, reference):
        self._arrive("head", reference)
        return super().head_manifest(reference)

    def head_blob(self, reference):
        self._arrive("head", reference)
        return super().head_blob(reference)

    def write_blob(self, reference, size, source):
        self._arrive("write", reference)
        super().write_blob(reference, size, source)

    def mount_blob(self, reference, origin):
        self._arrive("mount", reference)
        return super().mount_blob(reference, origin)

    def _arrive(self, verb, reference):
        self.asked.append((verb, str(reference.home)))
        if error := self.troubles.get(reference.home.registry):
            raise error()


@pytest.fixture
def world():
    """The content that the origin and the mirrors share, each under its own names."""
    return Troubled()


@pytest.fixture
def news():
    return []


@pytest.fixture
def registry(world, news):
    return MirroredRegistry(world, world, lambda _: ROUTE, news.append)


def at(home, tag="v1"):
    return Reference(home, tag)


def fill(world, *homes, image=IMAGE):
    for home in homes:
        push_image(world, at(home), image)
    world.asked.clear()


def hosts(world):
    return [home.partition("/")[0] for _, home in world.asked]


def test_the_first_mirror_that_has_it_answers(world, registry):
    fill(world, FIRST, SECOND, ORIGIN)
    assert registry.get_manifest(BY_DIGEST) == IMAGE.manifest
    assert pull_blob(registry, BLOB, len(CONFIG)) == CONFIG
    assert world.asked == [("get", str(FIRST)), ("open", str(FIRST))]


TROUBLES = {
    "down": lambda: UnreachableError("first.test", "first.test/app: cannot reach first.test"),
    "404": lambda: ManifestUnknownError("first.test/app"),
    "500": lambda: ServerError("first.test", "first.test/app: status 500", 500),
    "429": lambda: RateLimitedError("first.test", "first.test/app: toomanyrequests"),
    "401": lambda: UnauthorizedError("first.test", "first.test/app: unauthorized"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_another_host_answers_where_one_mirror_does_not_and_order_is_kept(world, registry, trouble):
    fill(world, SECOND, ORIGIN)  # M1
    world.trouble(FIRST, trouble)
    assert registry.get_manifest(TAG) == IMAGE.manifest
    assert pull_blob(registry, BLOB, len(CONFIG)) == CONFIG
    assert hosts(world)[:2] == ["first.test", "second.test"]
    assert "origin.test" not in hosts(world)


def test_a_mirror_that_is_away_is_waited_for_once(world, registry, news):
    fill(world, SECOND)
    world.trouble(FIRST, TROUBLES["down"])
    for _ in range(3):
        registry.get_manifest(BY_DIGEST)
    assert hosts(world).count("first.test") == 1
    assert news == ["the mirror first.test is passed over: cannot reach first.test"]


def test_of_tags_it_is_told_once_who_answers(world, registry, news):
    fill(world, SECOND, image=OTHER)  # M2
    fill(world, ORIGIN)
    assert registry.get_manifest(TAG) == OTHER.manifest
    registry.get_manifest(TAG)
    assert registry.get_manifest(BY_DIGEST) == IMAGE.manifest
    assert news == ["tags of named.test are read from its mirror second.test"]


def test_when_nobody_answers_one_line_lists_all_hosts(world, registry):
    for home in (FIRST, SECOND, ORIGIN):  # M4
        reason = f"{home}: cannot reach {home.registry}"
        world.trouble(
            home, lambda home=home, reason=reason: UnreachableError(home.registry, reason)
        )
    for _ in range(2):  # what is known to be away is listed, too
        with pytest.raises(UnreachableError) as caught:
            registry.get_manifest(TAG)
        assert str(caught.value) == (
            "named.test/app:v1: neither first.test nor second.test nor origin.test can serve it: "
            "cannot reach first.test; cannot reach second.test; cannot reach origin.test"
        )
    assert hosts(world).count("first.test") == 1


def test_writes_and_heads_go_to_the_origin_alone(world, registry):
    push_image(registry, TAG, IMAGE)  # M5
    registry.head_manifest(TAG)
    registry.head_blob(BLOB)
    registry.referrers(BY_DIGEST)
    assert set(hosts(world)) == {"origin.test"}


def test_mounts_go_to_the_origin_and_from_where_the_source_stands(world):
    def route_for(named):
        path = (named.home if isinstance(named, Reference) else named).path
        return Route(Repository("origin.test", f"moved/{path}"), (Mirror(FIRST),))

    source = push_blob(world, Repository("origin.test", "moved/other"), CONFIG)
    world.asked.clear()
    registry = MirroredRegistry(world, world, route_for, print)
    assert registry.mount_blob(BLOB, Repository("named.test", "other"))
    assert world.asked == [("mount", "origin.test/moved/app")]
    assert source.digest == BLOB.digest


@contextmanager
def broken_stream():
    def chunks():
        yield CONFIG[:10]
        raise DigestMismatchError("first.test/app", "sha256:a", "sha256:b")

    yield chunks()


def test_bytes_that_are_wrong_come_from_the_next_host_and_none_of_them_are_seen(
    world, registry, monkeypatch
):
    fill(world, SECOND)  # M6
    good = world.open_blob
    monkeypatch.setattr(
        world,
        "open_blob",
        lambda reference, size: (
            broken_stream() if reference.home == FIRST else good(reference, size)
        ),
    )
    assert pull_blob(registry, BLOB, len(CONFIG)) == CONFIG


def test_a_manifest_that_is_wrong_everywhere_is_an_error(world, registry):
    wrong = DigestMismatchError("x", "sha256:a", "sha256:b")  # M6
    for home in (FIRST, SECOND, ORIGIN):
        world.trouble(home, lambda: wrong)
    with pytest.raises(DigestMismatchError):
        registry.get_manifest(BY_DIGEST)
    assert hosts(world) == ["first.test", "second.test", "origin.test"]


def test_a_blob_larger_than_memory_should_hold_passes_through_a_file(world, registry):
    data = bytes(range(256)) * (24 * 1024)
    push_blob(world, FIRST, data)
    with registry.open_blob(Reference(NAME, None, Digest.of(data)), len(data)) as chunks:
        pieces = list(chunks)
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 1024 * 1024


SERVED = {
    "tags only, a tag": (Mirror(FIRST, by_digest=False), TAG, True),
    "tags only, a digest": (Mirror(FIRST, by_digest=False), BY_DIGEST, False),
    "digests only, a tag": (Mirror(FIRST, by_tag=False), TAG, False),
    "digests only, a digest": (Mirror(FIRST, by_tag=False), BY_DIGEST, True),
    "digests only, both": (
        Mirror(FIRST, by_tag=False),
        Reference(NAME, "v1", IMAGE.digest),
        True,
    ),
}


@pytest.mark.parametrize(("mirror", "reference", "served"), SERVED.values(), ids=SERVED)
def test_a_mirror_serves_what_it_may(world, mirror, reference, served):
    fill(world, FIRST, ORIGIN)
    MirroredRegistry(world, world, lambda _: Route(ORIGIN, (mirror,)), print).get_manifest(
        reference
    )
    assert hosts(world) == ["first.test" if served else "origin.test"]


UNKNOWN = {
    "manifest": (lambda registry: registry.get_manifest(TAG), ManifestUnknownError, TAG),
    "manifest's head": (lambda registry: registry.head_manifest(TAG), ManifestUnknownError, TAG),
    "blob": (lambda registry: pull_blob(registry, BLOB, 1), BlobUnknownError, BLOB),
}


@pytest.mark.parametrize(("ask", "error", "reference"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_nobody_has_is_unknown_by_the_name_that_was_asked_for(
    registry, news, ask, error, reference
):
    with pytest.raises(error) as caught:
        ask(registry)
    assert caught.value.reference == str(reference)
    assert news == []


def test_broken_configuration_is_no_reason_to_go_on(world, registry):
    fill(world, SECOND)
    world.trouble(FIRST, lambda: ConfigError("/etc/certs.d/first.test/ca.crt", "no certificate"))
    with pytest.raises(ConfigError):
        registry.get_manifest(TAG)


def test_writes_are_told_the_origins_trouble_as_it_is(world, registry):
    world.trouble(ORIGIN, lambda: UnreachableError("origin.test", "it is away"))
    with pytest.raises(UnreachableError, match="^it is away$"):
        registry.write_blob(BLOB, len(CONFIG), source_of(CONFIG))
