"""``inspect -f``: many references in one process, a line of JSON each."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.cli.flows import inspect_many as inspecting
from manyfest.contracts.images import (
    docker_image,
    docker_list,
    oci_image,
    oddly_spelled,
    push_image,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from tests.integration.conftest import Seed
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import with_status
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.our_program import run_here

IMAGES = {
    "image": docker_image(),
    "list": docker_list(docker_image(), docker_image("linux/arm64")),
    "odd": oddly_spelled(oci_image(annotations={"white space": 'a  "\\ \t b\u2028', "n": "1e400"})),
}


@pytest.fixture
def memory() -> MemoryRegistry:
    registry = MemoryRegistry()
    for tag, image in IMAGES.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/app:{tag}"), image)
    return registry


@pytest.fixture
def server(memory: MemoryRegistry) -> Iterator[FaultServer]:
    with FaultServer(RegistryApp(memory)) as server:
        yield server


@pytest.fixture
def inspect(tmp_path: Path, server: FaultServer) -> Callable[..., Result]:
    """Inspects these lines, ``HOST`` filled in."""

    def inspect(*lines: str, flags: tuple[str, ...] = ()) -> Result:
        file = tmp_path / "references"
        file.write_text("\n".join(lines).replace("HOST", server.host))
        return run_here("inspect", *flags, "-f", file)

    return inspect


def objects(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.decode().split("\n")[:-1]]


def test_each_is_an_object_in_the_order_of_the_file(server, inspect) -> None:
    tags = ["list", "image", "odd", "image"]
    result = inspect(*(f"HOST/app:{tag}" for tag in tags))
    assert (result.code, result.stderr) == (0, "")
    for tag, shown in zip(tags, objects(result), strict=True):
        manifest = IMAGES[tag].manifest
        assert list(shown) == ["reference", "digest", "mediaType", "size", "manifest"]
        assert shown == {
            "reference": f"{server.host}/app:{tag}",
            "digest": str(manifest.digest),
            "mediaType": manifest.media_type,
            "size": manifest.size,
            "manifest": json.loads(manifest.data),
        }


def test_tokens_of_the_document_stay_as_they_are(memory, inspect) -> None:
    document = json.dumps(json.loads(IMAGES["image"].manifest.data) | {"x": 0}, indent=1)
    spelled = document.replace('"x": 0', '"x": [1E+40, 0.10, "\\u00e9 \\/ é", {}, [ ]]')
    odd = Manifest(IMAGES["image"].manifest.media_type, spelled.encode())
    memory.put_manifest(Reference.parse(f"{REGISTRY}/app:odd"), odd)
    (line,) = inspect("HOST/app:odd").stdout.splitlines()
    assert '"x":[1E+40,0.10,"\\u00e9 \\/ é",{},[]]' in line.decode()


def test_a_short_name_is_told_in_full(inspect) -> None:
    (shown,) = objects(inspect("alpine", flags=("--offline",)))
    assert shown["reference"] == "docker.io/library/alpine:latest"


def test_empty_lines_and_comments_are_no_references(inspect) -> None:
    result = inspect("# all of them", "", "  HOST/app:list\t\r", " # HOST/app:image", "   ")
    assert [shown["reference"].partition("/")[2] for shown in objects(result)] == ["app:list"]
    nothing = inspect("# none")
    assert (nothing.code, nothing.stdout, nothing.stderr) == (0, b"", "")


def test_what_cannot_be_read_is_a_line_and_the_others_are_read(server, inspect) -> None:
    server.always("GET", "/v2/app/manifests/broken", with_status(418))
    lines = ["HOST/app:none", "HOST/app:list", "Not a ref", "HOST/app:broken", "HOST/app:image"]
    result = inspect(*lines)
    none, listed, malformed, broken, image = objects(result)
    assert none == {
        "reference": f"{server.host}/app:none",
        "error": f"no such manifest: {server.host}/app:none",
        "code": 3,
    }
    assert (malformed["reference"], malformed["code"]) == ("Not a ref", 2)
    assert (broken["code"], "manifest" in listed, "manifest" in image) == (1, True, True)
    assert (result.code, result.stderr) == (1, "error: 3 of 5 could not be read\n")


def test_bytes_that_are_no_text_are_no_reference(tmp_path: Path) -> None:
    (tmp_path / "references").write_bytes(b"\xff\n\xef\xbb\xbf\n")
    result = run_here("inspect", "-f", tmp_path / "references")
    assert [shown["code"] for shown in objects(result)] == [2, 2]


def test_it_is_kept_and_shown_again_offline(server, inspect) -> None:
    lines = [f"HOST/app:{tag}" for tag in IMAGES]
    online = objects(inspect(*lines))
    before = len(server.requests)
    offline = objects(inspect(*lines, "HOST/app:unseen", flags=("--offline",)))
    assert offline.pop()["code"] == 3
    assert all(shown.pop("seenAt") for shown in offline)
    assert offline == online
    fresh = objects(inspect(*lines, flags=("--max-age", "1h")))
    assert [shown.pop("seenAt")[-1] for shown in fresh] == ["Z"] * len(lines)
    assert fresh == online
    assert len(server.requests) == before


def test_each_slice_is_read_shown_and_kept_before_the_next(
    server, inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "_SLICE", 2)
    shown: list[int] = []
    monkeypatch.setattr(
        inspecting, "write_lines", lambda lines: shown.append((len(tuple(lines)), server.count()))
    )
    lines = ["HOST/app:image", "HOST/app:image", "HOST/app:list", "HOST/app:odd", "HOST/app:none"]
    assert inspect(*lines).code == 1
    assert shown == [(2, 1), (2, 3), (1, 4)]


def test_thousands_are_many_slices(server, inspect) -> None:
    result = inspect(*["HOST/app:image", "HOST/app:list"] * 1000)
    assert result.code == 0
    assert [shown["reference"][-5:] for shown in objects(result)] == ["image", ":list"] * 1000


def test_as_long_as_something_can_be_read_there_is_time(
    server, inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "_SLICE", 1)
    renewed: list[bool] = []
    deadline = "manyfest.adapters.deadline.Deadline.restart"
    monkeypatch.setattr(deadline, lambda _deadline: renewed.append(True))
    assert inspect("HOST/app:none", "HOST/app:list", "HOST/app:none").code == 1
    assert renewed == [True]


def test_a_store_that_cannot_be_written_is_said_once(
    inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "_SLICE", 1)
    monkeypatch.setenv("MANYFEST_STORE", "/proc/nobody/may/write/here/store.db")
    result = inspect("HOST/app:list", "HOST/app:image")
    assert (result.code, len(objects(result))) == (0, 2)
    (line,) = result.stderr.splitlines()
    assert line.startswith("warning: not cached: ")


REFUSED = {
    "a reference": ("-f", "-", "app:1"),
    "--raw": ("-f", "-", "--raw"),
    "-v": ("-v", "-f", "-"),
    "no file": ("--file=",),
}


@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
def test_what_does_not_go_together_is_refused(arguments: tuple[str, ...]) -> None:
    result = run_here("inspect", *arguments)
    assert (result.code, result.stdout) == (2, b"")
    assert result.stderr.startswith("error: --file ")


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    result = run_here("inspect", "-f", tmp_path / "none")
    assert (result.code, result.stdout) == (1, b"")
    assert result.stderr == f"error: {tmp_path / 'none'}: No such file or directory\n"


def test_standard_input_and_a_reader_that_leaves_early(
    docker_registry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    name = seed(f"{docker_registry.host}/{repository}:1", IMAGES["list"])
    lines = f"{name}\n".encode() * 2000
    result = manyfest("inspect", "-f", "-", input=lines)
    assert (result.code, len(objects(result))) == (0, 2000)
    program = f"{manyfest.command[0]} inspect -f - | head -n 1; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ["bash", "-c", program], input=lines, capture_output=True, check=True, timeout=300
    )
    first, code = ended.stdout.splitlines()
    assert json.loads(first)["reference"] == name
    assert (code, ended.stderr) == (b"141", b"")
