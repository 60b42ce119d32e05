"""Credentials that containers' auth.json has for a repository (containers-auth.json(5))."""

import json

import pytest

from manyfest.adapters.credentials.auth_json import AuthJson
from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.domain.errors import CredentialsError
from manyfest.domain.references import Repository
from tests.support.programs.credential_helpers import helper_folder

HOST = "reg.example.com:5000"


def users(*keys):
    return {key: {"username": "me", "password": "p"} for key in keys}


def auth_json(folder, **members):
    path = folder / "auth.json"
    path.write_text(json.dumps(members))
    return AuthJson(path, Helpers())


# keys in the file, repository, the key that counts
KEYS = {
    "the host": ([HOST], (HOST, "team/app"), HOST),
    "the namespace before the host": ([HOST, f"{HOST}/team"], (HOST, "team/app"), f"{HOST}/team"),
    "the longest": (
        [f"{HOST}/a", f"{HOST}/a/b", f"{HOST}/a/b/c/d", HOST],
        (HOST, "a/b/c"),
        f"{HOST}/a/b",
    ),
    "the repository itself": ([HOST, f"{HOST}/a/b"], (HOST, "a/b"), f"{HOST}/a/b"),
    "another namespace": ([f"{HOST}/other"], (HOST, "team/app"), None),
    "a namespace that only begins alike": ([f"{HOST}/te"], (HOST, "team/app"), None),
    "the registry itself has no namespace": ([f"{HOST}/team"], (HOST, ""), None),
    "the hub": (["docker.io"], ("docker.io", "library/x"), "docker.io"),
    "the hub by its API's name": (
        ["docker.io/me"],
        ("registry-1.docker.io", "me/x"),
        "docker.io/me",
    ),
    "docker's key of the hub": (
        ["https://index.docker.io/v1/"],
        ("docker.io", "library/x"),
        "https://index.docker.io/v1/",
    ),
    "a URL, as docker once wrote": ([f"https://{HOST}/v1/"], (HOST, "a"), f"https://{HOST}/v1/"),
    "the namespace before a URL": ([f"https://{HOST}", f"{HOST}/a"], (HOST, "a"), f"{HOST}/a"),
    "capitals in the reference": ([HOST], (HOST.upper(), "a"), HOST),
    "a look-alike": ([f"{HOST}.evil"], (HOST, "a"), None),
}


@pytest.mark.parametrize(("keys", "repository", "expected"), KEYS.values(), ids=KEYS)
def test_the_longest_key_that_fits_counts(tmp_path, keys, repository, expected):
    found = auth_json(tmp_path, auths=users(*keys)).credentials_for(Repository(*repository))
    assert (found and found.source.key) == expected


def test_its_helpers_go_first_and_are_asked_by_registry(tmp_path, monkeypatch):
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    helpers.keeper("x", {"docker.io": ("me", "p")})
    made = auth_json(tmp_path, credHelpers={"docker.io": "x"}, auths=users("docker.io"))
    assert made.credentials_for(Repository("docker.io", "library/x")).username == "me"
    assert helpers.asked("x") == [["get", "docker.io", []]]


BROKEN = {
    "not JSON": "{",
    "auths a list": '{"auths": [1]}',
    "the entry a number": json.dumps({"auths": {HOST: 5}}),
    "credHelpers a text": '{"credHelpers": "x"}',
    "a helper's odd name": json.dumps({"credHelpers": {HOST: "../x"}}),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(tmp_path, text):
    (tmp_path / "auth.json").write_text(text)
    with pytest.raises(CredentialsError, match=f"{tmp_path}/auth.json"):
        AuthJson(tmp_path / "auth.json", Helpers()).credentials_for(Repository(HOST, "a"))


def test_a_file_that_must_be_there_is_named(tmp_path):
    made = AuthJson(tmp_path / "auth.json", Helpers(), must_exist=True)
    with pytest.raises(CredentialsError, match=f"{tmp_path}/auth.json: no such file"):
        made.credentials_for(Repository(HOST, "a"))


def test_a_file_that_is_not_there_has_nothing(tmp_path):
    made = AuthJson(tmp_path / "auth.json", Helpers())
    assert made.credentials_for(Repository(HOST, "a")) is None
