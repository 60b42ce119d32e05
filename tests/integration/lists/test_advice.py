"""Common mistakes: the one line of an error says what to do next."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import artifact, oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.faults.judged import refused
from tests.support.http.fault_server import FaultServer
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import RegistryApp
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.terminal import on_terminal

IMAGE = oci_image("linux/amd64")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manyfest: CommandLine) -> Path:
    """A folder with the layout ``app``, whose image is ``a``, and the draft ``oci:app:draft``."""
    monkeypatch.chdir(tmp_path)
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "a"), IMAGE)
    assert manyfest("create", "oci:app:draft", "oci:app:a").code == 0
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    image: app\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


MISTAKES = {
    "a command misspelt": ("inpsect alpine", 2, "did you mean inspect?"),
    "a command of a group misspelt": ("cache fsk", 2, "did you mean fsck?"),
    "a command of other tools": ("pull alpine", 2, "did you mean manyfest cache fetch?"),
    "a command of a group of other tools": (
        "manifest create a b",
        2,
        "did you mean manyfest create?",
    ),
    "podman's removal of an entry": ("manifest remove a b", 2, "did you mean manyfest drop?"),
    "oras's groups in groups": ("manifest index create a b", 2, "did you mean manyfest create?"),
    "regctl's removal of a tag": ("tag rm a:b", 2, "did you mean manyfest untag?"),
    "docker in front": ("docker manifest inspect a", 2, "did you mean manyfest inspect?"),
    "a word without end": ("docker " * 2000, 2, "manyfest --help lists the commands"),
    "the word help": ("help", 2, "did you mean manyfest --help?"),
    "help on a command": ("help push", 2, "did you mean manyfest push --help?"),
    "the word version": ("version", 2, "did you mean manyfest --version?"),
    "login in a group": ("auth login r.example", 2, "did you mean manyfest login?"),
    "crane's ls": ("ls r.example/app", 2, "manyfest tags lists the tags"),
    "manifest-tool's spec": ("push from-spec spec.yml", 3, "manyfest apply publishes the lists"),
    "an option before the command": (
        "--json ls",
        2,
        "options follow the command: manyfest COMMAND --json",
    ),
    "an option misspelt before the command": ("--versoin", 2, "did you mean --version?"),
    "docker's debug option": ("inspect -D a", 2, "MANYFEST_DEBUG=1"),
    "a dash for standard input": ("inspect -", 2, "inspect -f - reads references from standard"),
    "buildx's layout": ("show oci-layout:app:a", 2, "a layout is written oci:DIR[:TAG]"),
    "a command of other caches": ("cache prune", 2, "did you mean manyfest cache gc?"),
    "a command like no other": ("zzz", 2, "manyfest --help lists the commands"),
    "a flag misspelt": ("inspect --verbos oci:app:a", 2, "did you mean --verbose?"),
    "a flag like no other": ("push --zzz a", 2, "manyfest push --help lists the options"),
    "a password": ("login -p secret r.example", 2, "--password-stdin"),
    "no arguments": ("create", 2, "(usage: manyfest create LIST MANIFEST [MANIFEST...])"),
    "arguments of a group's command": ("cache export", 2, "(usage: manyfest cache export "),
    "images first": ("create oci:app:a oci:app:new", 3, "the first argument is the list"),
    "no draft to push": ("push oci:app:no", 3, "create one with: manyfest create oci:"),
    "no draft to add to": ("add oci:app:no oci:app:a", 3, "create one with: manyfest create oci:"),
    "no draft to annotate": (
        "annotate --os linux oci:app:no oci:app:a",
        3,
        "no draft has this name",
    ),
    "entry before draft": (
        "annotate --os linux oci:app:a oci:app:draft",
        3,
        "the draft is named first",
    ),
    "no such entry": ("annotate --os linux oci:app:draft oci:app:b", 3, "shows its entries"),
    "two images to inspect": ("inspect oci:app:a oci:app:b", 3, "inspect -f -"),
    "a draft to verify": ("verify oci:app:draft", 3, "a draft has this name; manyfest push"),
    "a draft to compare": (
        "diff oci:app:draft oci:app:a",
        3,
        "a draft has this name; manyfest push",
    ),
    "an alias of an architecture": (
        "annotate --arch x86_64 oci:app:draft oci:app:a",
        2,
        "did you mean linux/amd64?",
    ),
    "skopeo's prefix": ("inspect docker://alpine:3", 2, "write it without docker://"),
    "a URL": ("inspect https://r.example/app:1", 2, "write it without https://"),
    "a truncated digest": ("inspect app@sha256:abc948cac537", 2, "12 of 64 hex digits"),
    "a version as tag": ("inspect app:1.0+build", 2, "a tag has letters, digits and _.-"),
    "a long tag": (f"inspect app:{'a' * 129}", 2, "at most 128 characters, and this has 129"),
    "upper case": ("inspect r.example/App:1", 2, "use lower case: r.example/app:1"),
    "two tags": ("inspect app:1:2", 2, "write the tag once: app:1"),
    "a path": ("inspect ./app:a", 2, "for a folder write oci:./app:a"),
    "a path without a tag": ("copy oci:app:a ./out", 2, "for a folder write oci:./out:TAG"),
    "a tag as expectation": ("push --expect latest oci:app:draft", 2, "sha256:... or absent"),
    "a tag of a published image to push": ("push oci:app:a", 3, "start one from it with: manyfest"),
    "a published image to delete": ("rm oci:app:a", 3, "manyfest untag takes away a publ"),
    "images before the draft": ("add oci:app:a oci:app:draft", 3, "the draft is named first"),
    "an entry before the draft": ("inspect oci:app:a oci:app:draft", 3, "then its entry"),
    "entries before the draft": ("drop linux/amd64 oci:app:draft", 3, "then its entries"),
    "target before source": ("copy oci:app:new oci:app:a", 3, "the source is named first"),
    "a draft's history": ("history oci:app:draft", 3, "a draft has this name; manyfest push"),
    "a draft's digest": ("digest oci:app:draft", 3, "a draft has this name; manyfest push"),
    "no such tag": ("show oci:app:no", 3, "app lists the tags"),
    "no such folder": ("show oci:no:a", 3, "there is no folder /"),
    "a folder that is no layout": ("inspect oci:.:1", 3, " is not an OCI layout (no oci-layout f"),
    "half a platform": ("create --platform arm64 oci:n:1 oci:app:a", 2, "as in linux/arm64"),
    "an option that is no number": ("cache fetch --jobs x a", 2, "a whole number from 1 to 256"),
    "an option that is no time": ("inspect --timeout x a", 2, "a time such as 10s or 2m"),
    "a member that stays": ("annotate --unset x oci:app:draft oci:app:a", 2, "only variant, os-v"),
    "nothing to undo": ("undo oci:app:a", 3, "only 1 is known, since "),
    "a file of Compose": ("apply compose.yaml", 2, "not a manifest-tool spec: "),
    "a Dockerfile": ("apply Dockerfile", 2, "not a manifest-tool spec: "),
    "a reference for a file": ("apply oci:app:a", 1, "No such file"),
    "a state before the first": ("inspect oci:app:a@{9}", 3, "manyfest history lists"),
}


@pytest.mark.parametrize(("line", "code", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_the_error_says_what_to_do_next(
    folder: Path, manyfest: CommandLine, line: str, code: int, words: str
) -> None:
    result = manyfest(*line.split())
    assert (result.code, result.stdout) == (code, b"")
    (error,) = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert words in error


UNREACHABLE = {
    "a layout without its scheme": ("app:a", "did you mean the layout oci:app:a?"),
    "a file to write": ("app.tar", "manyfest cache export writes it"),
    "a registry alone": ("127.0.0.1:5000", "add a repository, as in 127.0.0.1:5000/app:1"),
}


@pytest.mark.parametrize(("name", "words"), UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_a_name_that_leads_to_the_default_registry(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    result = manyfest("inspect", "--timeout", "5", name)
    assert result.code == 5
    assert words in result.stderr


def test_a_missing_tag_is_named_where_it_was_not_given(
    folder: Path, manyfest: CommandLine, docker_registry: RunningRegistry, repository: str
) -> None:
    result = manyfest("inspect", f"{docker_registry.host}/{repository}")
    assert result.code == 3
    assert (
        f"{docker_registry.host}/{repository} was given without a tag, so :latest" in result.stderr
    )


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A registry whose answers a test chooses, with an empty repository."""
    with FaultServer(RegistryApp(MemoryRegistry())) as running:
        yield running


