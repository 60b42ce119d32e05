"""Pushes under other names, without any, and at once with ``create``, at two real registries."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from attrs import frozen

from manyfest.contracts.images import oci_image
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry

IMAGES = {"amd64": oci_image("linux/amd64"), "arm64": oci_image("linux/arm64", text="arm")}


@frozen
class Shop:
    """``home`` has two images; ``mirror`` is an empty repository of another registry."""

    home: str
    mirror: str
    manyfest: CommandLine

    @property
    def sources(self) -> list[str]:
        return [f"{self.home}:{tag}" for tag in IMAGES]

    def run(self, *words: str | Path, code: int = 0) -> str:
        result = self.manyfest(*map(str, words))
        assert result.code == code, (words, result.stderr)
        return result.stdout.decode() if code == 0 else result.stderr

    def tags(self, home: str) -> set[str]:
        """The tags, as the registry lists them, but for those of the images."""
        host, _, path = home.partition("/")
        answer = httpx.get(f"http://{host}/v2/{path}/tags/list").json()
        return {*(answer.get("tags") or ())} - {*IMAGES}

    def drafts(self) -> dict[str, bool]:
        """The drafts, and whether each is marked as pushed."""
        drafts = json.loads(self.run("ls", "--json"))
        return {draft["name"].rpartition("/")[2]: draft["pushed"] is not None for draft in drafts}


@pytest.fixture
def shop(
    docker_registry: RunningRegistry,
    start_docker_registry: Callable[..., RunningRegistry],
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    monkeypatch.chdir(tmp_path)
    home = f"{docker_registry.host}/{repository}/app"
    for tag, image in IMAGES.items():
        seed(f"{home}:{tag}", image)
    return Shop(home, f"{start_docker_registry().host}/mirror", manyfest)


def test_a_draft_is_pushed_under_other_names_and_not_its_own(shop: Shop) -> None:
    shop.run("create", f"{shop.home}:1", *shop.sources)
    pushed = shop.run("push", f"{shop.home}:1", f"{shop.mirror}:a", f"{shop.home}:b", "--tag", "c")
    digest = pushed.splitlines()[-1]
    names = [f"{shop.mirror}:a", f"{shop.home}:b", f"{shop.mirror}:c"]
    assert [shop.run("digest", name).strip() for name in names] == [digest] * 3
    assert (shop.tags(shop.home), shop.tags(shop.mirror)) == ({"b"}, {"a", "c"})
    assert shop.drafts() == {"app:1": False}
    assert [line.split("@")[0] for line in pushed.splitlines()[:-1]] == [
        f"Pushed ref {shop.mirror}"
    ] * 2
    assert shop.run("verify", f"{shop.mirror}:a") is not None
    shop.run("push", "--purge", f"{shop.home}:1", f"{shop.mirror}:a")
    assert shop.drafts() == {}


def test_its_own_name_may_be_among_the_others(shop: Shop) -> None:
    name = f"{shop.home}:1"
    shop.run("create", name, *shop.sources)
    shop.run("push", name, f"{shop.mirror}:a", name)
    assert (shop.tags(shop.home), shop.tags(shop.mirror)) == ({"1"}, {"a"})
    assert shop.drafts() == {"app:1": True}


def test_a_guard_is_about_the_first_name(shop: Shop) -> None:
    name = f"{shop.home}:1"
    shop.run("create", name, *shop.sources)
    shop.run("push", name)
    shop.run("push", "--expect", "absent", name, f"{shop.mirror}:a", f"{shop.mirror}:b")
    refused = shop.run("push", "--expect", "absent", name, f"{shop.mirror}:a", code=6)
    assert f"{shop.mirror}:a already exists" in refused


def test_a_list_is_not_pushed_under_a_digest_or_into_an_archive(shop: Shop) -> None:
    name, digest = f"{shop.home}:1", IMAGES["amd64"].digest
    shop.run("create", name, *shop.sources)
    for words in (
        ["push", name, f"{shop.mirror}@{digest}"],
        ["push", "--tag", f"r.test/a@{digest}", name],
    ):
        assert "a list is published under a tag" in shop.run(*words, code=2)
    assert "archives are only read" in shop.run("push", name, "oci-archive:x.tar", code=2)
    assert shop.tags(shop.home) == set()


COMMANDS = {
    "push": (["push", "--untagged", "HOME:1", "HOME:2", "MIRROR:1"], ["create", "HOME:1"]),
    "create": (["create", "--push", "--untagged", "HOME:1"], None),
    "publish": (["publish", "--untagged", "-t", "HOME", "-t", "MIRROR:1"], None),
    "publish to images": (["publish", "--untagged", "--image", "HOME", "--image", "MIRROR"], None),
}


@pytest.mark.parametrize(("words", "before"), COMMANDS.values(), ids=COMMANDS)
def test_without_a_tag_the_list_is_there_by_its_digest(
    shop: Shop, tmp_path: Path, words: list[str], before: list[str] | None
) -> None:
    def typed(words: list[str], *more: str) -> list[str]:
        return [w.replace("HOME", shop.home).replace("MIRROR", shop.mirror) for w in words] + [
            *more
        ]

    if before:
        shop.run(*typed(before, *shop.sources))
    sources = [] if before else shop.sources
    digest_file, metadata = tmp_path / "digest", tmp_path / "metadata"
    files = ["--digest-file", str(digest_file), "--metadata-file", str(metadata)]
    planned = json.loads(shop.run(*typed(words, *sources, "--dry-run", "--json")))
    plan = planned[0] if isinstance(planned, list) else planned
    digest = shop.run(*typed(words, *files, *sources)).splitlines()[-1]
    homes = [shop.home, shop.mirror] if "MIRROR" in "".join(words) else [shop.home]
    assert plan["name"] == f"{shop.home}@{digest}"
    puts = [step["target"] for step in plan["steps"] if step["step"] == "put"]
    assert puts[-len(homes) :] == [f"{home}@{digest}" for home in homes]
    assert not [step for step in plan["steps"] if step["step"] == "tag"]
    assert digest_file.read_text() == digest
    assert json.loads(metadata.read_text())["image.name"] == f"{shop.home}@{digest}"
    for home in homes:
        assert shop.tags(home) == set()
        assert shop.run("inspect", "--raw", f"{home}@{digest}")
        assert shop.run("verify", f"{home}@{digest}") is not None
    assert shop.drafts() == ({} if words[0] == "publish" else {"app:1": False})
    again = shop.manyfest(*typed(words, *(["--amend"] if "create" in words else []), *sources))
    assert again.code == 0, again.stderr
    assert f"unchanged: {shop.home}@{digest} is there already" in again.stderr


def test_github_gets_the_digest_and_no_tags_of_an_untagged_release(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    results = tmp_path / "results"
    results.mkdir()
    words = ["publish", "--untagged", "--github", "--results-dir", str(results), "-t", shop.home]
    digest = shop.run(*words, *shop.sources).splitlines()[-1]
    lines = (tmp_path / "output").read_text().splitlines()
    assert f"{shop.home}@{digest}" in lines
    assert "[]" in lines
    assert (results / "IMAGE_URL").read_text() == shop.home
    assert (results / "IMAGES").read_text() == f"{shop.home}@{digest}"


def test_untagged_goes_without_options_about_tags(shop: Shop) -> None:
    name = f"{shop.home}:1"
    shop.run("create", name, *shop.sources)
    for more in (["--tag", "x"], ["--expect", "absent"], ["--merge"]):
        assert "--untagged moves no tag" in shop.run("push", "--untagged", *more, name, code=2)
    assert "no repository to publish to" in shop.run("publish", "--untagged", *shop.sources, code=2)


def test_create_takes_what_push_takes(shop: Shop, tmp_path: Path) -> None:
    name, create = f"{shop.home}:1", ["create", "--push", f"{shop.home}:1", *shop.sources]
    plan = json.loads(shop.run(*create, "--dry-run", "--json"))
    assert (plan["name"], shop.drafts(), shop.tags(shop.home)) == (name, {}, set())
    shown = shop.run(*create, "--dry-run", "--tag", "2")
    assert f"{name} and 1 other tag: would create 2 tags" in shown
    more = ["--tag", "2", "--tag", f"{shop.mirror}:1", "--expect", "absent", "--json"]
    digest_file = tmp_path / "digest"
    done = json.loads(shop.run(*create, *more, "--digest-file", str(digest_file)))
    assert done["digest"] == plan["digest"] == digest_file.read_text()
    assert (shop.tags(shop.home), shop.tags(shop.mirror)) == ({"1", "2"}, {"1"})
    assert shop.drafts() == {"app:1": True}
    refused = shop.run(
        *create, "--amend", "--platform", "linux/amd64", "--expect", "absent", code=6
    )
    assert "already exists" in refused
    shop.run(*create, "--amend", "--purge")
    assert shop.drafts() == {}
    merged = shop.run("create", "--push", "--merge", f"{shop.home}:m", shop.sources[0])
    assert "Created manifest list" in merged
    shop.run("create", "--push", "--merge", "--amend", f"{shop.home}:m", shop.sources[1])
    assert len(json.loads(shop.run("inspect", "--raw", f"{shop.home}:m"))["manifests"]) == 2


@pytest.mark.parametrize(
    "option",
    ["--tag=x", "--untagged", "--expect=absent", "--merge", "--purge", "--dry-run", "--json"],
)
def test_options_of_push_want_one(shop: Shop, option: str) -> None:
    refused = shop.run("create", option, f"{shop.home}:1", *shop.sources, code=2)
    assert "go with --push" in refused
    assert shop.drafts() == {}
