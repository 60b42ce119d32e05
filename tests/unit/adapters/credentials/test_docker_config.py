"""Credentials that docker's config.json has for a host, and the errors of a malformed one."""

import base64
import json
import os

import pytest

from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.adapters.credentials.docker_config import DockerConfig, EnvironmentAuths
from manyfest.domain.access import Credentials
from manyfest.domain.errors import CredentialsError
from manyfest.domain.references import Repository


def auth(text):
    return {"auth": base64.b64encode(text.encode()).decode()}


def repository(host):
    return Repository(host, "team/app")


HUB_KEY = "https://index.docker.io/v1/"
HOST = "reg.example.com:5000"

# K2, K3, A22: auths, host asked for, user and password found
FOUND = {
    "by host": ({HOST: auth("u:p")}, HOST, ("u", "p")),
    "by https URL": ({f"https://{HOST}/v1/": auth("u:p")}, HOST, ("u", "p")),
    "by http URL": ({f"http://{HOST}": auth("u:p")}, HOST, ("u", "p")),
    "by host and path": ({f"{HOST}/team": auth("u:p")}, HOST, ("u", "p")),
    "by capitals": ({HOST.upper(): auth("u:p")}, HOST, ("u", "p")),
    "the exact key first": (
        {f"https://{HOST}/": auth("a:a"), HOST: auth("u:p")},
        HOST,
        ("u", "p"),
    ),
    "the hub": ({HUB_KEY: auth("u:p")}, "docker.io", ("u", "p")),
    "the hub as podman has it": ({"docker.io": auth("u:p")}, "docker.io", ("u", "p")),
    "the hub by its old name": ({"index.docker.io": auth("u:p")}, "docker.io", ("u", "p")),
    "the hub by its API's name": ({HUB_KEY: auth("u:p")}, "registry-1.docker.io", ("u", "p")),
    "the hub's API by the hub": ({"registry-1.docker.io": auth("u:p")}, "docker.io", ("u", "p")),
    "colons in the password": ({HOST: auth("u:p:q")}, HOST, ("u", "p:q")),
    "padded with NUL": ({HOST: auth("u:p\0\0")}, HOST, ("u", "p")),
    "plain members": ({HOST: {"username": "u", "password": "p"}}, HOST, ("u", "p")),
    "unknown members": ({HOST: auth("u:p") | {"email": 5}}, HOST, ("u", "p")),
    "another host broken": ({"x.example": {"auth": 5}, HOST: auth("u:p")}, HOST, ("u", "p")),
}
NOT_FOUND = {
    "nothing": ({}, HOST),
    "another port": ({"reg.example.com:5001": auth("u:p")}, HOST),
    "no port": ({"reg.example.com": auth("u:p")}, HOST),
    "longer host": ({f"{HOST}.evil": auth("u:p")}, HOST),
    "host in the path": ({f"evil/{HOST}": auth("u:p")}, HOST),
    "host as user": ({f"https://{HOST}@evil/": auth("u:p")}, HOST),
    "what a helper left": ({HOST: {}}, HOST),
    "with the default port": ({"reg.example.com:443": auth("u:p")}, "reg.example.com"),
    "look-alike of the hub": ({HUB_KEY: auth("u:p")}, "index.docker.io.evil.com"),
    "trailing dot": ({HUB_KEY: auth("u:p")}, "docker.io."),
}
BROKEN_ENTRY = {
    "not base64": {"auth": "%%%"},
    "no colon": auth("user"),
    "no user": auth(":p"),
    "not UTF-8": {"auth": base64.b64encode(b"\xff:\xff").decode()},
    "a number": {"auth": 5},
    "a list": [],
    "a text": "secret",
    "null": None,
    "a token with a line's end": {"registrytoken": "secret\r\nX: y"},
}
BROKEN_FILE = {  # K1
    "empty": b"",
    "not JSON": b"{",
    "byte-order mark": b'\xef\xbb\xbf{"auths": {}}',
    "a list": b"[]",
    "auths a list": b'{"auths": [1]}',
    "key twice": b'{"auths": {}, "auths": {}}',
    "too large": b" " * (4 * 1024 * 1024 + 1),
}


def config(folder, auths):
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    return DockerConfig(folder, Helpers())


@pytest.mark.parametrize(("auths", "host", "expected"), FOUND.values(), ids=FOUND)
def test_credentials_are_found(tmp_path, auths, host, expected):
    found = config(tmp_path, auths).credentials_for(repository(host))
    assert (found.username, found.password) == expected
    assert found.source.file == str(tmp_path / "config.json")
    assert found.source.key in auths


