"""As few requests as the protocol allows, and no more connections than there are jobs."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, docker_list, push_image
from manyfest.domain.references import Reference
from tests.support.http.certificates import Certificate
from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_auth import Gate, TokenGate, open_gate
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.http.rounds import Rounds
from tests.support.programs.docker_client import CommandLine

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")  # they share their layer


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    registry = MemoryRegistry()
    planted: dict[str, Image] = {
        "app:amd": AMD,
        "app:arm": ARM,
        "list:1": docker_list(AMD, ARM),
        "app:list": docker_list(AMD, ARM),
    }
    for name, image in planted.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/{name}"), image)
    with RegistryServer(registry) as server:
        yield server


def ask(manyfest: CommandLine, server: RegistryServer, *arguments: str) -> list[str]:
    """The requests that a command made, by method and kind."""
    before = len(server.log())
    result = manyfest(*(argument.replace("HOST", server.host) for argument in arguments))
    assert result.code == 0, result.stderr
    return sorted(
        f"{line.split()[0]} {line.split('/')[3]}{'?mount' if 'mount=' in line else ''}"
        for line in server.log()[before:]
    )


GET, CONFIG, MOUNT, PUT = "GET manifests", "GET blobs", "POST blobs?mount", "PUT manifests"
HEAD = "HEAD manifests"

COMMANDS = {
    "an image": (("inspect", "HOST/app:amd"), [GET]),
    "an image, verbosely": (("inspect", "-v", "HOST/app:amd"), [CONFIG, GET]),
    "a list": (("inspect", "HOST/list:1"), [GET]),
    "a list, verbosely": (("inspect", "-v", "HOST/list:1"), [GET] * 3),
    "create": (("create", "HOST/app:l", "HOST/app:amd", "HOST/app:arm"), [CONFIG] * 2 + [GET] * 2),
    "create from a list": (("create", "HOST/app:l", "HOST/list:1"), [GET]),
}


@pytest.mark.parametrize(("arguments", "requests"), COMMANDS.values(), ids=COMMANDS.keys())
def test_looking_asks_for_nothing_that_is_not_shown(
    manyfest: CommandLine, server: RegistryServer, arguments: tuple[str, ...], requests: list[str]
) -> None:
    assert ask(manyfest, server, *arguments) == requests


def test_a_push_within_a_repository_looks_at_each_child_and_puts_the_list(
    manyfest: CommandLine, server: RegistryServer
) -> None:
    ask(manyfest, server, "create", "HOST/app:l", "HOST/app:amd", "HOST/app:arm")
    assert ask(manyfest, server, "push", "HOST/app:l") == [HEAD] + [HEAD] * 2 + [PUT]
    assert ask(manyfest, server, "push", "HOST/app:l") == [HEAD] + [HEAD] * 2


# A tag is looked at with a HEAD or read with a GET; that shows its image, too.
CHILDREN = {
    "images, read by tag": (("HOST/app:amd", "HOST/app:arm"), [CONFIG] * 2 + [GET] * 2, 0),
    "images, held, by tag": (("HOST/app:amd", "HOST/app:arm"), [HEAD] * 2, 0),
    "images, held, by digest": ((f"HOST/app@{AMD.digest}", f"HOST/app@{ARM.digest}"), [], 2),
    "a list": (("HOST/app:list",), [GET], 2),
    "a list, held": (("HOST/app:list",), [HEAD], 2),
}


@pytest.mark.parametrize(("sources", "reads", "looks"), CHILDREN.values(), ids=CHILDREN.keys())
def test_what_was_read_in_the_same_command_is_not_looked_at_again(
    manyfest: CommandLine,
    server: RegistryServer,
    request: pytest.FixtureRequest,
    sources: tuple[str, ...],
    reads: list[str],
    looks: int,
) -> None:
    if "held" in request.node.name:
        ask(manyfest, server, "create", "HOST/app:l", *sources)
    made = ask(manyfest, server, "create", "--amend", "--push", "HOST/app:l", *sources)
    assert made == sorted([*reads, HEAD, *[HEAD] * looks, PUT])


def test_a_push_across_repositories_mounts_each_blob_once(
    manyfest: CommandLine, server: RegistryServer
) -> None:
    ask(manyfest, server, "create", "HOST/other:l", "HOST/app:amd", "HOST/app:arm")
    # The tag is looked at; two configs and the layer that both have; two children and the list.
    bare = [HEAD] + [MOUNT] * 3 + [PUT] * 3
    # Attached content: the referrers of both; the tags, among which are no referrers tags.
    looks = ["GET referrers"] * 2 + ["GET tags"]
    assert ask(manyfest, server, "push", "HOST/other:l") == sorted([*looks, *bare])


def test_a_copy_within_a_repository_looks_at_each_child(
    manyfest: CommandLine, server: RegistryServer
) -> None:
    copied = ask(manyfest, server, "copy", "HOST/list:1", "HOST/list:2")
    assert copied == [GET] + [HEAD] * 3 + [PUT]


FOUR = [docker_image(f"linux/{arch}", text=arch) for arch in ("amd64", "arm64", "386", "s390x")]

# The abilities of the registry, and the requests in each round trip of the second copy: the tag of
# the source; at the target, the tag and each image, and beside them what is attached in the source.
COPIED_AGAIN = {
    "no referrers API": (Quirks(), 1, [1, 1 + 4 + 1 + 1]),
    "a referrers API": (Quirks(referrers=True), 5, [1, 1 + 4 + 5 + 1]),
}


@pytest.mark.parametrize(("quirks", "listings", "rounds"), COPIED_AGAIN.values(), ids=COPIED_AGAIN)
def test_a_copy_of_what_is_there_already_costs_two_round_trips(
    manyfest: CommandLine, quirks: Quirks, listings: int, rounds: list[int]
) -> None:
    """A registry that had no referrers API is asked about one image whether it has one by now."""
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/app:1"), docker_list(*FOUR))
    gates: list[Gate] = [open_gate]

    def newest_gate(request: Request) -> Answer | None:
        return gates[-1](request)

    with RegistryServer(registry, quirks=quirks, gate=newest_gate) as server:
        ask(manyfest, server, "copy", "HOST/app:1", "HOST/other:1")
        gates.append(Rounds(tuple(rounds)))
        made = ask(manyfest, server, "copy", "HOST/app:1", "HOST/other:1")
    assert made.count("GET referrers") == listings
    assert len(made) == sum(rounds)


def test_an_unchanged_push_across_repositories_looks_at_each_child(
    manyfest: CommandLine, server: RegistryServer
) -> None:
    ask(manyfest, server, "create", "HOST/other:l", "HOST/app:amd", "HOST/app:arm")
    ask(manyfest, server, "push", "HOST/other:l")
    assert ask(manyfest, server, "push", "HOST/other:l") == [HEAD] * 3


def test_a_merge_looks_at_the_entries_that_it_did_not_put(
    manyfest: CommandLine, server: RegistryServer
) -> None:
    ask(manyfest, server, "create", "HOST/list:1", "HOST/app:arm")
    looked = ask(manyfest, server, "push", "--merge", "HOST/list:1")
    # The tag twice, the intent, and the image for amd64; that for arm64 was put.
    assert looked.count(HEAD) == 3 + 1
    assert looked.count(PUT) == 2


def test_what_is_held_by_digest_is_not_asked_for_again(
    manyfest: CommandLine, server: RegistryServer
) -> None:
    ask(manyfest, server, "create", "HOST/app:l", "HOST/app:amd")
    assert ask(manyfest, server, "create", "-a", "HOST/app:l", "HOST/app:amd") == [HEAD]
    assert ask(manyfest, server, "inspect", "-v", "HOST/app:l") == []
    assert ask(manyfest, server, "inspect", f"HOST/app@{AMD.digest}") == []


EIGHT = [docker_image(f"linux/{arch}", text=arch) for arch in (*("amd64", "arm64", "386"), "s390x")]
EIGHT += [docker_image(f"linux/arm/v{number}", text=str(number)) for number in (5, 6, 7)]
EIGHT += [docker_image("linux/ppc64le", text="ppc64le")]

PLAIN, ABLE = Quirks(), Quirks(tags_in_query=True)
THREE = ("app:1", "app:2", "app:3")

# The registry, the tags of each release, and the requests in each round trip.
PUBLISHED = {
    "one tag": (PLAIN, [("app:1",)], [8 + 1, 8, 1]),
    "three tags": (PLAIN, [THREE], [8 + 3, 8, 1, 3]),
    "three tags, again": (PLAIN, [THREE, THREE], [8 + 3, 8, 1, 3, 8 + 3, 3]),
    "three tags in one PUT": (ABLE, [THREE], [8 + 3, 8, 1, 3]),
    "one tag of another repository": (PLAIN, [("other:1",)], [8 + 1, 8, 8 + 1, 16, 8, 1]),
    "two repositories": (PLAIN, [("app:1", "app:2", "other:1")], [8 + 3, 8, 8 + 1, 16, 8, 2, 3]),
}


@pytest.mark.parametrize("command", ["publish", "imagetools create"])
@pytest.mark.parametrize(("quirks", "releases", "rounds"), PUBLISHED.values(), ids=PUBLISHED)
def test_several_tags_cost_one_round_trip_more_than_one(
    manyfest: CommandLine,
    command: str,
    quirks: Quirks,
    releases: list[tuple[str, ...]],
    rounds: list[int],
) -> None:
    """Once a day; where it is known what the registry takes, none."""
    registry = MemoryRegistry()
    for number, image in enumerate(EIGHT):
        push_image(registry, Reference.parse(f"{REGISTRY}/app:i{number}"), image)
    sources = [f"HOST/app:i{number}" for number in range(8)]
    with RegistryServer(registry, gate=Rounds(tuple(rounds)), quirks=quirks) as server:
        for number, tags in enumerate(releases):
            named = [word for tag in tags for word in ("-t", f"HOST/{tag}")]
            annotation = ("--annotation", f"n={number}")
            ask(manyfest, server, *command.split(), *annotation, *named, *sources)
        assert len(server.requests) == sum(rounds)


@pytest.mark.parametrize("words", [(), ("--raw",), ("--format", "{{.Manifest.Digest}}")])
def test_inspection_as_buildx_does_it_reads_the_manifest_alone(
    manyfest: CommandLine, server: RegistryServer, words: tuple[str, ...]
) -> None:
    assert ask(manyfest, server, "imagetools", "inspect", *words, "HOST/app:amd") == [GET]


def test_what_is_local_asks_nobody(manyfest: CommandLine, server: RegistryServer) -> None:
    ask(manyfest, server, "create", "HOST/app:l", "HOST/app:amd")
    entry = ("HOST/app:l", "HOST/app:amd")
    for arguments in (
        ("annotate", "--variant", "v2", *entry),
        ("inspect", "HOST/app:l"),
        ("inspect", *entry),
        ("inspect", "-v", *entry),
        ("ls",),
        ("rm", "HOST/app:l"),
    ):
        assert ask(manyfest, server, *arguments) == [], arguments


MANY = [f"app:{number}" for number in range(24)]
SOURCES = [f"HOST/{name}" for name in MANY]
JOBS = ("--jobs", "4")

# What is made ready before, and what must do with four connections.
AT_A_TIME = {
    "inspect": ([], ("inspect", *JOBS, "-f", "names")),
    "create": ([], ("create", *JOBS, "HOST/app:l", *SOURCES)),
    "push": ([("create", "HOST/app:l", *SOURCES)], ("push", *JOBS, "HOST/app:l")),
    "push to another repository": (
        [("create", "HOST/other:l", *SOURCES)],
        ("push", *JOBS, "HOST/other:l"),
    ),
    "create --push": ([], ("create", "--push", *JOBS, "HOST/app:l", *SOURCES)),
}


@pytest.mark.parametrize(("before", "arguments"), AT_A_TIME.values(), ids=AT_A_TIME.keys())
def test_there_are_no_more_connections_than_jobs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    manyfest: CommandLine,
    before: list[tuple[str, ...]],
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    registry = MemoryRegistry()
    for name in MANY:
        push_image(registry, Reference.parse(f"{REGISTRY}/{name}"), docker_image(text=name))
    with RegistryServer(registry) as many:
        (tmp_path / "names").write_text("\n".join(f"{many.host}/{name}" for name in MANY))
        for command in before:
            ask(manyfest, many, *command)
        made = many.connections
        ask(manyfest, many, *arguments)
        assert 0 < many.connections - made <= 4


def test_the_target_is_looked_at_while_the_sources_are_read(manyfest: CommandLine) -> None:
    looked, registry = threading.Event(), MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/app:amd"), AMD)

    def gate(request: Request) -> Answer | None:
        """The source is kept back until the target was looked at."""
        if request.method == "HEAD":
            looked.set()
        elif request.method == "GET" and not looked.wait(timeout=120):
            return Answer(404)
        return None

    with RegistryServer(registry, gate=gate) as server:
        assert ask(manyfest, server, "create", "--push", "HOST/app:l", "HOST/app:amd") == sorted(
            [GET, CONFIG, HEAD, PUT]
        )


def test_what_a_host_wants_is_found_out_once(
    monkeypatch: pytest.MonkeyPatch, manyfest: CommandLine, certificate: Certificate
) -> None:
    """TLS on loopback, where plain HTTP is tried first, and tokens, where nothing is sent first."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    gate, registry = TokenGate("user", "secret"), MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/app:amd"), AMD)
    with RegistryServer(registry, gate=gate, certificate=certificate) as server:
        for connections, challenges in ((2, 1), (1, 0), (1, 0)):
            made, gate.challenges, gate.token_requests = server.connections, 0, []
            shown = manyfest("inspect", f"{server.host}/app:amd")
            assert shown.code == 0, shown.stderr
            assert (server.connections - made, gate.challenges) == (connections, challenges)
            assert len(gate.token_requests) == 1
