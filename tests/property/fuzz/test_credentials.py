"""config.json and auth.json that are nearly right: credentials, none, or CredentialsError."""

import base64
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given

from manyfest.adapters.credentials.auth_json import AuthJson
from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.adapters.credentials.docker_config import DockerConfig, EnvironmentAuths
from manyfest.domain.access import Credentials
from manyfest.domain.errors import CredentialsError
from manyfest.domain.references import Repository
from tests.property.mutations import json_texts

HOST, SECRET = "r.example:5000", "canary"
WANTED = Repository(HOST, "team/app")
AUTH = base64.b64encode(f"user:{SECRET}".encode()).decode()
DOCKER = {
    "auths": {f"https://{HOST}/v1/": {"auth": AUTH, "email": "x"}, "x.example": {}},
    "credHelpers": {"y.example": "none"},
    "HttpHeaders": {"X-Meta": "a"},
}
CONTAINERS = {"auths": {f"{HOST}/team": {"auth": AUTH}, HOST: {"identitytoken": SECRET}}}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def check(look: Callable[[], Credentials | None]) -> None:
    said = ""
    try:
        found = look()
    except CredentialsError as error:
        said = str(error)
    else:
        assert found is None or found.source is not None
    assert not {word for word in (SECRET, AUTH) if word in said}


@given(json_texts(DOCKER, CONTAINERS))
def test_a_damaged_config_json_gives_credentials_or_is_refused(folder: Path, data: bytes) -> None:
    (folder / "config.json").write_bytes(data)
    config = DockerConfig(folder, Helpers())
    check(lambda: config.credentials_for(WANTED))
    with suppress(CredentialsError):
        assert all(value.isascii() for value in config.headers().values())


@given(json_texts(CONTAINERS, DOCKER))
def test_a_damaged_auth_json_gives_credentials_or_is_refused(folder: Path, data: bytes) -> None:
    (folder / "auth.json").write_bytes(data)
    check(lambda: AuthJson(folder / "auth.json", Helpers()).credentials_for(WANTED))


@given(json_texts(DOCKER))
def test_a_damaged_variable_gives_credentials_or_is_refused(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    check(lambda: EnvironmentAuths(text).credentials_for(WANTED))


def test_what_is_damaged_was_whole(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(DOCKER))
    found = DockerConfig(folder, Helpers()).credentials_for(WANTED)
    assert found is not None
    assert found.password == SECRET
