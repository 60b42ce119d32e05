"""What ``create`` and ``add`` annotate at once, published to a real registry."""

import json

import pytest

from manyfest.contracts.images import docker_image, oci_image
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry

AMD, ARM = docker_image("linux/amd64"), oci_image("linux/arm64", text="arm")


@pytest.fixture
def home(docker_registry: RunningRegistry, repository: str, seed: Seed) -> str:
    name = f"{docker_registry.host}/{repository}"
    seed(f"{name}:amd", AMD)
    seed(f"{name}:arm", ARM)
    return name


def test_a_list_is_made_empty_filled_and_published_as_annotated(
    home: str, manyfest: CommandLine
) -> None:
    name = f"{home}:list"
    commands = (
        ("create", "--allow-empty", "--artifact-type", "application/x.list", name),
        ("add", "--annotation", "a=b", "--os-version", "5", name, f"{home}:amd"),
        ("add", "--annotation", "index:c=d", "--subject", f"{home}:amd", name, f"{home}:arm"),
        ("push", name),
    )
    for command in commands:
        assert manyfest(*command).code == 0
    document = json.loads(manyfest("inspect", "--remote", "--raw", name).stdout)
    first, second = document["manifests"]
    assert (first["annotations"], first["platform"]["os.version"]) == ({"a": "b"}, "5")
    assert "annotations" not in second
    assert document["subject"]["digest"] == str(AMD.digest)
    assert document["artifactType"] == "application/x.list"
    assert document["annotations"] == {"c": "d"}


@pytest.mark.parametrize(
    ("options", "sources", "code", "words"),
    [
        ((), (), 2, "requires at least 2 arguments"),
        (("--os", "linux"), ("amd", "arm"), 2, "a platform is for one image"),
        (("--annotation", "k"), ("amd",), 2, "[LEVEL:]KEY=VALUE, not 'k'"),
        (("--artifact-type", "none"), ("amd",), 2, "RFC 6838"),
        (("--subject", "{home}:none"), ("amd",), 3, "none"),
        (("--allow-empty", "--push"), (), 1, "has no entries; add"),
    ],
)
def test_what_cannot_be_made_leaves_no_draft(
    home: str,
    manyfest: CommandLine,
    options: tuple[str, ...],
    sources: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    given = [option.format(home=home) for option in options]
    result = manyfest("create", *given, f"{home}:list", *(f"{home}:{tag}" for tag in sources))
    assert (result.code, result.stdout) == (code, b"")
    assert words in result.stderr
    assert manyfest("ls", "-q").stdout == b""
