"""Images of Docker and OCI types, converted and published by the installed program."""

import json
import subprocess
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.contracts.images import docker_image, oci_image
from manyfest.domain import media_types
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.programs import require_program

AMD, ARM = docker_image("linux/amd64"), oci_image("linux/arm64", text="arm")
FAMILIES = {
    "oci": (media_types.OCI_INDEX, media_types.OCI_MANIFEST),
    "docker": (media_types.DOCKER_LIST, media_types.DOCKER_MANIFEST),
}


@frozen
class Shelf:
    """A repository of the real registry with an image of each family."""

    home: str
    manyfest: CommandLine

    @property
    def sources(self) -> tuple[str, str]:
        return f"{self.home}:amd", f"{self.home}:arm"

    def run(self, *words: str, code: int = 0) -> Result:
        result = self.manyfest(*words)
        assert result.code == code, (words, result.stderr)
        return result

    def types(self, name: str) -> tuple[str, ...]:
        """The media types of a published list and its entries."""
        document = json.loads(self.run("inspect", "--remote", "--raw", name).stdout)
        entries = [entry["mediaType"] for entry in document["manifests"]]
        return document["mediaType"], *dict.fromkeys(entries)


@pytest.fixture
def shelf(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> Shelf:
    home = f"{docker_registry.host}/{repository}"
    seed(f"{home}:amd", AMD)
    seed(f"{home}:arm", ARM)
    return Shelf(home, manyfest)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_way_to_publish_converts_to_the_same_list(
    shelf: Shelf, family: str, tmp_path: Path
) -> None:
    names = [f"{shelf.home}:{number}" for number in range(5)]
    convert = ("--convert", family)
    shelf.run("create", "--push", *convert, names[0], *shelf.sources)
    shelf.run("create", names[1], shelf.sources[0])
    shelf.run("add", *convert, names[1], shelf.sources[1])
    shelf.run("push", names[1])
    shelf.run("create", names[2], *shelf.sources)
    shelf.run("push", *convert, names[2])
    shelf.run("publish", *convert, "-t", names[3], *shelf.sources)
    spec = tmp_path / "spec.yaml"
    images = [{"image": source} for source in shelf.sources]
    spec.write_text(json.dumps({"image": names[4], "convert": family, "manifests": images}))
    shelf.run("apply", str(spec))
    digests = shelf.run("digest", *names).stdout.decode().split()
    assert len(set(digests)) == 1
    assert [shelf.types(name) for name in names] == [FAMILIES[family]] * 5
    assert shelf.run("verify", names[0]).code == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_copy_converts_and_once_more_changes_nothing(shelf: Shelf, family: str) -> None:
    name, copied = f"{shelf.home}:list", f"{shelf.home}:copied"
    shelf.run("create", "--push", name, *shelf.sources)
    first = shelf.run("copy", "--convert", family, name, copied).stdout
    assert shelf.types(copied) == FAMILIES[family]
    again = shelf.run("copy", "--convert", family, copied, f"{shelf.home}:again")
    assert again.stdout == first
    assert "converted" not in again.stderr


def test_it_is_said_which_digests_change_and_that_signatures_do_not_match(shelf: Shelf) -> None:
    made = shelf.run("create", "--convert", "oci", f"{shelf.home}:list", *shelf.sources)
    notes = [line for line in made.stderr.splitlines() if line.startswith("note: converted")]
    assert len(notes) == 1
    assert f"linux/amd64 ({shelf.home}:amd): {AMD.digest} is sha256:" in notes[0]
    assert made.stderr.count("signatures and attestations of the digests before") == 1
    dry = shelf.run("push", "--dry-run", "--convert", "docker", f"{shelf.home}:list")
    assert f"{ARM.digest} is sha256:" in dry.stderr
    assert "copy" not in dry.stdout.decode()
    shelf.run("push", f"{shelf.home}:list")
    assert shelf.types(f"{shelf.home}:list") == FAMILIES["oci"]


def test_without_it_a_note_names_the_mixture_and_the_option(shelf: Shelf) -> None:
    made = shelf.run("create", f"{shelf.home}:list", *shelf.sources)
    assert "note: " in made.stderr
    assert "Docker images (linux/amd64) and OCI images (linux/arm64)" in made.stderr
    assert "--convert oci" in made.stderr


def test_what_cannot_be_converted_leaves_no_draft(shelf: Shelf, seed: Seed) -> None:
    layer = ARM.manifest.document["layers"][0] | {"mediaType": f"{media_types.OCI_LAYER[:-4]}zstd"}
    zstd = seed(f"{shelf.home}:zstd", oci_image("linux/arm64", text="arm", layers=[layer]))
    name = f"{shelf.home}:list"
    made = shelf.run("create", "--convert", "docker", name, shelf.sources[0], zstd, code=1)
    assert "cannot be converted: Docker has no type for layer" in made.stderr
    assert "use --convert oci" in made.stderr
    assert shelf.run("ls", "-q").stdout == b""
    shelf.run("create", name, shelf.sources[0])
    shelf.run("add", "--convert", "docker", name, zstd, code=1)
    assert b"arm64" not in shelf.run("inspect", name).stdout


def test_contradicting_options_are_refused(shelf: Shelf) -> None:
    types = ("--convert", "oci", "--type", "docker")
    for command in (
        ("create", *types, f"{shelf.home}:list", *shelf.sources),
        ("publish", *types, "-t", f"{shelf.home}:list", *shelf.sources),
        ("copy", "--convert", "oci", "--referrers", shelf.sources[0], f"{shelf.home}:x"),
        ("create", "--convert", "auto", f"{shelf.home}:list", *shelf.sources),
    ):
        shelf.run(*command, code=2)


def test_attached_content_cannot_be_required_of_what_is_converted(
    shelf: Shelf, tmp_path: Path
) -> None:
    name = f"{shelf.home}:list"
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"image: {name}\nmanifests:\n- image: {shelf.sources[1]}\n")
    for command in (
        ("publish", "-t", name, *shelf.sources),
        ("create", "--push", name, *shelf.sources),
        ("imagetools", "create", "-t", name, *shelf.sources),
        ("apply", str(spec)),
    ):
        refused = shelf.run(*command, "--convert", "docker", "--attached", code=2)
        assert "cannot come along, as the image is converted" in refused.stderr
        assert shelf.manyfest("digest", name).code == 3


def test_skopeo_comes_to_the_same_digests(shelf: Shelf) -> None:
    for family, skopeo_format, source in (
        ("docker", "v2s2", "arm"),
        ("oci", "oci", "skopeo-docker"),
    ):
        name = f"{shelf.home}:{source}"
        _skopeo_copy(name, f"{shelf.home}:skopeo-{family}", skopeo_format)
        theirs = shelf.run("digest", f"{shelf.home}:skopeo-{family}").stdout
        ours = shelf.run("copy", "--convert", family, name, f"{shelf.home}:ours-{family}").stdout
        assert ours == theirs


def _skopeo_copy(source: str, target: str, written_as: str) -> None:
    program = require_program("skopeo")
    options = ("-q", "--src-tls-verify=false", "--dest-tls-verify=false", "--format", written_as)
    names = (f"docker://{source}", f"docker://{target}")
    subprocess.run([program, "copy", *options, *names], check=True)
