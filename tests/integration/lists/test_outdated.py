"""``outdated`` as a person runs it: tags that move, lists that are only republished, files."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, oci_image, oci_index, push_image
from manyfest.domain.references import Reference
from tests.integration.conftest import Seed
from tests.support.content.attested import attested
from tests.support.content.statements import (
    SPDX,
    attestation,
    statement,
)
from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.our_program import run_here

AMD, ARM, RISCV = (oci_image(f"linux/{each}", text=each) for each in ("amd64", "arm64", "riscv64"))
NEW_AMD = oci_image("linux/amd64", text="a new build")
OLD, REPUBLISHED = oci_index(AMD, ARM), oci_index(AMD, ARM, RISCV)
REBUILT, WITHOUT_ARM = oci_index(NEW_AMD, ARM, RISCV), oci_index(AMD)


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def server(registry: MemoryRegistry) -> Iterator[RegistryServer]:
    with RegistryServer(registry, quirks=Quirks()) as server:
        yield server


@pytest.fixture
def name(server: RegistryServer) -> str:
    return f"{server.host}/team:app"


@pytest.fixture
def move(registry: MemoryRegistry) -> Callable[[Image], None]:
    def moved(image: Image) -> None:
        push_image(registry, Reference.parse(f"{REGISTRY}/team:app"), image)

    moved(OLD)
    return moved


def rows(result: Result) -> list[dict]:
    return json.loads(result.stdout)


def row(*arguments: str) -> tuple[str, str | None]:
    [found] = rows(run_here("outdated", "--json", *arguments))
    return found["status"], found["summary"]


def requests(server: RegistryServer) -> list[str]:
    return [line.split()[0] for line in server.log()]


def test_a_tag_that_was_never_seen_is_read_and_compared_the_next_time(name, move, server) -> None:
    assert row(name)[0] == "new"
    assert run_here("outdated", name).code == 0
    assert requests(server) == ["GET", "HEAD"]
    move(REBUILT)
    assert run_here("outdated", name).code == 8
    assert row(name) == ("current", None)  # it was seen


@pytest.mark.parametrize(
    ("after", "platform", "status", "summary"),
    [
        (OLD, None, "current", None),
        (
            REPUBLISHED,
            "linux/amd64",
            "republished",
            "list republished with linux/riscv64; linux/amd64 unchanged",
        ),
        (
            REPUBLISHED,
            None,
            "republished",
            "list republished with linux/riscv64; all other platforms unchanged",
        ),
        (REBUILT, "linux/amd64", "outdated", "linux/amd64 changed; linux/riscv64 added"),
        (
            REBUILT,
            "linux/arm64",
            "republished",
            (
                "list republished with linux/riscv64 and with other images for linux/amd64; "
                "linux/arm64 unchanged"
            ),
        ),
        (REBUILT, None, "outdated", "linux/amd64 changed; linux/riscv64 added"),
        (WITHOUT_ARM, None, "outdated", "linux/arm64 removed"),
        (WITHOUT_ARM, "linux/amd64", "republished", None),
        (REPUBLISHED, "linux/riscv64", "outdated", "linux/riscv64 added"),
        (
            oci_index(AMD, ARM, annotations={"a": "b"}),
            "linux/amd64",
            "republished",
            "list republished; linux/amd64 unchanged",
        ),
        (NEW_AMD, None, "outdated", None),
    ],
)
def test_the_entry_of_the_platform_decides(name, move, after, platform, status, summary) -> None:
    pinned = f"{name}@{OLD.digest}"
    move(after)
    found = row(pinned, *(["--platform", platform] if platform else []))
    assert found[0] == status
    assert summary is None or found[1] == summary


def test_a_new_attestation_alone_is_a_republished_list(name, move) -> None:
    made = {0: attestation((SPDX, statement(SPDX, {}, AMD.digest)))}
    move(attested([AMD, ARM], made))
    assert row(f"{name}@{OLD.digest}")[0] == "republished"


def test_a_pin_to_the_image_of_a_platform_is_current_while_the_list_has_it(name, move) -> None:
    move(REPUBLISHED)
    assert row(f"{name}@{AMD.digest}") == ("current", None)
    move(REBUILT)
    assert row(f"{name}@{AMD.digest}")[0] == "outdated"


def test_a_current_image_costs_a_head(name, move, server) -> None:
    assert row(f"{name}@{OLD.digest}") == ("current", None)
    assert requests(server) == ["HEAD"]


def test_a_platform_that_is_gone_is_an_error_of_its_row(name, move) -> None:
    move(WITHOUT_ARM)
    result = run_here("outdated", "--json", "--platform", "linux/arm64", f"{name}@{OLD.digest}")
    assert (result.code, rows(result)[0]["status"]) == (3, "unknown")
    assert "has nothing for linux/arm64" in rows(result)[0]["summary"]


def test_what_was_pinned_and_deleted_is_outdated(name, move) -> None:
    gone = f"{name}@sha256:{'0' * 64}"
    status, summary = row(gone)
    assert (status, summary) == (
        "outdated",
        "the tag moved; what it was before cannot be compared by platform",
    )


@pytest.mark.parametrize(("named", "code"), [("{0}x", 3), ("{1}@" + str(OLD.digest), 2)])
def test_what_cannot_be_checked_is_said_and_the_rest_is_checked(
    server, name, move, named, code
) -> None:
    bad = named.format(name, f"{server.host}/team")
    result = run_here("outdated", "--json", bad, name)
    assert result.code == code
    assert [each["status"] for each in rows(result)] == ["unknown", "new"]


DOCKERFILE = """\
ARG TAG=app
FROM --platform=linux/arm64 {0}:${{TAG}}@{1} AS build
FROM build
COPY --from={0}:app /a /a
FROM $MISSING
"""


def test_a_dockerfile_is_checked_with_the_platforms_that_it_states(
    server, name, move, tmp_path: Path
) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(DOCKERFILE.format(f"{server.host}/team", OLD.digest))
    run_here("show", name)
    move(REBUILT)
    result = run_here("outdated", "--json", "-f", str(file))
    assert result.code == 8
    assert [(each["status"], each["place"], each["platform"]) for each in rows(result)] == [
        ("republished", f"{file}:2", "linux/arm64"),
        ("outdated", f"{file}:4", None),
        ("unknown", f"{file}:5", None),
    ]
    assert rows(result)[2]["summary"] == "the variable MISSING has no default"


def test_files_of_each_kind_and_several_of_them_are_taken(name, move, tmp_path: Path) -> None:
    files = {
        "compose.yaml": f"services: {{a: {{image: '{name}'}}}}",
        "pod.yml": f"apiVersion: v1\nkind: Pod\nspec:\n  containers: [{{image: '{name}'}}]\n",
        "ci.yml": f"jobs: {{a: {{container: '{name}'}}}}",
        "images.txt": f"{name} # one\n",
    }
    options = []
    for file, text in files.items():
        (tmp_path / file).write_text(text)
        options += ["-f", str(tmp_path / file)]
    assert run_here("outdated", *options).code == 0
    assert [each["place"] for each in rows(run_here("outdated", "--json", *options))] == [
        f"{tmp_path / 'compose.yaml'}:1"  # each image once
    ]


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: [")
    result = run_here("outdated", "-f", str(tmp_path / "x.yaml"))
    assert (result.code, result.stdout) == (2, b"")
    assert run_here("outdated").code == 2


def test_a_table_names_what_changed(name, move) -> None:
    move(REPUBLISHED)
    result = run_here("outdated", "--platform", "linux/amd64", f"{name}@{OLD.digest}")
    assert result.code == 0
    heading, line = result.stdout.decode().splitlines()
    assert heading.split() == ["IMAGE", "STATUS", "CHANGES", "BEFORE", "NOW", "PLACE"]
    assert "republished   list republished with linux/riscv64; linux/amd64 unchanged" in line
    assert "0 of 1 outdated" in result.stderr


def test_the_real_registry_is_asked_the_same_way(
    seed: Seed, docker_registry: RunningRegistry, repository: str
) -> None:
    named = seed(f"{docker_registry.host}/{repository}:app", OLD)
    assert row(named)[0] == "new"
    seed(named, REPUBLISHED)
    assert row("--platform", "linux/amd64", named)[0] == "republished"
    seed(named, REBUILT)
    assert run_here("outdated", "--platform", "linux/amd64", named).code == 8


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "76;w=21600"},
            "76 of 100 pulls left (in 6 hours)",
        ),
        ({"RateLimit-Remaining": "5"}, "5 pulls left"),
        ({"RateLimit-Remaining": "many"}, ""),
        ({"RateLimit-Remaining": "9" * 50}, ""),
    ],
)
def test_the_pulls_left_are_shown_and_not_spent(
    registry, headers, told, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_image(registry, Reference.parse(f"{REGISTRY}/team:app"), OLD)
    with RegistryServer(registry, quirks=Quirks()) as server:
        serve = server.app._routed

        def counting(request: Request) -> Answer:
            answer = serve(request)
            for name, value in headers.items():
                answer = answer.with_header(name, value)
            return answer

        monkeypatch.setattr(server.app, "_routed", counting)
        result = run_here("outdated", f"{server.host}/team:app@{OLD.digest}")
        assert requests(server) == ["HEAD"]
    assert result.code == 0
    assert ("pulls left" in result.stderr) == bool(told)
    assert told in result.stderr


def test_offline_nothing_is_called_current(name, move, monkeypatch: pytest.MonkeyPatch) -> None:
    run_here("show", name)
    monkeypatch.setenv("MANYFEST_OFFLINE", "1")
    result = run_here("outdated", name)
    assert (result.code, result.stdout) == (5, b"")
    assert "offline: no registry can be asked what its tags are now" in result.stderr


def test_compose_reads_the_file_beside_it_and_the_environment_first(
    name: str, move: Callable[[Image], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(OLD)
    file = tmp_path / "compose.yaml"
    file.write_text("services: {a: {image: '${HOME_OF_APP:?}:${TAG:-none}'}}\n")
    (tmp_path / ".env").write_text(f"HOME_OF_APP={name.rpartition(':')[0]}\nTAG=other\n")
    monkeypatch.setenv("TAG", "app")
    (found,) = rows(run_here("outdated", "--json", "-f", str(file)))
    assert (found["image"], found["status"]) == (name, "new")


def test_a_file_without_images_is_said_to_be_one(tmp_path: Path) -> None:
    ran = run_here("outdated", "-f", "/dev/null")
    assert (ran.code, "warning: /dev/null names no image" in ran.stderr) == (0, True)