@pytest.mark.parametrize(("auths", "host"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_credentials_of_others_are_not_taken(tmp_path, auths, host):
    assert config(tmp_path, auths).credentials_for(repository(host)) is None


@pytest.mark.parametrize("kind", ["identitytoken", "registrytoken"])
def test_tokens_are_found(tmp_path, kind):
    found = config(tmp_path, {HOST: {kind: "t"}}).credentials_for(repository(HOST))
    assert found is not None
    assert {"identitytoken": found.identity_token, "registrytoken": found.registry_token}[
        kind
    ] == "t"


@pytest.mark.parametrize("entry", BROKEN_ENTRY.values(), ids=BROKEN_ENTRY)
def test_a_broken_entry_is_named_by_file_and_host_and_not_shown(tmp_path, entry):
    with pytest.raises(CredentialsError) as caught:
        config(tmp_path, {HOST: entry}).credentials_for(repository(HOST))
    assert f"{tmp_path}/config.json" in str(caught.value)
    assert HOST in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("data", BROKEN_FILE.values(), ids=BROKEN_FILE)
def test_a_broken_file_is_named(tmp_path, data):
    (tmp_path / "config.json").write_bytes(data)
    with pytest.raises(CredentialsError, match=f"{tmp_path}/config.json"):
        DockerConfig(tmp_path, Helpers()).credentials_for(repository(HOST))


def test_no_file_is_no_credentials(tmp_path):
    assert DockerConfig(tmp_path / "none", Helpers()).credentials_for(repository(HOST)) is None


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])  # K1
def test_what_is_no_file_is_refused_at_once(tmp_path, make):
    make(tmp_path / "config.json")
    with pytest.raises(CredentialsError, match=r"config\.json"):
        DockerConfig(tmp_path, Helpers()).credentials_for(repository(HOST))


def test_the_file_is_read_when_first_needed_and_once(tmp_path):
    made = DockerConfig(tmp_path, Helpers())
    config(tmp_path, {HOST: auth("u:p")})
    assert made.credentials_for(repository(HOST)) is not None
    (tmp_path / "config.json").unlink()
    assert made.credentials_for(repository(HOST)) is not None


def test_credentials_do_not_show_in_their_repr():
    shown = repr(Credentials("u", "canary1", "canary2", "canary3"))
    assert "canary" not in shown


HEADERS = {
    "kept as written": ({"X-Meta-Team": "a b"}, {"X-Meta-Team": "a b"}),
    "never Authorization": ({"Authorization": "Bearer x", "X": "y"}, {"X": "y"}),
    "in any letter case": ({"AUTHORIZATION": "x", "proxy-authorization": "x"}, {}),
    "never what requests say themselves": ({"Accept": "x", "Host": "x", "Content-Length": "1"}, {}),
    "none": (None, {}),
}
BAD_HEADERS = {
    "a line's end in the value": {"X": "secret\r\nHost: evil"},
    "a colon in the name": {"X: y": "secret"},
    "a number": {"X": 5},
    "not ASCII": {"X": "secret-\u00e4"},
}


@pytest.mark.parametrize(("headers", "expected"), HEADERS.values(), ids=HEADERS)
def test_headers_of_ones_own_are_read(tmp_path, headers, expected):
    (tmp_path / "config.json").write_text(json.dumps({"HttpHeaders": headers}))
    assert DockerConfig(tmp_path, Helpers()).headers() == expected


@pytest.mark.parametrize("headers", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_what_is_no_header_is_refused_and_not_shown(tmp_path, headers):
    (tmp_path / "config.json").write_text(json.dumps({"HttpHeaders": headers}))
    with pytest.raises(CredentialsError, match=r"config\.json: HttpHeaders\[") as caught:
        DockerConfig(tmp_path, Helpers()).headers()
    assert "secret" not in str(caught.value)


BAD_VARIABLES = {  # K12
    "two documents": '{"auths": {}} {"auths": {}}',
    "not JSON": "secret",
    "a list": "[]",
    "surrogates": "\udcff",
}


def test_the_variable_is_read_like_the_file():
    auths = EnvironmentAuths(json.dumps({"auths": {HOST: auth("u:p")}}))
    found = auths.credentials_for(repository(HOST))
    assert (found.username, found.password) == ("u", "p")
    assert str(found.source) == "DOCKER_AUTH_CONFIG"
    assert auths.credentials_for(repository("other.example")) is None
    assert EnvironmentAuths("").credentials_for(repository(HOST)) is None


@pytest.mark.parametrize("text", BAD_VARIABLES.values(), ids=BAD_VARIABLES)
def test_a_variable_that_makes_no_sense_is_named_and_not_shown(text):
    with pytest.raises(CredentialsError, match="DOCKER_AUTH_CONFIG") as caught:
        EnvironmentAuths(text).credentials_for(repository(HOST))
    assert "secret" not in str(caught.value)
