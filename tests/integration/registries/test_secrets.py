"""No secret leaves by what the program prints or keeps, nor to another host than its own."""

import base64
import json

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.support.http.fault_server import FaultServer
from tests.support.http.registry_answers import failure
from tests.support.http.registry_auth import BasicGate, TokenGate
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryApp, RegistryServer
from tests.support.programs.credential_helpers import helper_folder

USER, PASSWORD, IDENTITY, HEADER = "user", "canary-pass", "canary-identity", "canary-header"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
CANARIES = (PASSWORD, IDENTITY, HEADER, BASIC)


def basic():
    return BasicGate(USER, PASSWORD)


def tokens():
    return TokenGate(USER, PASSWORD, anonymous_pull=False, identity_token=IDENTITY)


# The gate, docker's entry for the host, what a helper keeps instead
WAYS = {
    "a password, Basic": (basic, {"auth": BASIC}, None),
    "a password for tokens": (tokens, {"auth": BASIC}, None),
    "an identity token": (tokens, {"identitytoken": IDENTITY}, None),
    "a helper's password": (basic, None, (USER, PASSWORD)),
    "a helper's identity token": (tokens, None, ("<token>", IDENTITY)),
}


@pytest.mark.parametrize(("gate", "entry", "kept"), WAYS.values(), ids=WAYS)
def test_secrets_stay_where_they_belong(tmp_path, monkeypatch, manyfest, gate, entry, kept):
    monkeypatch.setenv("MANYFEST_DEBUG", "1")
    held, image = MemoryRegistry(), docker_image()
    for tag in ("v1", "v2"):
        push_image(held, Reference.parse(f"{REGISTRY}/team/app:{tag}"), image)
    with RegistryServer(held, address="127.0.0.2") as elsewhere:
        quirks, asked = Quirks(blobs_elsewhere=elsewhere.url), gate()
        with RegistryServer(held, quirks=quirks, gate=asked) as server:
            configure(tmp_path, monkeypatch, server.host, entry, kept)
            name = f"{server.host}/team/app"
            ended = [
                manyfest("inspect", "-v", f"{name}:v1"),
                manyfest("create", f"{name}:list", f"{name}:v1", f"{name}:v2"),
                manyfest("push", f"{name}:list"),
                manyfest("auth", "why", f"{name}:v1"),
                manyfest("inspect", f"{name}:none"),
            ]
    assert [r.code for r in ended] == [0, 0, 0, 0, 3]
    assert elsewhere.requests, "blobs were to be fetched elsewhere"
    assert "Traceback" in ended[-1].stderr
    store = (tmp_path / "home" / "store.sqlite").read_bytes()
    given = [request.header("Authorization") for request in server.requests]
    strangers = str([request.headers for request in elsewhere.requests])
    bearer = {text.removeprefix("Bearer ") for text in given if text.startswith("Bearer ")}
    for secret in (*CANARIES, *bearer):
        shown = [secret.encode() in r.stdout + r.stderr.encode() for r in ended]
        assert not any(shown), secret
        assert secret.encode() not in store
        assert secret not in strangers
    assert "Authorization" not in strangers
    headers = {r.header("X-Own") for r in server.requests if r.path != "/token"}
    assert headers == {HEADER}


@pytest.mark.parametrize(("gate", "entry", "kept"), WAYS.values(), ids=WAYS)
def test_rejected_secrets_are_not_shown(tmp_path, monkeypatch, manyfest, gate, entry, kept):
    monkeypatch.setenv("MANYFEST_DEBUG", "1")
    other = type(gate())
    rules = {} if other is BasicGate else {"anonymous_pull": False}
    with RegistryServer(MemoryRegistry(), gate=other("somebody", "else", **rules)) as server:
        configure(tmp_path, monkeypatch, server.host, entry, kept)
        refused = manyfest("inspect", f"{server.host}/team/app:v1")
    assert refused.code == 4
    assert "were rejected" in refused.stderr
    assert [secret for secret in CANARIES if secret in refused.stderr] == []


def configure(tmp_path, monkeypatch, host, entry, kept):
    folder = tmp_path / "home" / ".docker"
    folder.mkdir()
    document = {"HttpHeaders": {"X-Own": HEADER}, "auths": {host: entry or {}}}
    if kept is not None:
        helper_folder(tmp_path / "helpers", monkeypatch).keeper("keep", {host: kept})
        document["credHelpers"] = {host: "keep"}
    (folder / "config.json").write_text(json.dumps(document))


def test_the_next_step_of_a_pipeline_gets_no_secret(tmp_path, monkeypatch, manyfest):
    """Neither of what was published, nor of an error in which the registry repeats what it got."""
    output, summary, metadata = (tmp_path / each for each in ("output", "summary", "metadata"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    held, gate = MemoryRegistry(), basic()
    push_image(held, Reference.parse(f"{REGISTRY}/team/app:v1"), docker_image())
    with FaultServer(RegistryApp(held, gate=gate)) as server:
        configure(tmp_path, monkeypatch, server.host, {"auth": BASIC}, None)
        name = f"{server.host}/team/app"
        command = ["publish", "--github", "--metadata-file", str(metadata), "-t", f"{name}:1"]
        published = manyfest(*command, "-t", f"{name}:2", f"{name}:v1")
        said = f"50% of https://{USER}:{PASSWORD}@host/?token={BASIC}\n::set-env name=X::{HEADER}"
        server.always("PUT", "/v2/team/app/manifests/*", failure("DENIED", said))
        refused = manyfest(*command, "--annotation", "a=b", f"{name}:v1")
    assert (published.code, refused.code) == (0, 4), published.stderr
    written = "".join(file.read_text() for file in (output, summary, metadata))
    told = refused.stdout.decode() + refused.stderr
    for secret in CANARIES:
        assert secret not in written + told + published.stderr, secret
    commands = [line for line in told.splitlines() if line.startswith("::")]
    assert len(commands) == 1
    assert commands[0].startswith("::error::")
    assert "50%25 of" in commands[0]
