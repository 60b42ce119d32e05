"""Archives as sources of lists: built apart, published together; skopeo reads what comes out."""

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import (
    docker_image,
    index_of_anything,
    oci_image,
    oci_index,
    push_image,
)
from manyfest.domain.references import Reference
from tests.integration.conftest import Seed
from tests.support.content import bundles
from tests.support.content.bundles import entry
from tests.support.faults.judged import refused, succeeded
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.programs import require_program

AMD, ARM = docker_image(), docker_image("linux/arm64", text="arm")
OCI_AMD, OCI_ARM = oci_image(), oci_image("linux/arm64", text="arm")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes an archive to the working folder."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, files: bundles.Files) -> Path:
        data = bundles.tar(files)
        path = tmp_path / name
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        return path

    return write


@pytest.fixture
def built(archive: Callable[..., Path]) -> None:
    """An archive of each platform, as its own job makes it: one is compressed, one has no name."""
    archive("amd64.tar", bundles.docker_archive((AMD, ["app:amd64"]), packed=True))
    archive("arm64.tar.gz", bundles.docker_archive((ARM, None)))
    archive("amd64.oci.tar", bundles.layout([entry(OCI_AMD, ref_name="latest")], OCI_AMD))
    archive("arm64.oci.tar", bundles.layout([entry(OCI_ARM)], OCI_ARM))


def platforms_of(raw: bytes) -> list[str]:
    return [each["platform"]["architecture"] for each in json.loads(raw)["manifests"]]