def _refusal(status: int, code: str) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode()
    return Answer(status, body, (("Content-Type", "application/json"),))


REPOSITORY = "no such manifest: {}/app:1 (the registry has no such repository)"
NOT_FOUND = {
    "the repository": ("inspect", "NAME_UNKNOWN", REPOSITORY),
    "the tag, in docker's words": ("inspect", "MANIFEST_UNKNOWN", "no such manifest: {}/app:1"),
    "the tag": (
        "show",
        "MANIFEST_UNKNOWN",
        "no such manifest: {0}/app:1 (manyfest tags {0}/app lists the tags)",
    ),
}


@pytest.mark.parametrize(("command", "code", "words"), NOT_FOUND.values(), ids=NOT_FOUND.keys())
def test_the_registry_tells_what_is_unknown(
    server: FaultServer, command: str, code: str, words: str
) -> None:
    server.always("*", "/v2/app/*", _refusal(404, code))
    line = refused(command, f"{server.host}/app:1", code=3)
    assert line == f"error: {words.format(server.host)}"


@pytest.mark.parametrize("body", [b"Method not allowed", b"", b"Method Not Allowed.\n"])
def test_a_registry_that_takes_no_pushes(folder: Path, server: FaultServer, body: bytes) -> None:
    for method in ("PUT", "POST", "PATCH"):
        server.always(method, "/v2/*", Answer(405, body))
    line = refused("copy", "oci:app:a", f"{server.host}/app:1", code=1)
    assert line.endswith(f": {server.host} does not accept pushes (405)")


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("challenge", ['Basic realm="r"', None])
def test_without_credentials_login_is_named(
    server: FaultServer, status: int, challenge: str | None
) -> None:
    answer = _refusal(status, "DENIED").with_header("Www-Authenticate", challenge)
    server.always("*", "/v2/app/*", answer)
    line = refused("inspect", f"{server.host}/app:1", code=4)
    assert line.endswith(f"(manyfest login {server.host})")


