"""Credentials that docker's config.json has for a host, and the errors of a malformed one."""

import base64
import json
import os

import pytest

from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.adapters.credentials.docker_config import DockerConfig, EnvironmentAuths
from manyfest.adapters.http_registry.auth.bearer import basic_header
from manyfest.domain.access import Credentials
from manyfest.domain.errors import CredentialsError, CredentialSourceError
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
    "members in capitals": ({HOST: {"Auth": "dTpw"}}, HOST, ("u", "p")),
    "a member that is null": ({HOST: {"auth": None, "username": "u"}}, HOST, ("u", "")),
    "base64 in lines": ({HOST: {"auth": "dTpw\r\neHh4\n"}}, HOST, ("u", "pxxx")),
    "base64 with loose bits": ({HOST: {"auth": "dTpwdX=="}}, HOST, ("u", "pu")),
    "bytes that are no UTF-8": ({HOST: {"auth": "dTr//g=="}}, HOST, ("u", "\udcff\udcfe")),
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
    "null": ({HOST: None}, HOST),
}
BROKEN_ENTRY = {
    "not base64": {"auth": "%%%"},
    "no colon": auth("user"),
    "no user": auth(":p"),
    "base64 without its padding": {"auth": "dTpwdw"},
    "base64 with a blank": {"auth": "dTpw eHh4"},
    "base64 of URLs": {"auth": "dTr__3__"},
    "base64 with too much padding": {"auth": "dTpweA==="},
    "a number": {"auth": 5},
    "a list": [],
    "a text": "secret",
    "a token with a line's end": {"registrytoken": "secret\r\nX: y"},
}
BROKEN_FILE = {  # K1
    "not JSON": b"{",
    "byte-order mark": b'\xef\xbb\xbf{"auths": {}}',
    "a list": b"[]",
    "auths a list": b'{"auths": [1]}',
    "not a number": b'{"auths": NaN}',
    "deep": b'{"auths": ' + b"[" * 100_000,
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
    with pytest.raises(CredentialSourceError) as caught:
        config(tmp_path, {HOST: entry}).credentials_for(repository(HOST))
    assert f"{tmp_path}/config.json" in str(caught.value)
    assert HOST in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("data", BROKEN_FILE.values(), ids=BROKEN_FILE)
def test_a_broken_file_is_named(tmp_path, data):
    (tmp_path / "config.json").write_bytes(data)
    with pytest.raises(CredentialSourceError, match=f"{tmp_path}/config.json"):
        DockerConfig(tmp_path, Helpers()).credentials_for(repository(HOST))


# Files as no careful program writes them, which docker reads nevertheless; who is found there.
AS_GO_READS = {
    "nothing": (b"", None),
    "blanks": (b" \n", None),
    "null": (b"null", None),
    "more than one document": (b"%s {", "u"),
    "a member in capitals": (b'{"AUTHS": %(auths)s}', "u"),
    "a member with a long s": ('{"auth\u017f": %(auths)s}'.encode(), "u"),
    "a member twice": (b'{"auths": {"x.example": {}}, "auths": %(auths)s}', "u"),
    "merged": (b'{"auths": %(auths)s, "Auths": {"x.example": {}}}', "u"),
    "null at last": (b'{"auths": %(auths)s, "auths": null}', "u"),
    "a host twice": (b'{"auths": {"%(host)s": {"auth": "eDp5"}, "%(host)s": %(entry)s}}', "u"),
    "bytes that are no UTF-8": (b'{"note": "\xff", "auths": %(auths)s}', "u"),
    "half a surrogate pair": (b'{"note": "\\ud800", "auths": %(auths)s}', "u"),
    "numbers beyond all": (b'{"note": [1e999, -1e999], "auths": %(auths)s}', "u"),
}


@pytest.mark.parametrize(("template", "user"), AS_GO_READS.values(), ids=AS_GO_READS)
def test_the_file_is_read_as_go_reads_it(tmp_path, template, user):
    entry = b'{"auth": "dTpw"}'
    auths = b'{"%s": %s}' % (HOST.encode(), entry)
    whole = b'{"auths": %s}' % auths
    named = {b"host": HOST.encode(), b"entry": entry, b"auths": auths}
    data = template % whole if b"%s {" in template else template % named
    (tmp_path / "config.json").write_bytes(data)
    found = DockerConfig(tmp_path, Helpers()).credentials_for(repository(HOST))
    assert (found and found.username) == user


def test_a_password_of_other_bytes_than_text_is_sent_as_it_is():
    credentials = config_with(b"u:\xff\xfe")
    assert base64.b64decode(basic_header(credentials).split()[1]) == b"u:\xff\xfe"


def config_with(login):
    entry = {"auth": base64.b64encode(login).decode()}
    auths = EnvironmentAuths(json.dumps({"auths": {HOST: entry}}))
    return auths.credentials_for(repository(HOST))


def test_a_file_that_fails_is_read_once(tmp_path):
    (tmp_path / "config.json").write_bytes(b"{")
    made = DockerConfig(tmp_path, Helpers())
    for _ in range(2):
        with pytest.raises(CredentialSourceError, match="not JSON"):
            made.credentials_for(repository(HOST))
        (tmp_path / "config.json").write_bytes(b"{}")


def test_no_file_is_no_credentials(tmp_path):
    assert DockerConfig(tmp_path / "none", Helpers()).credentials_for(repository(HOST)) is None


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])  # K1
def test_what_is_no_file_is_refused_at_once(tmp_path, make):
    make(tmp_path / "config.json")
    with pytest.raises(CredentialSourceError, match=r"config\.json"):
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
    "a value in the name's place": {"X secret": ""},
    "a line's end at the end": {"X": "secret\n"},
    "not ASCII": {"X": "secret-\u00e4"},
}


@pytest.mark.parametrize(("headers", "expected"), HEADERS.values(), ids=HEADERS)
def test_headers_of_ones_own_are_read(tmp_path, headers, expected):
    (tmp_path / "config.json").write_text(json.dumps({"HttpHeaders": headers}))
    assert DockerConfig(tmp_path, Helpers()).headers() == expected


@pytest.mark.parametrize("value", ["token ", " token", "\ttoken\t "])
def test_blanks_around_a_value_are_no_part_of_it(tmp_path, value):
    (tmp_path / "config.json").write_text(json.dumps({"HttpHeaders": {"X-Token": value}}))
    assert DockerConfig(tmp_path, Helpers()).headers() == {"X-Token": "token"}


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
    with pytest.raises(CredentialSourceError, match="DOCKER_AUTH_CONFIG") as caught:
        EnvironmentAuths(text).credentials_for(repository(HOST))
    assert "secret" not in str(caught.value)
