"""Sources of credentials that fail: public images are read, refusals say the way out."""

import io
import json
import os

import pytest
from attrs import frozen

from tests.support.faults.registries import IMAGES, registry_of
from tests.support.http.http_messages import Answer
from tests.support.http.registry_auth import BasicGate, TokenGate
from tests.support.programs.credential_helpers import HelperFolder, helper_folder
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

USER, PASSWORD = "user", "canary-password"
ANSWER = json.dumps({"ServerURL": "evil.example", "Username": USER, "Secret": PASSWORD})


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "home" / ".docker" / "config.json"
    file.parent.mkdir()
    return file


@pytest.fixture
def helpers(tmp_path, monkeypatch) -> HelperFolder:
    return helper_folder(tmp_path / "helpers", monkeypatch)


@frozen
class Failure:
    """The program, and the words of the warning; ``text`` None means that there is none."""

    text: str | None
    words: str
    mode: int = 0o755


HELPERS = {
    "missing": Failure(None, "is not installed in PATH"),
    "not executable": Failure("#!/bin/sh\n", "is not installed in PATH", 0o644),
    "no program": Failure("MZ no program here", "cannot be run"),
    "no interpreter": Failure("#!/none/such\n", "cannot be run"),
    "words": Failure(f"#!/bin/sh\necho {PASSWORD}; exit 1\n", "fails with exit status 1"),
    "garbage": Failure(f"#!/bin/sh\necho {PASSWORD}\n", "does not answer with a JSON object"),
    "nothing": Failure("#!/bin/sh\n", "does not answer with a JSON object"),
    "of another server": Failure(f"#!/bin/sh\necho '{ANSWER}'\n", "answers for another server"),
    "endless": Failure(f"#!/bin/sh\nyes {PASSWORD}\n", "prints more than 65536 bytes"),
}


def install(helpers: HelperFolder, failure: Failure) -> None:
    if failure.text is not None:
        program = helpers.folder / "docker-credential-broken"
        program.write_text(failure.text)
        program.chmod(failure.mode)


def split(result: Result) -> tuple[list[str], list[str]]:
    """The warnings and the errors on stderr; there is nothing else."""
    lines = result.stderr.splitlines()
    warnings = [line for line in lines if line.startswith("warning: ")]
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(lines) == len(warnings) + len(errors), result
    assert "canary" not in result.stderr + result.stdout.decode()
    return warnings, errors


@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
@pytest.mark.parametrize("failure", HELPERS.values(), ids=HELPERS)
def test_a_public_image_is_shown_though_the_helper_fails(config, helpers, failure, key):  # H1
    install(helpers, failure)
    with registry_of(IMAGES[0], gate=TokenGate(USER, PASSWORD)) as server:
        named = "broken" if key == "credsStore" else {server.host: "broken"}
        config.write_text(json.dumps({key: named}))
        result = run_here("inspect", f"{server.host}/app:0")
        presented = [request.header("Authorization") for request in server.requests]
    (warning,), errors = split(result)
    assert (result.code, errors) == (0, [])
    assert not any(header.startswith("Basic") for header in presented)
    for word in ("docker-credential-broken", str(config), failure.words, "without credentials"):
        assert word in warning


def test_another_login_does_not_take_the_helper_s_place(config, helpers):  # H1
    with registry_of(IMAGES[0], gate=TokenGate(USER, PASSWORD)) as server:
        entry = {"username": USER, "password": PASSWORD}
        config.write_text(json.dumps({"credsStore": "broken", "auths": {server.host: entry}}))
        assert run_here("inspect", f"{server.host}/app:0").code == 0
        presented = [request.header("Authorization") for request in server.requests]
    assert not any(header.startswith("Basic") for header in presented)


GATES = {
    "Basic": lambda: BasicGate(USER, PASSWORD),
    "Bearer": lambda: TokenGate(USER, PASSWORD, anonymous_pull=False),
}


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_what_strangers_may_not_read_says_the_way_out(config, helpers, gate, key):  # H2
    with registry_of(IMAGES[0], gate=gate()) as server:
        named = "broken" if key == "credsStore" else {server.host: "broken"}
        config.write_text(json.dumps({key: named}))
        result = run_here("inspect", f"{server.host}/app:0")
        (_,), (line,) = split(result)
        assert result.code == 4
        for words in (
            "docker-credential-broken gave no credentials",
            f"remove {key}",
            str(config),
            f"manyfest login {server.host}",
        ):
            assert words in line


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_server_that_refuses_strangers_says_the_way_out(config, helpers, status):  # H2
    config.write_text(json.dumps({"credsStore": "broken"}))
    with registry_of(IMAGES[0], gate=TokenGate(USER, PASSWORD)) as server:
        server.always("GET", "/token", Answer(status, b'{"errors": [{"code": "DENIED"}]}'))
        result = run_here("inspect", f"{server.host}/app:0")
    (_,), (line,) = split(result)
    assert (result.code, "docker-credential-broken gave no credentials" in line) == (4, True)


