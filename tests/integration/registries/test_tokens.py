"""Bearer tokens at the real distribution registry, given out by the tests' own token server."""

import base64
import json
import time
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection

import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.access import Credentials
from manyfest.domain.digests import Digest
from manyfest.domain.errors import UnauthorizedError
from manyfest.domain.references import Reference
from tests.support.http.token_server import Rules, TokenServer
from tests.support.programs.credential_helpers import helper_folder

USER, PASSWORD = "user", "canary-password"
IDENTITY = "canary-identity-token"
PULL, WRITE = "repository:team/app:pull", "repository:team/app:pull,push"


@pytest.fixture
def serve(certificate, start_docker_registry):
    """Starts a token server and a registry that takes its tokens, holding some images."""

    @contextmanager
    def start(images=1, **rules):
        made = Rules(login=(USER, PASSWORD), identity_token=IDENTITY, **rules)
        with TokenServer(certificate, made) as tokens:
            registry = start_docker_registry(tokens=tokens.trust)
            writer = Credentials(registry_token=tokens.token(WRITE))
            with client(writer) as seeding:
                for number in range(images):
                    image = docker_image(text=str(number))
                    push_image(seeding, reference(registry, f"v{number}"), image)
            assert tokens.asked == []
            yield tokens, registry

    return start


def client(credentials):
    return HttpRegistry(Deadline(30), account=RegistryAuth(lambda _: credentials))


def reference(registry, tag="v0", path="team/app"):
    return Reference.parse(f"{registry.host}/{path}:{tag}")


def configure(tmp_path, registry, entry):
    folder = tmp_path / "home" / ".docker"
    folder.mkdir(exist_ok=True)
    auths = {"auths": {registry.host: entry}} if entry else {}
    (folder / "config.json").write_text(json.dumps(auths))


def auth(user, password):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


# What docker's configuration has; how the token server is asked: user and method
WAYS = {
    "anonymously": (None, "", "GET"),
    "with a password": (auth(USER, PASSWORD), USER, "GET"),
    "with an identity token": (auth(USER, "") | {"identitytoken": IDENTITY}, USER, "POST"),
}


@pytest.mark.parametrize(("entry", "user", "method"), WAYS.values(), ids=WAYS)
def test_a_token_is_got_and_taken(tmp_path, serve, manyfest, entry, user, method):
    with serve() as (tokens, registry):
        configure(tmp_path, registry, entry)
        shown = manyfest("inspect", f"{registry.host}/team/app:v0")
    assert (shown.code, shown.stderr) == (0, "")
    [asked] = tokens.asked
    assert (asked.user, asked.scopes, asked.request.method) == (user, (PULL,), method)


def test_a_helper_s_identity_token_is_posted(tmp_path, monkeypatch, serve, manyfest):
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    with serve() as (tokens, registry):
        helpers.keeper("keep", {registry.host: ("<token>", IDENTITY)})
        (tmp_path / "home" / ".docker").mkdir()
        text = json.dumps({"credHelpers": {registry.host: "keep"}})
        (tmp_path / "home" / ".docker" / "config.json").write_text(text)
        shown = manyfest("inspect", f"{registry.host}/team/app:v0")
    assert (shown.code, shown.stderr) == (0, "")
    assert [(a.user, a.request.method) for a in tokens.asked] == [(USER, "POST")]


def test_a_registry_token_goes_to_the_registry_as_it_is(tmp_path, serve, manyfest):
    with serve() as (tokens, registry):
        configure(tmp_path, registry, {"registrytoken": tokens.token(PULL)})
        shown = manyfest("inspect", f"{registry.host}/team/app:v0")
    assert (shown.code, shown.stderr) == (0, "")
    assert tokens.asked == []


def test_one_command_asks_for_one_token_a_scope_set(tmp_path, serve, manyfest):
    with serve(images=16) as (tokens, registry):
        configure(tmp_path, registry, auth(USER, PASSWORD))
        sources = [f"{registry.host}/team/app:v{number}" for number in range(16)]
        made = manyfest("create", f"{registry.host}/team/app:list", *sources)
        assert made.code == 0
        assert [asked.scopes for asked in tokens.asked] == [(PULL,)]
        pushed = manyfest("push", f"{registry.host}/team/app:list")
        assert pushed.code == 0
        # It looks at what the tag points to before it writes.
        assert [asked.scopes for asked in tokens.asked[1:]] == [(PULL,), (WRITE,)]