@pytest.mark.parametrize(
    "sources",
    [
        ("docker-archive:amd64.tar", "docker-archive:arm64.tar.gz"),
        ("oci-archive:amd64.oci.tar:latest", "oci-archive:./arm64.oci.tar"),
        ("docker-archive:amd64.tar:app:amd64", "docker-archive:arm64.tar.gz:@0"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["create --push", "create, push"])
def test_images_in_archives_become_a_list_in_a_registry(
    built: None,
    docker_registry: RunningRegistry,
    repository: str,
    sources: tuple[str, str],
    at_once: bool,  # noqa: FBT001
) -> None:
    name = f"{docker_registry.host}/{repository}:1"
    if at_once:
        succeeded("create", "--push", name, *sources)
    else:
        succeeded("create", name, *sources)
        succeeded("push", name)
    raw = succeeded("inspect", "--raw", name).stdout
    assert platforms_of(raw) == ["amd64", "arm64"]
    succeeded("verify", name)
    program = require_program("skopeo")
    out = ["copy", "-q", "--all", "--src-tls-verify=false", f"docker://{name}", "dir:out"]
    subprocess.run([program, *out], check=True)


def test_skopeo_writes_what_is_read(archive: Callable[..., Path], manyfest: CommandLine) -> None:
    program = require_program("skopeo")
    archive("in.tar", bundles.docker_archive((AMD, ["app:1"])))
    for target in ("oci-archive:made.oci.tar:v1", "docker-archive:made.tar:app:1"):
        subprocess.run([program, "copy", "-q", "docker-archive:in.tar", target], check=True)
        assert manyfest("create", "--push", "oci:site:1", target).code == 0
        assert platforms_of(manyfest("inspect", "--raw", "oci:site:1").stdout) == ["amd64"]
        assert manyfest("verify", target).code == 0


def test_every_verb_reads_archives(built: None, archive: Callable[..., Path]) -> None:
    index = oci_index(OCI_AMD, OCI_ARM)
    archive("all.tar.gz", bundles.layout([entry(index, ref_name="team/app:1")], index))
    everything = "oci-archive:all.tar.gz:team/app:1"
    assert succeeded("inspect", "--raw", everything).stdout == index.manifest.data
    succeeded("inspect", "-v", everything)
    succeeded("verify", everything)
    succeeded("copy", everything, "oci:site:1")
    succeeded("diff", everything, "oci:site:1")
    succeeded("copy", "--platform", "linux/arm64", "oci-archive:all.tar.gz", "oci:site:arm")
    succeeded("create", "oci:site:2", "docker-archive:amd64.tar")
    succeeded("add", "oci:site:2", "oci-archive:arm64.oci.tar")
    succeeded("annotate", "oci:site:2", "oci-archive:arm64.oci.tar", "--variant", "v8")
    succeeded("push", "oci:site:2")
    succeeded("drop", "oci:site:2", "docker-archive:amd64.tar")
    succeeded("cache", "fetch", "--layers", "docker-archive:amd64.tar")
    succeeded("cache", "ls", "docker-archive:amd64.tar")


def test_content_of_unknown_types_in_an_archive_is_carried(archive: Callable[..., Path]) -> None:
    anything = index_of_anything()
    archive("any.tar.gz", bundles.layout([entry(anything)], anything))
    succeeded("copy", "oci-archive:any.tar.gz", "oci:site:1")
    succeeded("diff", "oci-archive:any.tar.gz", "oci:site:1")
    succeeded("verify", "oci:site:1")


def test_a_draft_reads_its_archive_again_when_it_is_pushed(built: None, tmp_path: Path) -> None:
    """L1, L2: the file is gone, or was written anew; nothing is lost."""
    succeeded("create", "oci:site:1", "docker-archive:amd64.tar")
    path = tmp_path / "amd64.tar"
    path.rename("aside.tar")
    refused("push", "oci:site:1", code=3, words=("no such file", "amd64.tar"))
    (tmp_path / "arm64.oci.tar").rename(path)
    refused("push", "oci:site:1", code=1, words=("amd64.tar", "another form", "oci-archive:"))
    path.write_bytes(bundles.tar(bundles.docker_archive((ARM, None))))
    refused("push", "oci:site:1", code=3, words=("docker-archive:", "sha256:"))
    assert not (tmp_path / "site").exists()
    Path("aside.tar").rename(path)
    succeeded("push", "oci:site:1")


@pytest.mark.parametrize("name", ["amd64.tar", "./arm64.tar.gz"])
def test_a_file_without_its_scheme_is_pointed_out(
    built: None, manyfest: CommandLine, name: str
) -> None:
    result = manyfest("create", "--offline", "oci:site:1", name)
    assert result.code in (2, 3)
    file = f"the file of this name is docker-archive:{name} or oci-archive:{name}"
    assert f"{name} is read as the name of an image; {file}\n" in result.stderr


REFUSED = {
    "L1: no such file": (["create", "x", "docker-archive:none.tar"], 3, "no such file"),
    "L3: a folder": (["create", "x", "oci-archive:."], 1, "is a folder"),
    "L3: an archive as a layout": (["create", "x", "oci:amd64.tar"], 1, "docker-archive:FILE"),
    "L3: another form": (["inspect", "oci-archive:amd64.tar"], 1, "docker-archive:/"),
    "L3: no such name": (["copy", "oci-archive:amd64.oci.tar:v9", "oci:x"], 3, ":v9"),
    "L3: no such number": (["verify", "docker-archive:amd64.tar:@1"], 3, ":@1"),
    "L3: no path": (["inspect", "oci-archive::v1"], 2, "no file"),
    "L5: a draft": (["create", "oci-archive:x.tar", "oci:y"], 2, "cache export"),
    "L5: a copy": (["copy", "docker-archive:amd64.tar", "oci-archive:x.tar"], 2, "cache export"),
    "L6: buildx": (["create", "oci-layout:///d:v1", "oci:y"], 2, "a layout is written oci:DIR"),
    "L6: regctl": (["create", "ocidir://d:v1", "oci:y"], 2, "a layout is written oci:DIR"),
    "L6: any other": (["create", "s3://d:v1", "oci:y"], 2, "no adapter for s3://"),
}


@pytest.mark.parametrize(("command", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_or_written_is_refused_in_one_line(
    built: None, command: list[str], code: int, words: str
) -> None:
    refused(*command, code=code, words=(words,))


@pytest.mark.parametrize("push", [["push"], ["push", "--merge"]], ids=" ".join)
def test_imported_images_are_published_in_their_own_repository(
    archive: Callable[..., Path],
    docker_registry: RunningRegistry,
    repository: str,
    push: list[str],
) -> None:
    """No registry has them, though their names say so: they go there from the store."""
    names = [f"{docker_registry.host}/{repository}:{arch}" for arch in ("amd64", "arm64")]
    for name, image in zip(names, (AMD, ARM), strict=True):
        path = archive("image.tar", bundles.docker_archive((image, [name]), packed=True))
        succeeded("cache", "import", path)
    target = f"{docker_registry.host}/{repository}:1"
    succeeded("create", "--offline", target, *names)
    succeeded(*push, target)
    succeeded("verify", target)


def test_a_release_is_made_of_files_and_of_images_at_one_registry_for_two(
    built: None,
    tmp_path: Path,
    docker_registry: RunningRegistry,
    start_docker_registry: Callable[..., RunningRegistry],
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
) -> None:
    """Images in archives and a layout are copied to both, those at the first one to the other."""
    homes = [f"{docker_registry.host}/{repository}/app", f"{start_docker_registry().host}/app"]
    there = {arch: oci_image(f"linux/{arch}", text=arch) for arch in ("s390x", "ppc64le")}
    for arch, image in there.items():
        seed(f"{homes[0]}:{arch}", image)
    layout = Reference.parse(f"oci:{tmp_path}/built:x")
    push_image(LayoutRegistry(), layout, oci_image("linux/386", text="386"))
    (tmp_path / "digests.txt").write_text(f"{there['s390x'].digest.hex}  {homes[0]}:s390x\n")
    target = {"containerimage.digest": str(there["ppc64le"].digest), "image.name": homes[0]}
    (tmp_path / "bake.json").write_text(json.dumps({"app": target}))
    named = [word for home in homes for word in ("-t", f"{home}:1", "-t", f"{home}:latest")]
    results = ["--digests", "digests.txt", "--bake-metadata", "bake.json"]
    files = ["docker-archive:amd64.tar", "oci-archive:arm64.oci.tar", "oci:built"]
    published = manyfest("publish", *named, *results, *files)
    assert published.code == 0, published.stderr
    digest = published.stdout.decode().splitlines()[-1]
    for home in homes:
        for tag in ("1", "latest"):
            assert manyfest("digest", f"{home}:{tag}").stdout.decode().strip() == digest
        checked = manyfest("verify", f"{home}:1")
        assert checked.code == 0, checked.stdout
        listed = platforms_of(manyfest("inspect", "--raw", f"{home}:1").stdout)
        assert sorted(listed) == ["386", "amd64", "arm64", "ppc64le", "s390x"]