def test_one_helper_is_warned_of_once_by_all_threads(config, helpers):  # H3
    helpers.script("broken", "exit 1")
    config.write_text(json.dumps({"credsStore": "broken"}))
    gates = [TokenGate(USER, PASSWORD) for _ in range(2)]
    with (
        registry_of(*IMAGES, gate=gates[0]) as one,
        registry_of(*IMAGES, gate=gates[1]) as other,
    ):
        names = [f"{s.host}/app:{n}" for s in (one, other) for n in range(len(IMAGES))]
        result = run_here("create", "--jobs", "32", f"{one.host}/app:list", *names)
    warnings, _ = split(result)
    assert len([line for line in warnings if "docker-credential-broken" in line]) == 1


def test_a_helper_may_take_as_long_as_the_time_limit(config, helpers):  # H4
    with registry_of(IMAGES[0], gate=BasicGate(USER, PASSWORD)) as server:
        answer = {"ServerURL": server.host, "Username": USER, "Secret": PASSWORD}
        helpers.script("slow", f"sleep 3; echo '{json.dumps(answer)}'")
        config.write_text(json.dumps({"credsStore": "slow"}))
        late = run_here("inspect", "--timeout", "1", f"{server.host}/app:0")
        assert (late.code, "docker-credential-slow has not answered" in late.stderr) == (5, True)
        assert run_here("inspect", "--timeout", "60", f"{server.host}/app:0").code == 0


FILES = {
    "no JSON": ("{", "not JSON"),
    "a list": ("[]", "not a JSON object"),
    "a byte-order mark": ("\ufeff{}", "not JSON"),
    "a helper that is a number": ('{"credsStore": 5}', "names no credential helper"),
    "a helper with a path": ('{"credsStore": "../x"}', "names no credential helper"),
    "an entry that is no base64": ('{"auths": {"HOST": {"auth": "%%%"}}}', "not base64"),
    "auths that are none": ('{"auths": 5}', "auths is not an object"),
}


@pytest.mark.parametrize(("text", "words"), FILES.values(), ids=FILES)
def test_a_file_that_fails_is_warned_of_and_public_images_are_read(config, text, words):  # H5
    with registry_of(IMAGES[0], gate=TokenGate(USER, PASSWORD)) as server:
        config.write_text(text.replace("HOST", server.host))
        result = run_here("inspect", f"{server.host}/app:0")
        (warning,), errors = split(result)
        assert (result.code, errors) == (0, [])
        assert words in warning
        assert str(config) in warning
        pushed = run_here("create", "--push", f"{server.host}/app:list", f"{server.host}/app:0")
    (_,), (line,) = split(pushed)
    assert pushed.code == 4
    assert f"{config} gave no credentials" in line


def test_a_file_that_fails_does_not_hide_why_a_registry_refuses(config):  # H5
    config.write_text("{")
    with registry_of(IMAGES[0]) as server:
        words = b'{"errors": [{"code": "DENIED", "message": "ask the owners"}]}'
        server.always("P*", "*", Answer(403, words))
        result = run_here("create", "--push", f"{server.host}/app:list", f"{server.host}/app:0")
    (_,), (line,) = split(result)
    assert (result.code, "ask the owners" in line) == (4, True)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_in_the_place_of_the_file_is_warned_of(config, make):  # H5
    make(config)
    with registry_of(IMAGES[0]) as server:
        result = run_here("inspect", f"{server.host}/app:0")
    (warning,), _ = split(result)
    assert (result.code, f"cannot read credentials: {config}" in warning) == (0, True)


def test_a_variable_that_names_no_file_is_warned_of(config, tmp_path, monkeypatch):  # H7
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "none.json"))
    with registry_of(IMAGES[0], gate=BasicGate(USER, PASSWORD)) as server:
        result = run_here("inspect", f"{server.host}/app:0")
    (warning,), (line,) = split(result)
    assert result.code == 4
    assert f"{tmp_path}/none.json: no such file" in warning
    assert f"{tmp_path}/none.json gave no credentials" in line


def test_a_login_that_cannot_be_kept_is_an_error(config, helpers, monkeypatch):  # H8
    text = '{"credsStore": "broken"}'
    config.write_text(text)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(PASSWORD.encode())))
    with registry_of(IMAGES[0], gate=BasicGate(USER, PASSWORD)) as server:
        done = run_here("login", "-u", USER, "--password-stdin", server.host)
        gone = run_here("logout", server.host)
    for result in (done, gone):
        _, (line,) = split(result)
        assert (result.code, result.stdout) == (1, b"")
        assert "docker-credential-broken" in line
    assert config.read_text() == text


def test_auth_why_shows_the_source_that_fails(config, helpers):  # H9
    helpers.script("broken", "exit 1")
    config.write_text('{"credsStore": "broken"}')
    with registry_of(IMAGES[0], gate=TokenGate(USER, PASSWORD)) as server:
        text = run_here("auth", "why", f"{server.host}/app:0")
        document = run_here("auth", "why", "--json", f"{server.host}/app:0")
    said = "credential helper docker-credential-broken"
    assert f"credentials:    none: {said}".encode() in text.stdout
    found = json.loads(document.stdout)
    assert (found["credentials"], found["failure"].startswith(said)) == (None, True)
