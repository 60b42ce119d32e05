"""Credentials for one command, at real registries that want a login."""

import base64
import json
import os
from pathlib import Path

import pytest

from manyfest.contracts.images import oci_image
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry

USER, PASSWORD = "user", "canary:password"
LOGIN = f"{USER}:{PASSWORD}"


@pytest.fixture
def closed(start_docker_registry) -> RunningRegistry:
    return start_docker_registry(login=(USER, PASSWORD))


@pytest.fixture
def image(docker_registry: RunningRegistry, repository: str, seed: Seed) -> str:
    return seed(f"{docker_registry.host}/{repository}:1", oci_image())


@pytest.fixture
def kept(closed, image: str, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch) -> str:
    """An image in the registry that wants a login, which the variable has."""
    monkeypatch.setenv("LOGIN", LOGIN)
    name = f"{closed.host}/app:1"
    assert manyfest("copy", "--dest-creds", "env:LOGIN", image, name).code == 0
    return name


COMMANDS = (
    ("inspect", "{kept}"),
    ("digest", "{kept}"),
    ("show", "{kept}"),
    ("verify", "{kept}"),
    ("tags", "{home}"),
    ("create", "--push", "{home}:list", "{kept}"),
    ("publish", "-t", "{home}:list", "{kept}"),
    ("cache", "fetch", "{kept}"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_login_is_read_from_standard_input_or_a_variable_and_never_kept(
    kept: str, manyfest: CommandLine, command: tuple[str, ...]
) -> None:
    words = [word.format(kept=kept, home=kept.removesuffix(":1")) for word in command]
    if words[0] != "cache":  # which succeeds with what the store has
        assert manyfest(*words).code == 4
    results = [
        manyfest(*words, "--creds", "-", input=f"{LOGIN}\n".encode()),
        manyfest(*words, "--creds", "env:LOGIN"),
    ]
    assert [result.code for result in results] == [0, 0], results[0].stderr
    store = Path(os.environ["MANYFEST_STORE"]).parent
    written = [file.read_bytes() for file in store.rglob("*") if file.is_file()]
    secrets = (PASSWORD.encode(), base64.b64encode(LOGIN.encode()))
    assert not [secret for secret in secrets for data in written if secret in data]
    assert not [result for result in results if PASSWORD in result.stderr]


@pytest.mark.parametrize("option", ["--creds", "--src-creds", "--dest-creds"])
def test_a_password_as_an_argument_is_refused_and_not_repeated(
    image: str, manyfest: CommandLine, option: str
) -> None:
    command = ("digest", image) if option == "--creds" else ("copy", image, f"{image}2")
    refused = manyfest(*command, option, LOGIN)
    assert (refused.code, refused.stdout) == (2, b"")
    assert f"{option} -" in refused.stderr
    assert f"{option} env:NAME" in refused.stderr
    assert "canary" not in refused.stderr


@pytest.mark.parametrize("text", ["", "user", ":canary", "user:"])
def test_what_is_no_login_is_refused_and_not_shown(
    image: str, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("LOGIN", text)
    for refused in (
        manyfest("digest", "--creds", "env:LOGIN", image),
        manyfest("digest", "--creds", "-", image, input=text.encode()),
    ):
        assert refused.code == 2
        assert "expected USER:PASS in" in refused.stderr
        assert "canary" not in refused.stderr


def test_it_is_for_the_registry_of_the_first_reference_alone(
    kept: str, image: str, start_docker_registry, manyfest: CommandLine
) -> None:
    other = f"{start_docker_registry(login=('other', 'canary-other')).host}/app:1"
    refused = manyfest("create", "--creds", "env:LOGIN", f"{kept}-list", kept, other)
    assert refused.code == 4
    assert f"{other}: unauthorized: no basic auth credentials" in refused.stderr
    refused = manyfest("create", "--creds", "env:LOGIN", f"{image}-list", kept)
    assert (refused.code, "no basic auth credentials" in refused.stderr) == (4, True)
    refused = manyfest("verify", "--rules", "--creds", "env:LOGIN")
    assert (refused.code, "registry of the first reference" in refused.stderr) == (2, True)


def test_a_copy_has_a_login_for_each_side(
    kept: str, start_docker_registry, manyfest: CommandLine
) -> None:
    target = f"{start_docker_registry(login=('other', 'pass')).host}/app:1"
    logins = ("--src-creds", "-", "--dest-creds", "-")
    copied = manyfest("copy", *logins, kept, target, input=f"{LOGIN}\nother:pass\n".encode())
    assert copied.code == 0, copied.stderr
    refused = manyfest("copy", *logins, kept, target, input=f"{LOGIN}\nother:canary\n".encode())
    assert refused.code == 4
    assert "credentials from --dest-creds were rejected" in refused.stderr
    assert "canary" not in refused.stderr


def test_the_named_file_is_the_only_one(
    kept: str, manyfest: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, login = kept.partition("/")[0], base64.b64encode(LOGIN.encode()).decode()
    right, empty, broken = (tmp_path / name for name in ("right.json", "empty.json", "broken.json"))
    right.write_text(json.dumps({"auths": {host: {"auth": login}}}))
    empty.write_text("{}")
    broken.write_text("{")
    assert manyfest("digest", "--authfile", str(right), kept).code == 0
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", right.read_text())
    assert manyfest("digest", kept).code == 0
    assert manyfest("digest", "--authfile", str(empty), kept).code == 4
    assert manyfest("digest", "--authfile", str(empty), "--creds", "env:LOGIN", kept).code == 0
    refused = manyfest("digest", "--authfile", str(broken), kept)
    assert (refused.code, f"{broken}: not JSON" in refused.stderr) == (1, True)
    missing = tmp_path / "missing.json"
    refused = manyfest("digest", "--authfile", str(missing), kept)
    assert (refused.code, f"there is no file {missing}" in refused.stderr) == (2, True)
