"""One image of a list by its platform: ``digest``, ``inspect --platform``, ``inspect --config``."""

import hashlib
from collections.abc import Iterator

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    Image,
    artifact,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    push_image,
    windows_image,
)
from manyfest.domain.references import Reference
from tests.support.content.attested import attested_index
from tests.support.http.registry_server import REGISTRY, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64/v8")
OLD, NEW = oci_image("linux/arm/v6"), oci_image("linux/arm/v7")
APP = attested_index(AMD, ARM, OLD, NEW)
ALONE = oci_index(docker_image("linux/s390x"))
PLANTED: dict[str, Image] = {
    "app": APP,
    "image": AMD,
    "alone": ALONE,
    "nested": oci_index(ALONE, AMD),
    "chart": artifact("application/vnd.cncf.helm.config.v1+json", b'{"name": "web"}'),
    "windows": docker_list(windows_image("10.0.17763.1"), windows_image("10.0.20348.9")),
}


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    registry = MemoryRegistry()
    for tag, image in PLANTED.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/team:{tag}"), image)
    with RegistryServer(registry) as server:
        yield server


@pytest.fixture
def name(server: RegistryServer) -> str:
    return f"{server.host}/team"


def requests(server: RegistryServer) -> list[str]:
    return [f"{line.split()[0]} {line.split('/')[3]}" for line in server.log()]


def printed(result: Result) -> list[str]:
    assert result.code == 0, result.stderr
    return result.stdout.decode().splitlines()


def test_digests_are_printed_in_the_order_of_the_arguments(
    server: RegistryServer, name: str
) -> None:
    result = run_here("digest", f"{name}:image", f"{name}:app", f"{name}:image")
    assert printed(result) == [str(image.digest) for image in (AMD, APP, AMD)]
    assert requests(server) == ["HEAD manifests"] * 3


def test_a_tag_that_was_read_is_asked_for_by_head_or_not_at_all(
    server: RegistryServer, name: str
) -> None:
    run_here("inspect", f"{name}:app")
    assert printed(run_here("digest", "--max-age", "1h", f"{name}:app")) == [str(APP.digest)]
    assert printed(run_here("digest", "--offline", f"{name}:app")) == [str(APP.digest)]
    assert printed(run_here("digest", f"{name}:app")) == [str(APP.digest)]
    assert requests(server) == ["GET manifests", "HEAD manifests"]


PLATFORMS = {
    "the usual spelling": ("app", "linux/arm64", ARM),
    "another spelling": ("app", "linux/aarch64", ARM),
    "a default variant": ("app", "linux/arm", NEW),
    "another variant": ("app", "linux/arm/v6", OLD),
    "an image by itself": ("image", "linux/amd64", AMD),
    "a list within a list": ("nested", "linux/amd64", AMD),
    "all of a system, if it has one": ("alone", "linux", ALONE.children[0]),
    "a build of Windows": (
        "windows",
        "windows(10.0.20348)/amd64",
        PLANTED["windows"].children[1],
    ),
}


@pytest.mark.parametrize(("tag", "platform", "image"), PLATFORMS.values(), ids=PLATFORMS.keys())
def test_a_platform_names_one_image(name: str, tag: str, platform: str, image: Image) -> None:
    result = run_here("digest", "--platform", platform, f"{name}:{tag}")
    assert printed(result) == [str(image.digest)]
    raw = run_here("inspect", "--raw", "--platform", platform, f"{name}:{tag}")
    assert raw.stdout == image.manifest.data
    config = run_here("inspect", "--config", "--platform", platform, f"{name}:{tag}")
    assert config.stdout == image.blobs[0]


REFUSALS = {
    "no such platform": (
        ("app", "linux/s390x"),
        3,
        "has nothing for linux/s390x, only for linux/amd64, linux/arm64/v8,",
    ),
    "the list itself": (("app", "unknown/amd64"), 3, "has nothing for unknown/amd64"),
    "an image of another": (("image", "linux/arm64"), 3, "only for linux/amd64"),
    "no image": (("chart", "linux/arm64"), 3, "only for no platform"),
    "several": (("app", "linux"), 2, "linux names 4 entries"),
    "several builds": (("windows", "windows/amd64"), 2, "names 2 entries"),
    "no platform": (("app", "arm64"), 2, "linux/arm64"),
    "an empty text": (("app", ""), 2, "invalid platform"),
}


@pytest.mark.parametrize(("asked", "code", "reason"), REFUSALS.values(), ids=REFUSALS.keys())
def test_the_digest_of_the_list_never_stands_in(
    name: str, asked: tuple[str, str], code: int, reason: str
) -> None:
    tag, platform = asked
    for command in (("digest",), ("inspect",), ("inspect", "--config")):
        result = run_here(*command, "--platform", platform, f"{name}:{tag}")
        assert (result.code, result.stdout) == (code, b"")
        assert reason in result.stderr


def test_what_is_found_is_printed_though_another_fails(name: str) -> None:
    result = run_here("digest", f"{name}:app", f"{name}:none", f"{name}:image")
    assert result.stdout.decode().split() == [str(APP.digest), str(AMD.digest)]
    assert result.code == 3
    assert f"no such manifest: {name}:none" in result.stderr


def test_a_draft_has_no_digest_yet(name: str) -> None:
    run_here("create", f"{name}:draft", f"{name}:app")
    result = run_here("digest", f"{name}:draft")
    assert (result.code, result.stdout) == (3, b"")
    assert "draft" in result.stderr


def test_an_image_of_a_draft_is_shown(name: str) -> None:
    run_here("create", f"{name}:draft", f"{name}:app")
    raw = run_here("inspect", "--raw", "--platform", "linux/arm64", f"{name}:draft")
    assert raw.stdout == ARM.manifest.data
    assert "this is the draft" in raw.stderr
    published = run_here("inspect", "--remote", "--platform", "linux/arm64", f"{name}:draft")
    assert published.code == 3
    details = run_here("inspect", "-v", "--platform", "linux/arm64", f"{name}:draft")
    assert str(ARM.digest).encode() in details.stdout


def test_the_config_is_that_of_the_only_image_to_the_byte(name: str) -> None:
    result = run_here("inspect", "--config", f"{name}:alone")
    assert result.stdout == ALONE.children[0].blobs[0]
    assert run_here("inspect", "--config", f"{name}:chart").stdout == b'{"name": "web"}'
    image = run_here("inspect", "--config", f"{name}:image").stdout
    assert f"sha256:{hashlib.sha256(image).hexdigest()}" == str(AMD.manifest.config.digest)
    assert run_here("inspect", "--offline", "--config", f"{name}:image").stdout == image


def test_the_config_of_a_list_of_several_images_wants_a_platform(name: str) -> None:
    result = run_here("inspect", "--config", f"{name}:app")
    assert (result.code, result.stdout) == (2, b"")
    assert "lists 4 images; choose one with --platform: linux/amd64, linux/arm64/v8" in (
        result.stderr
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--config", "--raw", "app"),
        ("--config", "-v", "app"),
        ("--platform", "linux/amd64", "-f", "file"),
        ("--platform", "linux/amd64", "list", "app"),
        ("--config", "list", "app"),
    ],
)
def test_options_that_contradict_are_refused(words: tuple[str, ...]) -> None:
    assert run_here("inspect", *words).code == 2