def test_with_credentials_login_is_not_named(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    auths = {"auths": {server.host: {"auth": "dTpw"}}}
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps(auths))
    answer = _refusal(401, "DENIED").with_header("Www-Authenticate", 'Basic realm="r"')
    server.always("*", "/v2/app/*", answer)
    line = refused("inspect", f"{server.host}/app:1", code=4)
    assert "the credentials from DOCKER_AUTH_CONFIG were rejected" in line
    assert "manyfest login" not in line


def test_a_store_that_cannot_be_created(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANYFEST_STORE", "/proc/nobody/store.db")
    result = manyfest("create", "oci:n:1", "oci:app:a")
    assert result.code == 1
    assert result.stderr.endswith("(set MANYFEST_STORE to a path that can be written)\n")


EMPTY = {
    "ls": "note: no drafts yet; create one with: manyfest create LIST IMAGE...",
    "cache ls": "note: nothing is cached yet; manyfest cache fetch REFERENCE caches",
    "cache ls alpine": "note: no cached tag matches alpine",
}


@pytest.mark.parametrize(("line", "words"), EMPTY.items(), ids=EMPTY)
def test_an_empty_table_is_explained_on_a_terminal_only(
    manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch, line: str, words: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert words in on_terminal(*line.split())
    assert manyfest(*line.split()).stderr == ""


def test_platforms_are_separated_by_commas(folder: Path, manyfest: CommandLine) -> None:
    other = oci_image("linux/arm64")
    push_image(LayoutRegistry(), Reference(Layout(str(folder / "app")), "b"), other)
    manyfest("create", "--push", "oci:app:both", "oci:app:a", "oci:app:b")
    taken = manyfest("create", "--platform", "linux/amd64,linux/arm64", "oci:n:1", "oci:app:both")
    assert taken.code == 0
    shown = manyfest("inspect", "--raw", "oci:n:1").stdout
    assert all(image.digest.hex.encode() in shown for image in (IMAGE, other))


def test_advice_leaves_a_store_alone_that_cannot_be_opened(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.db").write_text("not a database")
    monkeypatch.setenv("MANYFEST_STORE", str(folder / "broken.db"))
    result = manyfest("copy", "oci:app:none", "oci:out:1")
    assert "no such manifest" in result.stderr
    assert (folder / "broken.db").read_text() == "not a database"


def test_an_artifact_in_a_list_is_pointed_out(folder: Path, manyfest: CommandLine) -> None:
    chart = artifact("application/vnd.cncf.helm.config.v1+json", b"{}")
    push_image(LayoutRegistry(), Reference(Layout(str(folder / "app")), "chart"), chart)
    made = manyfest("create", "oci:app:both", "oci:app:a", "oci:app:chart")
    assert made.code == 0
    assert made.stderr == (
        f"warning: oci:{folder}/app:chart is an artifact "
        "(application/vnd.cncf.helm.config.v1+json), not an image: "
        "clients cannot choose it by platform\n"
    )
