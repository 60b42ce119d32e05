"""``tags`` as a person runs it: in pages, by HEADs, with what the store knows."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import Image, oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.content.described import built_image, built_index
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here
from tests.support.programs.programs import require_program

APP, IMAGE = built_index("linux/amd64", "linux/arm64"), built_image("linux/s390x")
PLANTED: dict[str, Image] = {
    "1.10": APP,
    "1.9": oci_image(),
    "latest": APP,
    "dev": IMAGE,
    "1.2-rc1": oci_image(text="old"),
}


def served(**quirks: int) -> Iterator[RegistryServer]:
    registry = MemoryRegistry()
    for tag, image in PLANTED.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/team:{tag}"), image)
    with RegistryServer(registry, quirks=Quirks(**quirks)) as server:
        yield server


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    yield from served(tags_a_page=2)


@pytest.fixture
def name(server: RegistryServer) -> str:
    return f"{server.host}/team"


def requests(server: RegistryServer) -> list[str]:
    return [f"{line.split()[0]} {line.split('/')[3]}" for line in server.log()]


def lines(result: Result) -> list[str]:
    assert result.code == 0, result.stderr
    return result.stdout.decode().splitlines()


def test_tags_are_listed_page_by_page(server: RegistryServer, name: str) -> None:
    assert lines(run_here("tags", name)) == sorted(PLANTED)
    assert requests(server) == ["GET tags"] * 3


CHOICES = {
    "by name": (("--sort", "name"), ["1.10", "1.2-rc1", "1.9", "dev", "latest"]),
    "by version": (("--sort", "version"), ["1.2-rc1", "1.9", "1.10", "dev", "latest"]),
    "the newest version": (("--sort", "-version", "--filter", "1.*", "--limit", "1"), ["1.10"]),
    "one of several patterns": (("--filter", "d*", "--filter", "late?t"), ["dev", "latest"]),
    "none": (("--filter", "x*"), []),
    "the first": (("--limit", "2"), ["1.10", "1.2-rc1"]),
}


@pytest.mark.parametrize(("flags", "tags"), CHOICES.values(), ids=CHOICES.keys())
def test_options_choose_and_order_tags(
    server: RegistryServer, name: str, flags: tuple[str, ...], tags: list[str]
) -> None:
    assert [line for line in lines(run_here("tags", *flags, name)) if line] == tags
    assert set(requests(server)) == {"GET tags"}


def test_a_filter_of_tags_names_no_column(name: str) -> None:
    result = run_here("tags", "--filter", "version=1.*", name)
    assert (result.code, "wants a pattern alone, such as 'v1.*'" in result.stderr) == (2, True)


def test_tags_with_the_same_digest_are_found_by_head(server: RegistryServer, name: str) -> None:
    assert lines(run_here("tags", "--like", f"{name}:1.10", name)) == ["1.10", "latest"]
    assert sorted(requests(server)) == ["GET tags"] * 3 + ["HEAD manifests"] * 6
    limited = run_here("tags", "--limit", "1", "--like", f"{name}:1.10", name)
    assert lines(limited) == ["1.10"]
    assert run_here("tags", "--like", f"{name}:none", name).code == 3


def test_facts_come_from_the_store_and_a_tag_costs_a_head(
    server: RegistryServer, name: str
) -> None:
    plain = lines(run_here("tags", "--long", name))
    assert plain[0].split() == ["TAG", "DIGEST", "CREATED", "SIZE", "PLATFORMS"]
    assert [line.split()[:2] for line in plain[1:]] == [
        [tag, str(PLANTED[tag].digest)] for tag in sorted(PLANTED)
    ]
    run_here("cache", "fetch", f"{name}:latest", f"{name}:dev")
    before = len(server.log())
    known = {line.split()[0]: line.split()[2:] for line in lines(run_here("tags", "-l", name))}
    assert known["1.10"] == known["latest"] == ["linux/amd64,", "linux/arm64"]
    assert known["dev"][0] == "2025-11-20T08:00:00Z"
    assert known["dev"][-1] == "linux/s390x"
    assert known["1.9"] == []
    asked = sorted(requests(server)[before:])
    assert asked == ["GET tags"] * 3 + ["HEAD manifests"] * 5
    before = len(server.log())
    run_here("tags", "-l", "--max-age", "1h", name)
    assert requests(server)[before:].count("HEAD manifests") == 3


def test_offline_the_tags_are_those_that_were_seen(name: str) -> None:
    run_here("cache", "fetch", f"{name}:latest", f"{name}:dev")
    assert lines(run_here("tags", "--offline", name)) == ["dev", "latest"]
    rows = lines(run_here("tags", "--offline", "--long", name))
    assert [row.split()[-1] for row in rows[1:]] == ["linux/s390x", "linux/arm64"]


def test_the_json_has_it_all(name: str) -> None:
    run_here("cache", "fetch", f"{name}:dev")
    result = run_here("tags", "--json", "--long", "--filter", "dev", name)
    assert json.loads(result.stdout) == [
        {
            "tag": "dev",
            "digest": str(IMAGE.digest),
            "kind": "image",
            "platforms": ["linux/s390x"],
            "created": "2025-11-20T08:00:00.500000+00:00",
            "size": sum(map(len, IMAGE.blobs)),
            "fault": None,
        }
    ]
    (plain,) = json.loads(run_here("tags", "--json", "--filter", "dev", name).stdout)
    assert (plain["tag"], plain["digest"]) == ("dev", None)


def test_a_layout_is_read(tmp_path: Path) -> None:
    for tag, image in PLANTED.items():
        push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "site")), tag), image)
    rows = lines(run_here("tags", "--long", f"oci:{tmp_path}/site"))
    assert {row.split()[0]: row.split()[-1] for row in rows[1:]} == {
        "1.10": "linux/arm64",
        "latest": "linux/arm64",
        "dev": "linux/s390x",
        "1.9": "linux/amd64",
        "1.2-rc1": "linux/amd64",
    }
    (tmp_path / "site" / "blobs" / "sha256" / IMAGE.digest.hex).unlink()
    (dev,) = (row for row in lines(run_here("tags", "-l", f"oci:{tmp_path}/site")) if "dev" in row)
    assert "unreadable" in dev


def test_the_names_in_an_archive_are_its_tags(tmp_path: Path) -> None:
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "site")), "1"), IMAGE)
    archive = f"docker-archive:{tmp_path}/app.tar"
    command = [require_program("skopeo"), "--insecure-policy", "copy", "-q"]
    source = f"oci:{tmp_path}/site:1"
    subprocess.run([*command, source, f"{archive}:app:1"], check=True, timeout=300)
    assert lines(run_here("tags", archive)) == ["docker.io/library/app:1"]
    (_, row) = lines(run_here("tags", "--long", archive))
    assert row.split()[-1] == "linux/s390x"
    shown = lines(run_here("show", f"{archive}:docker.io/library/app:1"))
    assert shown[1].startswith("Docker image for linux/s390x")


REFUSALS = {
    "a tag": (("HOST/team:dev",), 2, "has a tag or digest; give the repository alone: HOST/team"),
    "a digest": ((f"HOST/team@{APP.digest}",), 2, "has a tag or digest"),
    "a tag of a layout": (("oci:site:v1",), 2, "has a tag or digest"),
    "latest": (("HOST/team:latest",), 2, "has a tag or digest"),
    "a registry": (("HOST",), 2, "looks like a registry; name a repository, as in HOST/team/app"),
    "an unknown repository": (("HOST/none",), 3, "HOST/none has no tags, or does not exist"),
    "an unknown order": (("--sort", "size", "HOST/team"), 2, "--sort wants name or version"),
    "nothing seen": (("--offline", "HOST/team"), 3, "has no tags"),
}


@pytest.mark.parametrize(("words", "code", "reason"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_cannot_be_listed_says_why(
    server: RegistryServer, words: tuple[str, ...], code: int, reason: str
) -> None:
    result = run_here("tags", *(word.replace("HOST", server.host) for word in words))
    assert (result.code, result.stdout) == (code, b"")
    assert reason.replace("HOST", server.host) in result.stderr


def test_ten_thousand_tags_cost_ten_requests_and_heads_only_if_asked_for() -> None:
    registry, image = MemoryRegistry(), oci_image()
    push_image(registry, Reference.parse(f"{REGISTRY}/many:0"), image)
    for number in range(1, 10_000):
        registry.put_manifest(Reference.parse(f"{REGISTRY}/many:{number}"), image.manifest)
    with RegistryServer(registry) as server:
        assert len(lines(run_here("tags", f"{server.host}/many"))) == 10_000
        assert requests(server) == ["GET tags"] * 10
        run_here("tags", "--long", "--limit", "3", f"{server.host}/many")
        assert requests(server)[10:].count("HEAD manifests") == 3


COLUMNS = {
    "tags alone are not asked for": (("--columns", "tag"), ["TAG", *sorted(PLANTED)], 0),
    "names alone are not either": (("-q", "--long"), sorted(PLANTED), 0),
    "digests without headings": (
        ("-q", "--columns", "digest", "--filter", "dev"),
        [str(IMAGE.digest)],
        1,
    ),
}


@pytest.mark.parametrize(("words", "shown", "heads"), COLUMNS.values(), ids=COLUMNS)
def test_columns_are_chosen_and_only_they_are_asked_for(
    server: RegistryServer, name: str, words, shown, heads
) -> None:
    assert lines(run_here("tags", *words, name)) == shown
    assert requests(server).count("HEAD manifests") == heads


def test_columns_stand_in_the_order_that_is_asked_for(name: str) -> None:
    heading, row = lines(run_here("tags", "--columns", "digest,tag", "--filter", "dev", name))
    assert heading.split() == ["DIGEST", "TAG"]
    assert row.split() == [str(IMAGE.digest), "dev"]


@pytest.mark.parametrize(
    "words", [("--columns", "color"), ("--json", "-q"), ("--json", "--columns", "tag")]
)
def test_columns_that_there_are_not_are_refused(name: str, words) -> None:
    assert run_here("tags", *words, name).code == 2
