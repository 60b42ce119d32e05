"""Carrying what was seen to where there is no network, and drafts back; other programs' bundles."""

import gzip
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index
from manyfest.domain.digests import Digest
from tests.integration.conftest import Seed
from tests.support.content import bundles
from tests.support.programs import docker_client
from tests.support.programs.docker_client import Result
from tests.support.programs.docker_registry import RunningRegistry, running_registry
from tests.support.programs.our_program import run_here
from tests.support.programs.programs import require_program

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64", text="other")
LISTED = docker_list(AMD, ARM)
INDEX = oci_index(oci_image("linux/amd64"), oci_image("linux/arm64", text="other"))

Run = Callable[..., Result]
Side = Callable[[str], Path]
Skopeo = Callable[..., bytes]


@pytest.fixture
def manyfest() -> Run:
    """Within this process: there are many commands here, and one test for the program."""
    return run_here


@pytest.fixture
def side(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Side:
    """Goes to a machine with a store of its own."""

    def go(name: str) -> Path:
        store = tmp_path / f"{name}.db"
        monkeypatch.setenv("MANYFEST_STORE", str(store))
        return store

    return go


@pytest.fixture
def skopeo() -> Skopeo:
    program = require_program("skopeo")

    def run(*arguments: str | Path) -> bytes:
        command = [program, "--insecure-policy", *map(str, arguments)]
        ended = subprocess.run(command, capture_output=True, timeout=300, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout

    return run


def done(result: Result) -> str:
    assert result.code == 0, result.stderr
    return result.stdout.decode()


def test_a_list_is_made_on_the_closed_side_and_published_on_the_open_one(
    seed: Seed, tmp_path: Path, side: Side
) -> None:
    side("open")
    manyfest = docker_client.manyfest()
    there, back = tmp_path / "there.tar.zst", tmp_path / "back.tar"
    with running_registry(tmp_path / "registry") as registry:
        place, port = f"{registry.host}/team/app", int(registry.host.partition(":")[2])
        for tag, image in (("amd64", AMD), ("arm64", ARM), ("all", LISTED), ("index", INDEX)):
            done(manyfest("inspect", "-v", seed(f"{place}:{tag}", image)))
        sources = f"{place}:amd64", f"{place}:arm64"
        online = done(manyfest("create", "--push", f"{place}:online", *sources))
        shown = [[f"{place}:all"], ["--raw", f"{place}:index"], ["-v", f"{place}:all"]]
        outputs = [done(manyfest("inspect", *form)) for form in shown]
    done(manyfest("cache", "export", there))

    side("closed")
    with pytest.MonkeyPatch.context() as closed:
        Seed(seed.registry, closed).forbid_network()
        assert "6 manifests, 5 tags" in done(manyfest("cache", "import", there))
        assert [done(manyfest("inspect", "--offline", *form)) for form in shown] == outputs
        done(manyfest("create", "--offline", f"{place}:closed", *sources))
        done(manyfest("annotate", "--variant", "v8", f"{place}:closed", sources[1]))
        done(manyfest("annotate", "--unset", "variant", f"{place}:closed", sources[1]))
        assert "1 draft" in done(manyfest("cache", "export", "--draft", f"{place}:closed", back))

    side("open")
    done(manyfest("cache", "import", back))
    with running_registry(tmp_path / "registry", port=port):
        published = done(manyfest("push", f"{place}:closed"))
    assert published.splitlines()[-1] == online.splitlines()[-1]


def test_what_came_later_goes_alone(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: Run,
    tmp_path: Path,
    side: Side,
) -> None:
    side("open")
    place = f"{docker_registry.host}/{repository}"
    done(manyfest("inspect", "-v", seed(f"{place}:1", AMD)))
    done(manyfest("cache", "export", tmp_path / "first.tar"))
    done(manyfest("inspect", "-v", seed(f"{place}:2", LISTED)))
    exported = manyfest(
        *("cache", "export", "--json", "--since", tmp_path / "first.tar", tmp_path / "second")
    )
    assert sorted(json.loads(done(exported))["manifests"]) == sorted(
        str(each.digest) for each in (ARM, LISTED)
    )
    side("closed")
    refused = manyfest("cache", "import", tmp_path / "second")
    assert (refused.code, refused.stdout) == (1, b"")
    assert f"{AMD.digest} without bringing it" in refused.stderr
    assert manyfest("inspect", "--offline", f"{place}:2").code == 3
    done(manyfest("cache", "import", tmp_path / "first.tar"))
    done(manyfest("cache", "import", tmp_path / "second"))
    assert done(manyfest("inspect", "--raw", "--offline", f"{place}:2")).encode() == (
        LISTED.manifest.data
    )


def test_skopeo_reads_what_we_write(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: Run,
    tmp_path: Path,
    side: Side,
    skopeo: Skopeo,
) -> None:
    name = seed(f"{docker_registry.host}/{repository}:1", INDEX)
    side("open")
    done(manyfest("cache", "fetch", "--layers", name))
    for target in ("folder", "archive.tar"):
        done(manyfest("cache", "export", "--layers", name, tmp_path / target))
    for source in (f"oci:{tmp_path}/folder:{name}", f"oci-archive:{tmp_path}/archive.tar:{name}"):
        assert skopeo("inspect", "--raw", source) == INDEX.manifest.data
        skopeo("copy", "--all", source, f"dir:{tmp_path / source.partition(':')[0]}")
    copied = tmp_path / "oci-archive" / Digest.of(INDEX.children[0].blobs[1]).hex
    assert copied.read_bytes() == INDEX.children[0].blobs[1]
    assert done(manyfest("inspect", "--raw", f"oci:{tmp_path}/folder:{name}")).encode() == (
        INDEX.manifest.data
    )


FORMS = {
    "oci": ("oci:{0}/x:v1", "x", ["--as", "r.example/app"], "r.example/app:v1"),
    "oci without a name": ("oci:{0}/x", "x", [], None),
    "oci-archive": ("oci-archive:{0}/x.tar:r.example/app:1", "x.tar", [], "r.example/app:1"),
    "docker-archive": ("docker-archive:{0}/x.tar:r.example/app:1", "x.tar", [], "r.example/app:1"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_we_read_what_skopeo_writes(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: Run,
    tmp_path: Path,
    skopeo: Skopeo,
    form: tuple[str, str, list[str], str | None],
    packed: bool,  # noqa: FBT001
) -> None:
    target, file, options, name = form
    source = seed(f"{docker_registry.host}/{repository}:1", oci_image("linux/amd64"))
    skopeo("copy", "--src-tls-verify=false", f"docker://{source}", target.format(tmp_path))
    path = tmp_path / file
    if packed and path.is_file():
        path.write_bytes(gzip.compress(path.read_bytes()))
    imported = json.loads(done(manyfest("cache", "import", "--json", *options, path)))
    assert imported["tags"] == ([name] if name else [])
    assert len(imported["layers"]) == 1
    if name:
        details = json.loads(done(manyfest("inspect", "-v", "--offline", name)))
        assert details["Descriptor"]["platform"]["architecture"] == "amd64"


def test_we_read_what_buildah_pushes(manyfest: Run, tmp_path: Path) -> None:
    buildah = require_program("buildah")
    storage = ["--root", tmp_path / "root", "--runroot", tmp_path / "run"]
    run = [buildah, *storage, "--storage-driver", "vfs"]
    policy = tmp_path / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    isolated = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path / "home")}
    for arguments in (
        ["from", "--name", "made", "scratch"],
        ["commit", "--signature-policy", policy, "made", f"oci-archive:{tmp_path}/x.tar:v1"],
    ):
        ended = subprocess.run(
            [*run, *arguments], capture_output=True, timeout=300, check=False, env=isolated
        )
        assert ended.returncode == 0, ended.stderr.decode()
    imported = manyfest("cache", "import", "--as", "r.example/app", "--json", tmp_path / "x.tar")
    assert json.loads(done(imported))["tags"] == ["r.example/app:v1"]


def test_docker_save_is_read_and_pushed(
    docker_registry: RunningRegistry,
    repository: str,
    manyfest: Run,
    tmp_path: Path,
) -> None:
    name = f"{docker_registry.host}/{repository}:saved"
    path = tmp_path / "saved.tar.gz"
    path.write_bytes(gzip.compress(bundles.tar(bundles.docker_archive((AMD, [name])))))
    assert done(manyfest("cache", "import", path)) == (
        "Imported 1 manifest, 1 tag, 1 layer, 0 drafts\n"
    )
    done(manyfest("copy", "--offline", name, f"oci:{tmp_path}/layout:1"))
    done(manyfest("copy", f"oci:{tmp_path}/layout:1", name))
    assert manyfest("inspect", "--raw", name).code == 0


USAGE = {
    "no target": (["cache", "export"], 2, "requires at least 1 argument"),
    "a reference in the place of a target": (
        ["cache", "export", "r.example/a:1"],
        2,
        "missing output",
    ),
    "no name": (["cache", "export", ""], 2, "a file or a folder"),
    "standard output": (["cache", "export", "-"], 2, "a file or a folder"),
    "an archive we do not write": (["cache", "export", "x.tar.gz"], 2, ".tar or .tar.zst"),
    "a folder": (["cache", "export", "oci:x:1", "y.tar"], 2, "copy the folder of the layout"),
    "an adapter's": (["cache", "export", "s://x:1", "y.tar"], 2, "s://x:1 is not in a registry"),
    "never seen": (["cache", "export", "r.example/a:1", "y.tar"], 3, "is not cached"),
    "nothing seen": (["cache", "export", "y.tar"], 3, "nothing to export"),
    "no such draft": (["cache", "export", "--draft", "a:1", "y.tar"], 3, "No such manifest"),
    "no earlier one": (["cache", "export", "--since", "x.tar", "y.tar"], 1, "No such file"),
    "no bundle": (["cache", "import", "x.tar"], 1, "x.tar: No such file"),
    "two bundles": (["cache", "import", "x.tar", "y.tar"], 2, "requires 1 argument"),
    "a digest in a repository": (
        ["cache", "import", "--as", f"a@sha256:{64 * '0'}", "x.tar"],
        2,
        "not a repository",
    ),
    "a folder as one": (["cache", "import", "--as", "oci:x", "x.tar"], 2, "not a repository"),
}


@pytest.mark.parametrize(("arguments", "code", "sentence"), USAGE.values(), ids=USAGE)
def test_what_cannot_be_is_said_in_one_line(
    manyfest: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = manyfest(*arguments)
    assert (result.code, result.stdout) == (code, b"")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "y.tar").exists()


@pytest.mark.parametrize("target", ["missing/x.tar", "closed/x.tar", "file/x"])
def test_what_cannot_be_written_is_said_by_its_name(
    manyfest: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    files = bundles.layout([bundles.entry(AMD, image_name="r.example/a:1")], AMD)
    (tmp_path / "file").write_bytes(bundles.tar(files))
    (tmp_path / "closed").symlink_to("/proc")
    done(manyfest("cache", "import", "file"))
    result = manyfest("cache", "export", target)
    assert (result.code, result.stdout) == (1, b"")
    assert target.partition("/")[0] in result.stderr.replace("/proc", "closed")
    assert ".manyfest-" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_lists_that_were_only_looked_at_are_left_out(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: Run,
    tmp_path: Path,
) -> None:
    place = f"{docker_registry.host}/{repository}"
    done(manyfest("inspect", seed(f"{place}:all", LISTED)))
    done(manyfest("inspect", seed(f"{place}:one", AMD)))
    exported = manyfest("cache", "export", tmp_path / "x.tar")
    assert "1 manifest, 1 tag," in done(exported)
    assert exported.stderr.startswith("note: left out")
    assert f"{place}:all" in exported.stderr
    exported = manyfest("cache", "export", "--json", tmp_path / "x.tar")
    assert json.loads(done(exported))["leftOut"] == [f"{place}:all"]
    named = manyfest("cache", "export", f"{place}:all", tmp_path / "y.tar")
    assert (named.code, named.stdout) == (3, b"")
    assert "cache fetch" in named.stderr
    layers = manyfest("cache", "export", "--layers", f"{place}:one", tmp_path / "y.tar")
    assert (layers.code, layers.stdout) == (3, b"")
    assert "cache fetch caches what is missing, layers with --layers" in layers.stderr


def test_what_was_fetched_of_a_list_is_carried_when_asked_for(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: Run,
    tmp_path: Path,
    side: Side,
) -> None:
    name = seed(f"{docker_registry.host}/{repository}:1", LISTED)
    side("open")
    done(manyfest("cache", "fetch", "--layers", "--platform", "linux/arm64", name))
    refused = manyfest("cache", "export", "--layers", name, tmp_path / "x.tar")
    assert (refused.code, refused.stdout) == (3, b"")
    assert "--sparse" in refused.stderr
    done(manyfest("cache", "export", "--layers", "--sparse", name, tmp_path / "x.tar"))
    side("closed")
    assert "--sparse" in manyfest("cache", "import", tmp_path / "x.tar").stderr
    assert "2 manifests, 1 tag, 1 layer" in done(
        manyfest("cache", "import", "--sparse", tmp_path / "x.tar")
    )
    arm = f"{name.rpartition(':')[0]}@{ARM.digest}"
    done(manyfest("copy", "--offline", arm, f"oci:{tmp_path}/out:1"))
    assert done(manyfest("inspect", "--raw", f"oci:{tmp_path}/out:1")).encode() == ARM.manifest.data


def test_what_a_tag_was_before_is_carried_by_its_digest(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: Run,
    tmp_path: Path,
) -> None:
    name = f"{docker_registry.host}/{repository}:1"
    for image in (AMD, ARM):
        done(manyfest("cache", "fetch", seed(name, image)))
    exported = json.loads(
        done(manyfest("cache", "export", "--json", f"{name}@{{1}}", tmp_path / "x.tar"))
    )
    assert exported["manifests"] == [str(AMD.digest)]


def test_two_of_a_name_are_a_conflict(
    manyfest: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: Side
) -> None:
    monkeypatch.chdir(tmp_path)
    files = bundles.layout([bundles.entry(AMD, image_name="r.example/a:1")], AMD)
    (tmp_path / "images.tar").write_bytes(bundles.tar(files))
    for name, platform in (("one", "v6"), ("two", "v7")):
        side(name)
        done(manyfest("cache", "import", "images.tar"))
        done(manyfest("create", "--offline", "r.example/l:1", "r.example/a:1"))
        done(manyfest("annotate", "--variant", platform, "r.example/l:1", "r.example/a:1"))
        done(manyfest("cache", "export", "--drafts", "--draft", "r.example/l:1", f"{name}.tar"))
    refused = manyfest("cache", "import", "one.tar")
    assert (refused.code, refused.stdout) == (6, b"")
    assert "--force" in refused.stderr
    done(manyfest("cache", "import", "--force", "one.tar"))
    assert "v6" in done(manyfest("ls"))


_PROBE = """\
import sys
from manyfest.cli.process.main import main
code = main(sys.argv[1:])
print(code, *sorted(set(sys.modules)), file=sys.stderr)
"""
_HEAVY = {"httpx", "httpcore", "ssl", "rich", "cattrs", "asyncio", "sqlite_utils"}


def test_nothing_heavy_is_loaded_without_need(
    manyfest: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = bundles.layout([bundles.entry(AMD, image_name="r.example/a:1")], AMD)
    (tmp_path / "in.tar").write_bytes(bundles.tar(files))
    done(manyfest("cache", "import", "in.tar"))  # makes the store, too, which needs sqlite-utils
    for arguments, loads in (
        (["export", "out.tar"], False),
        (["export", "out.tar.zst"], True),
        (["import", "out.tar"], False),
        (["import", "out.tar.zst"], True),
    ):
        command = [sys.executable, "-c", _PROBE, "cache", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        code, *modules = ended.stderr.splitlines()[-1].split()
        assert code == "0"
        assert _HEAVY.isdisjoint(modules)
        assert ("zstandard" in modules) == loads


def test_an_import_ends_at_its_time_limit(tmp_path: Path, side: Side) -> None:
    side("slow")
    blank, archive = tarfile.TarInfo("x"), tmp_path / "slow.tar"
    with archive.open("wb") as file:
        for number in range(100_000):
            blank.name = f"extra/{number}"
            file.write(blank.tobuf(tarfile.USTAR_FORMAT))
    result = run_here("cache", "import", "--timeout", "0.01", str(archive))
    line = f"error: {archive}: not done within the 0.01 s allowed\n"
    assert (result.code, result.stderr) == (5, line)