def test_a_mount_asks_for_both_repositories_and_no_more(serve):
    with serve() as (tokens, registry), client(Credentials(USER, PASSWORD)) as ours:
        source, target = reference(registry), reference(registry, path="team/copy")
        layer = json.loads(ours.get_manifest(source).data)["layers"][0]["digest"]
        assert ours.mount_blob(target.at(Digest.parse(layer)), source.home)
    assert [asked.scopes for asked in tokens.asked] == [
        (PULL,),
        (PULL, "repository:team/copy:pull,push"),
    ]


def test_a_token_that_is_dead_on_arrival_is_replaced_once(serve):
    with serve(lives=(-100, 300)) as (tokens, registry), client(None) as ours:
        ours.get_manifest(reference(registry))
    assert len(tokens.asked) == 2


def test_tokens_that_never_work_end_in_an_error(serve):
    with (
        serve(lives=(-100,)) as (tokens, registry),
        client(Credentials(USER, PASSWORD)) as ours,
        pytest.raises(UnauthorizedError, match="credentials were rejected") as caught,
    ):
        ours.get_manifest(reference(registry))
    assert len(tokens.asked) <= 2
    assert PASSWORD not in str(caught.value)


def wait_until_refused(registry, token):
    """Asks the registry itself whether it still takes the token."""
    for _ in range(300):
        with closing(HTTPConnection(registry.host, timeout=300)) as connection:
            headers = {"Authorization": f"Bearer {token}"}
            connection.request("HEAD", "/v2/team/app/manifests/v0", headers=headers)
            if connection.getresponse().status == HTTPStatus.UNAUTHORIZED:
                return
        time.sleep(0.1)
    pytest.fail("the token does not expire")


def test_a_token_that_expires_in_between_is_replaced(serve):
    """Nobody says how long it lives, and it lives for less than the minute that is assumed then."""
    with serve(lives=(4, 300), tells=False) as (tokens, registry), client(None) as ours:
        ours.get_manifest(reference(registry))
        ours.get_manifest(reference(registry))
        assert len(tokens.asked) == 1
        wait_until_refused(registry, tokens.token(PULL, lives=4))  # younger than ours
        ours.get_manifest(reference(registry))
    assert len(tokens.asked) == 2


def test_strangers_may_not_write_where_they_may_read(serve):
    image = docker_image(text="new")
    with (
        serve() as (tokens, registry),
        client(None) as ours,
        pytest.raises(UnauthorizedError, match="without credentials"),
    ):
        push_image(ours, reference(registry, "new"), image)
    assert all(asked.user == "" for asked in tokens.asked)


REJECTED = {
    "a password": (auth(USER, "canary-wrong"), "canary-wrong"),
    "an identity token": ({"identitytoken": "canary-wrong"}, "canary-wrong"),  # K14
    "a registry token": ({"registrytoken": "canary-wrong"}, "canary-wrong"),
}


@pytest.mark.parametrize(("entry", "secret"), REJECTED.values(), ids=REJECTED)
def test_rejected_credentials_are_named_by_file_and_not_shown(
    tmp_path, monkeypatch, serve, manyfest, entry, secret
):  # A18
    monkeypatch.setenv("MANYFEST_DEBUG", "1")
    with serve() as (tokens, registry):
        configure(tmp_path, registry, entry)
        shown = manyfest("inspect", f"{registry.host}/team/app:v0")
    assert shown.code == 4
    assert f"{tmp_path}/home/.docker/config.json were rejected" in shown.stderr
    assert secret not in shown.stderr
    assert all(asked.user != USER for asked in tokens.asked)


def test_namespaces_of_one_host_have_tokens_of_their_own(serve):
    """Two logins for two namespaces, as containers' auth.json may have them."""
    with serve() as (tokens, registry):
        accounts = {"team/app": Credentials(USER, PASSWORD), "other/app": None}
        account = RegistryAuth(lambda repository: accounts[repository.path])
        with HttpRegistry(Deadline(30), account=account) as ours:
            found = ours.get_manifest(reference(registry))
            target = reference(registry, path="other/app").at(found.digest)
            assert not ours.mount_blob(target, reference(registry).home)
    users = [asked.user for asked in tokens.asked]
    assert (users[0], set(users[1:])) == (USER, {""})
