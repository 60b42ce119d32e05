"""Changes that logging in and out make to config.json, and the parts they preserve."""

import base64
import json
import os
import stat
import threading

import pytest

from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.adapters.credentials.docker_config import DockerConfig
from manyfest.adapters.credentials.docker_login import DockerLogins
from manyfest.adapters.credentials.registry_keys import registry_of_argument, to_hostname
from manyfest.domain.errors import CredentialsError, InvalidReferenceError
from manyfest.domain.references import Repository
from tests.support.programs.credential_helpers import helper_folder

HOST = "reg.example.com:5000"
HUB_KEY = "https://index.docker.io/v1/"
AUTH = base64.b64encode(b"user:pass").decode()

# As docker 28 writes it; unknown members, an odd order, and text that JSON may spell in two ways.
BEFORE = """\
{
\t"zeta": {
\t\t"b": [
\t\t\t1,
\t\t\t2.5
\t\t],
\t\t"a": {}
\t},
\t"auths": {
\t\t"other.example": {
\t\t\t"auth": "eDp5",
\t\t\t"email": "ä<b>"
\t\t}
\t},
\t"HttpHeaders": {
\t\t"X": "y"
\t}
}"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "docker" / "config.json"


@pytest.fixture
def before(file):
    file.parent.mkdir()
    file.write_text(BEFORE)
    return BEFORE


def logins(file):
    return DockerLogins(file.parent, Helpers())


def test_a_login_is_added_and_nothing_else_touched(file, before):  # K13
    assert logins(file).store(HOST, "user", "pass") == str(file)
    entry = f'\t\t"{HOST}": {{\n\t\t\t"auth": "{AUTH}"\n\t\t}}'
    assert file.read_text() == before.replace(
        '\n\t\t}\n\t},\n\t"Http', f'\n\t\t}},\n{entry}\n\t}},\n\t"Http'
    )
    found = DockerConfig(file.parent, Helpers()).credentials_for(Repository(HOST, "a"))
    assert (found.username, found.password) == ("user", "pass")


def test_logging_out_restores_the_file_to_the_byte(file, before):
    logins(file).store(HOST, "user", "pass")
    logins(file).erase(HOST)
    assert file.read_text() == before


def test_a_new_file_and_folder_are_for_their_owner(file):
    logins(file).store(HOST, "user", "pass")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)] == [0o600, 0o700]
    assert json.loads(file.read_text()) == {"auths": {HOST: {"auth": AUTH}}}


def test_an_open_file_is_closed_to_others(file, before):
    file.chmod(0o644)
    logins(file).store(HOST, "user", "pass")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("dangling", [False, True], ids=["to a file", "dangling"])
def test_a_link_stays_a_link(tmp_path, file, dangling):
    kept = tmp_path / "elsewhere" / "docker.json"
    kept.parent.mkdir()
    if not dangling:
        kept.write_text(BEFORE)
    file.parent.mkdir()
    file.symlink_to(kept)
    logins(file).store(HOST, "user", "pass")
    assert file.is_symlink()
    assert HOST in json.loads(kept.read_text())["auths"]


def test_secrets_of_an_old_entry_go_and_its_other_members_stay(file):
    file.parent.mkdir()
    old = {"identitytoken": "old", "username": "x", "password": "y", "email": "e"}
    file.write_text(json.dumps({"auths": {HOST: old}}))
    logins(file).store(HOST, "user", "pass")
    assert json.loads(file.read_text())["auths"] == {HOST: {"email": "e", "auth": AUTH}}


def test_many_at_once_lose_none(file):
    hosts = [f"reg{number}.example" for number in range(12)]
    threads = [
        threading.Thread(target=logins(file).store, args=(host, "user", "pass")) for host in hosts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(json.loads(file.read_text())["auths"]) == sorted(hosts)


HUB_NAMES = ["docker.io", "index.docker.io", "registry-1.docker.io", HUB_KEY, "Docker.IO"]


@pytest.mark.parametrize("name", HUB_NAMES)
def test_the_hub_is_kept_under_docker_s_key(file, name):
    logins(file).store(registry_of_argument(name), "user", "pass")
    assert list(json.loads(file.read_text())["auths"]) == [HUB_KEY]
    logins(file).erase(registry_of_argument(name))
    assert json.loads(file.read_text()) == {"auths": {}}


NAMES = {
    "a host": ("reg.example.com", "reg.example.com"),
    "a host and port": (HOST, HOST),
    "a URL": (f"https://{HOST}/v2/", HOST),
    "localhost": ("localhost", "localhost"),
    "IPv6": ("[::1]:5000", "[::1]:5000"),
    "capitals": ("REG.example.com", "reg.example.com"),
    "a repository of the hub": ("alpine", None),
    "nothing": ("", None),
    "a line's end": ("reg.example.com\nevil", None),
    "userinfo": ("user@reg.example.com", None),
    "a layout": ("oci:x", None),
    "another scheme": ("ftp://reg.example.com", "reg.example.com"),
}


@pytest.mark.parametrize(("text", "expected"), NAMES.values(), ids=NAMES)
def test_registries_are_named_as_docker_takes_them(text, expected):
    if expected is None:
        with pytest.raises(InvalidReferenceError):
            registry_of_argument(text)
    else:
        assert registry_of_argument(text) == expected


HOSTNAMES = {  # docker/cli, TestConvertToHostname
    "127.0.0.1": "127.0.0.1",
    "127.0.0.1:5000": "127.0.0.1:5000",
    "https://127.0.0.1": "127.0.0.1",
    "http://127.0.0.1:5000/v2/": "127.0.0.1:5000",
    "ftp://example.com": "example.com",
    "ftp://example.com:21/x": "example.com:21",
    "https://::1:6555/v2/": "[::1]:6555",
    "https://[::1]:6555/v2/": "[::1]:6555",
    "https://[::1]/v2/": "[::1]",
    "::1/v2/": "::1",
    "example.com/team": "example.com",
    "https://user:pass@example.com:5000/": "example.com:5000",
    "https://example.com:5000@evil.test/": "evil.test",
    "https://example.com?x=/y": "example.com",
    "https://example.com:/": "example.com",
    "https://index.docker.io/v1/": "index.docker.io",
    "https:///v2/": "https:",
    "": "",
}


@pytest.mark.parametrize(("key", "host"), HOSTNAMES.items())
def test_the_host_of_a_key_is_docker_s(key, host):
    assert to_hostname(key) == host


@pytest.mark.parametrize("members", [{"credsStore": "keep"}, {"credHelpers": {HOST: "keep"}}])
def test_a_helper_keeps_the_secret_and_the_file_does_not(tmp_path, monkeypatch, file, members):
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    helpers.keeper("keep")
    file.parent.mkdir()
    file.write_text(json.dumps(members))
    assert logins(file).store(HOST, "user", "pass") == ""
    assert helpers.kept("keep") == {HOST: ["user", "pass"]}
    assert json.loads(file.read_text()) == {**members, "auths": {HOST: {}}}
    logins(file).erase(HOST)
    assert helpers.kept("keep") == {}
    assert json.loads(file.read_text()) == {**members, "auths": {}}


def test_a_helper_that_fails_leaves_the_file_alone(tmp_path, monkeypatch, file):
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    helpers.script("keep", "cat; exit 1")
    file.parent.mkdir()
    file.write_text('{"credsStore": "keep"}')
    with pytest.raises(CredentialsError, match="docker-credential-keep") as caught:
        logins(file).store(HOST, "user", "canary-pass")
    assert "canary" not in str(caught.value)
    assert file.read_text() == '{"credsStore": "keep"}'


def test_logging_out_where_nothing_is_writes_nothing(file):
    logins(file).erase(HOST)
    assert not file.exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": []'])
def test_a_broken_file_is_left_as_it_is(file, text):
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(CredentialsError, match=str(file)):
        logins(file).store(HOST, "user", "pass")
    assert file.read_text() == text
    assert os.listdir(file.parent) == ["config.json"]  # noqa: PTH208


def test_a_login_joins_what_is_under_other_letter_case(file):
    """docker rewrites the members that it knows under their own names, too."""
    file.parent.mkdir()
    file.write_text('{"AUTHS": {"x.example": {}}, "other": 1}')
    logins(file).store(HOST, "user", "pass")
    document = json.loads(file.read_text())
    assert (set(document), document["auths"]["x.example"]) == ({"auths", "other"}, {})
    logins(file).erase(HOST)
    assert json.loads(file.read_text()) == {"auths": {"x.example": {}}, "other": 1}


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "docker").write_text("a file, no folder")
    with pytest.raises(CredentialsError, match=r"cannot write credentials: .*docker/config\.json"):
        logins(tmp_path / "docker" / "config.json").store(HOST, "user", "pass")
