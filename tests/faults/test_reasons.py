"""What registries and token servers say is shown: reasons of errors, and warnings."""

import json

import pytest

from tests.support.faults.judged import refused, succeeded
from tests.support.http.fault_server import FaultServer
from tests.support.http.http_messages import Answer
from tests.support.http.registry_auth import TokenGate
from tests.support.http.registry_server import RegistryApp
from tests.support.programs.our_program import run_here

JSON = (("Content-Type", "application/json"),)
TAG = "/v2/app/manifests/1"


def errors(status: int, *found: dict[str, object]) -> Answer:
    return Answer(status, json.dumps({"errors": found}).encode(), JSON)


def test_all_errors_of_a_refused_put_are_shown_with_their_details(server) -> None:
    draft = f"{server.host}/app:new"
    succeeded("create", draft, f"{server.host}/app:1")
    answer = errors(
        415,
        {"code": "MANIFEST_INVALID", "message": "invalid", "detail": {"mediaType": "x/y"}},
        {"code": "UNSUPPORTED", "message": "this family of types is switched off"},
    )
    server.always("PUT", "/v2/app/manifests/new", answer)
    words = ("MANIFEST_INVALID: invalid: mediaType=x/y", "UNSUPPORTED: this family of types is")
    refused("push", draft, code=1, words=words)


@pytest.mark.parametrize("status", [403, 412, 451])
def test_a_reason_that_a_head_hides_is_asked_for(server, status) -> None:
    name = f"{server.host}/app:1"
    succeeded("inspect", name)
    server.always("*", TAG, errors(status, {"code": "POLICY", "message": "a CVE too many"}))
    refused("inspect", name, code=4 if status == 403 else 1, words=("POLICY: a CVE too many",))
    assert (server.count("HEAD", TAG), server.count("GET", TAG)) == (1, 2)


def test_a_tag_that_is_gone_for_a_reason_is_told_with_it(server) -> None:
    expired = {"code": "MANIFEST_UNKNOWN", "message": "Tag 1 was deleted or has expired"}
    server.always("*", TAG, errors(404, expired))
    line = refused("inspect", f"{server.host}/app:1", code=3)
    assert line.endswith("app:1 (Tag 1 was deleted or has expired)")


def test_a_tag_that_is_unknown_is_told_in_docker_s_words(server) -> None:
    line = refused("inspect", f"{server.host}/app:none", code=3)
    assert line == f"error: no such manifest: {server.host}/app:none"


TOKEN_ANSWERS = {
    "Docker Hub": b'{"details":"incorrect username or password canary-password"}',
    "OAuth 2": b'{"error":"invalid_grant","error_description":"the account is locked"}',
    "the spec": b'{"errors":[{"code":"DENIED","message":"wrong","detail":"password is too old"}]}',
}


@pytest.mark.parametrize("body", TOKEN_ANSWERS.values(), ids=TOKEN_ANSWERS)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_server_s_words_are_shown(memory, monkeypatch, body, status) -> None:
    with FaultServer(RegistryApp(memory, gate=TokenGate("u", "canary-password"))) as server:
        auths = {"auths": {server.host: {"auth": "dTpjYW5hcnktcGFzc3dvcmQ="}}}
        monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps(auths))
        server.always("GET", "/token", Answer(status, body, JSON))
        line = refused("inspect", f"{server.host}/app:1", code=4)
    assert "canary-password" not in line
    assert any(word in line for word in ("incorrect username", "account is locked", "too old"))


def test_a_refused_token_is_told_with_the_challenge_s_words(server) -> None:
    challenge = 'Bearer realm="/token",error="invalid_token",error_description="it has expired"'
    server.always("*", "/v2/*", Answer(403, headers=(("Www-Authenticate", challenge),)))
    refused("inspect", f"{server.host}/app:1", code=4, words=("invalid_token: it has expired",))


CHALLENGES = {"none": None, "basic": 'Basic realm="r"', "unknown": 'Digest realm="r"'}


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=CHALLENGES)
def test_a_login_that_is_refused_is_told_with_the_registry_s_words(
    server, monkeypatch, challenge
) -> None:
    auths = {"auths": {server.host: {"auth": "dTpjYW5hcnktcGFzc3dvcmQ="}}}
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps(auths))
    echo = ", canary-password" if challenge and "Basic" in challenge else ""
    answer = errors(401, {"code": "UNAUTHORIZED", "message": f"push only{echo}"})
    server.always("*", TAG, answer.with_header("Www-Authenticate", challenge))
    line = refused("inspect", f"{server.host}/app:1", code=4, words=("UNAUTHORIZED: push only",))
    assert "canary-password" not in line


# Warnings


def warned(text: str):
    def answer(good: Answer) -> Answer:
        return Answer(good.status, good.body, (*good.headers, ("Warning", f'299 - "{text}"')))

    return answer


COMMANDS = ["inspect {0}/app:1", "create --push {0}/app:new {0}/list:1", "push {0}/d"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.split()[0])
def test_a_warning_is_told_once_and_changes_no_output(server, command) -> None:
    succeeded("create", f"{server.host}/d", f"{server.host}/app:1")
    words = command.format(server.host).split()
    server.always("*", "*", warned("this registry is moving to r.example"))
    result = succeeded(*words)
    line = f"warning: {server.host}: this registry is moving to r.example"
    assert result.stderr.splitlines().count(line) == 1
    assert "r.example" not in result.stdout.decode()


def test_a_refusal_comes_with_the_warning_that_explains_it(server) -> None:
    server.always("*", TAG, lambda _: warned("read the news")(Answer(403)))
    result = run_here("inspect", f"{server.host}/app:1")
    warning, error = result.stderr.splitlines()
    assert (result.code, warning) == (4, f"warning: {server.host}: read the news")
    assert error.startswith("error: ")
