"""Credential helpers: their input, their limits, and the errors when they misbehave."""

import json
import threading
import time
from pathlib import Path

import pytest

from manyfest.adapters.credentials.credential_helper import Helper, Helpers
from manyfest.adapters.credentials.docker_config import DockerConfig
from manyfest.adapters.credentials.helper_process import HelperLimits
from manyfest.adapters.deadline import Deadline
from manyfest.domain.access import CredentialSource
from manyfest.domain.errors import CredentialSourceError, DeadlineError
from manyfest.domain.references import Repository
from tests.support.programs.credential_helpers import helper_folder

HOST = "reg.example.com:5000"
HUB_KEY = "https://index.docker.io/v1/"
SECRET = "canary-secret"


@pytest.fixture
def helpers(tmp_path, monkeypatch):
    return helper_folder(tmp_path / "helpers", monkeypatch)


def helper(name, seconds=30.0):
    source = CredentialSource("config.json", "credsStore", f"docker-credential-{name}")
    return Helper(source, HelperLimits(Deadline(seconds).check))


def config(folder, **members):
    (folder / "config.json").write_text(json.dumps(members))
    return DockerConfig(folder, Helpers())


def auths(user):
    return {"auths": {HOST: {"username": user, "password": "p"}}}


def find(config, host=HOST):
    found = config.credentials_for(Repository(host, "team/app"))
    return found and found.username


def answer(**members):
    document = {"ServerURL": HOST, "Username": "u", "Secret": SECRET} | members
    return {name: value for name, value in document.items() if value is not None}


# What the script prints, and what is found: user, password, identity token
GOOD = {
    "as docker's": (answer(), ("u", SECRET, "")),
    "an identity token": (answer(Username="<token>"), ("", "", SECRET)),
    "without ServerURL, as gcloud's": (answer(ServerURL=None), ("u", SECRET, "")),
    "ServerURL with a scheme": (answer(ServerURL=f"https://{HOST}"), ("u", SECRET, "")),
    "unknown members": (answer(Expires="never"), ("u", SECRET, "")),
    "letter case, as Go reads it": (
        {"serverurl": HOST, "USERNAME": "u", "secret": SECRET},
        ("u", SECRET, ""),
    ),
}


@pytest.mark.parametrize(("printed", "expected"), GOOD.values(), ids=GOOD)
def test_good_answers(helpers, printed, expected):
    helpers.script("x", f"cat >/dev/null; echo '{json.dumps(printed)}'")
    found = helper("x").get(HOST)
    assert (found.username, found.password, found.identity_token) == expected


# K6, K7, K8: the script, and what is said of it
BAD = {
    "exit 1 with the secret": (f"echo {SECRET}; echo {SECRET} >&2; exit 1", "exit status 1"),
    "ended by a signal": ("kill -9 $$", "exit status -9"),
    "babbles": (f"yes {SECRET}", "prints more than 65536 bytes"),
    "not JSON": (f"echo {SECRET}", "JSON object"),
    "nothing": ("true", "JSON object"),
    "a list": (f"""echo '["{SECRET}"]'""", "JSON object"),
    "byte-order mark": (f"printf '\\357\\273\\277{json.dumps(answer())}'", "JSON object"),
    "another server": (f"echo '{json.dumps(answer(ServerURL='evil.example'))}'", "another server"),
    "another port": (f"echo '{json.dumps(answer(ServerURL='reg.example.com'))}'", "another server"),
    "empty secret": (f"echo '{json.dumps(answer(Secret=''))}'", "without a secret"),
    "no secret": (f"echo '{json.dumps(answer(Secret=None))}'", "without a secret"),
    "secret a number": (f"echo '{json.dumps(answer(Secret=5))}'", "without a secret"),
    "other words of not found": ("echo credentials not found; exit 1", "exit status 1"),
}


@pytest.mark.parametrize(("script", "words"), BAD.values(), ids=BAD)
def test_misbehaviour_is_named_and_output_is_not_shown(helpers, capfd, script, words):
    helpers.script("x", script)
    began = time.monotonic()
    with pytest.raises(CredentialSourceError, match=words) as caught:
        helper("x").get(HOST)
    assert "docker-credential-x" in str(caught.value)
    assert HOST in str(caught.value)
    assert SECRET not in str(caught.value) + caught.value.remedy
    assert capfd.readouterr() == ("", "")
    assert time.monotonic() - began < 10


NONE = {
    "docker's words": "echo 'credentials not found in native keychain'; exit 1",
    "empty members": """echo '{"ServerURL": "", "Username": "", "Secret": ""}'""",
    "no members": "echo '{}'",
}


@pytest.mark.parametrize("script", NONE.values(), ids=NONE)
def test_a_helper_may_have_nothing(helpers, script):
    helpers.script("x", script)
    assert helper("x").get(HOST) is None


def test_the_first_of_two_answers_counts_as_in_docker(helpers):
    first, second = json.dumps(answer()), json.dumps(answer(Secret="other"))
    helpers.script("x", f"echo '{first}{second}'")
    assert helper("x").get(HOST).password == SECRET


@pytest.mark.parametrize("script", ["sleep 60", "exec >&-; sleep 60"])
def test_a_hanging_helper_ends_with_the_time_limit(helpers, script):  # K7
    helpers.script("x", script)
    with pytest.raises(DeadlineError, match="docker-credential-x has not answered"):
        helper("x", seconds=0.5).get(HOST)


def test_a_helper_may_take_as_long_as_the_command(helpers):
    helpers.script("x", f"sleep 0.5; echo '{json.dumps(answer())}'")
    checks = []
    limits = HelperLimits(lambda: checks.append(None))
    assert Helper(helper("x").source, limits).get(HOST).password == SECRET
    assert len(checks) > 5


def test_a_hanging_helper_dies_with_all_it_started(helpers, tmp_path):  # K7
    helpers.script("x", f"sleep 60 & echo $! >{tmp_path}/child; wait")
    with pytest.raises(DeadlineError):
        helper("x", seconds=2.0).get(HOST)
    child = int((tmp_path / "child").read_text())
    assert ended(child)


def ended(pid):
    for _ in range(100):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_helper_is_ended_when_the_command_is(helpers, tmp_path):
    helpers.script("x", f"echo $$ >{tmp_path}/pid; exec sleep 60")

    def check():
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Helper(helper("x").source, HelperLimits(check)).get(HOST)
    assert ended(int((tmp_path / "pid").read_text()))


def test_what_a_helper_leaves_behind_is_not_waited_for(helpers):
    helpers.script("x", f"sleep 3 & echo '{json.dumps(answer())}'")
    began = time.monotonic()
    assert helper("x").get(HOST).password == SECRET
    assert time.monotonic() - began < 2


def test_a_helper_that_does_not_listen_is_heard(helpers):
    helpers.script("x", f"exec <&-; echo '{json.dumps(answer())}'")
    assert helper("x").get(HOST).password == SECRET


def test_it_is_told_the_host_on_standard_input_alone(helpers):  # K11
    helpers.keeper("x", {HOST: ("u", SECRET)})
    assert helper("x").get(HOST).password == SECRET
    helper("x").store(HOST, "me", 'pass"word')
    assert helpers.kept("x")[HOST] == ["me", 'pass"word']
    helper("x").erase(HOST)
    helper("x").erase(HOST)
    assert helpers.kept("x") == {}
    asked = helpers.asked("x")
    assert asked[0] == ["get", HOST, []]
    assert asked[2] == ["erase", HOST, []]
    assert [verb for verb, _, arguments in asked if arguments] == []


def test_a_host_with_a_line_in_it_is_never_asked_for(helpers):  # K11, CVE-2020-5260
    helpers.keeper("x")
    with pytest.raises(CredentialSourceError, match="unusual characters"):
        helper("x").get("reg.example.com\nServerURL=evil")
    assert helpers.asked("x") == []


def test_the_hub_is_asked_for_by_its_key(tmp_path, helpers):
    helpers.keeper("x", {HUB_KEY: ("hub", SECRET)})
    made = config(tmp_path, credsStore="x")
    for host in ("docker.io", "registry-1.docker.io"):
        assert find(made, host) == "hub"
    assert helpers.asked("x") == [["get", HUB_KEY, []]]


def test_each_server_is_asked_for_once(tmp_path, helpers):  # K11
    helpers.keeper("x", {HOST: ("u", SECRET)})
    made = config(tmp_path, credsStore="x")
    threads = [threading.Thread(target=find, args=(made,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (find(made), find(made, "other.example")) == ("u", None)
    assert [server for _, server, _ in helpers.asked("x")] == [HOST, "other.example"]


def test_a_failing_helper_is_asked_once(tmp_path, helpers):
    helpers.script("x", f"echo >>{tmp_path}/calls; exit 1")
    made = config(tmp_path, credsStore="x")
    for _ in range(3):
        with pytest.raises(CredentialSourceError):
            find(made)
    assert (tmp_path / "calls").read_text() == "\n"


# What config.json says; who is found
PRECEDENCE = {
    "the host's helper first": (
        {"credHelpers": {HOST: "one"}, "credsStore": "two", **auths("file")},
        "one",
    ),
    "the store before the file": ({"credsStore": "two", **auths("file")}, "two"),
    "the file where the helper has nothing": ({"credsStore": "empty", **auths("file")}, "file"),
    "the helper of another host": ({"credHelpers": {"x.io": "gone"}, **auths("file")}, "file"),
    "no helper for this host": (
        {"credHelpers": {HOST: ""}, "credsStore": "two", **auths("file")},
        "file",
    ),
    "a helper by URL": ({"credHelpers": {f"https://{HOST}/v1/": "one"}}, "one"),
}


@pytest.mark.parametrize(("members", "user"), PRECEDENCE.values(), ids=PRECEDENCE)
def test_helpers_go_before_the_file(tmp_path, helpers, members, user):  # K5
    helpers.keeper("one", {HOST: ("one", "p")})
    helpers.keeper("two", {HOST: ("two", "p")})
    helpers.keeper("empty")
    assert find(config(tmp_path, **members)) == user


@pytest.mark.parametrize("members", [{"credsStore": "gone"}, {"credHelpers": {HOST: "gone"}}])
def test_a_missing_helper_is_an_error_and_not_passed_over(tmp_path, helpers, members):  # K4, K5
    with pytest.raises(
        CredentialSourceError, match=r"docker-credential-gone.*not installed"
    ) as caught:
        find(config(tmp_path, **members, **auths("file")))
    assert str(tmp_path / "config.json") in str(caught.value)


NAMES = ["../x", "a b", "-h", ";id", "/bin/sh", "a/b", "x" * 4096, "ä", "a\n", 5, ["x"], "$(id)"]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:12] for name in NAMES])
def test_odd_names_are_refused_and_nothing_is_run(tmp_path, helpers, name):  # K9
    helpers.script("x", f"touch {tmp_path}/ran")
    with pytest.raises(CredentialSourceError, match="names no credential helper") as caught:
        find(config(tmp_path, credsStore=name))
    assert len(str(caught.value)) < 400
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("path", ["", ".", "bin", ":", "./bin:"])
def test_helpers_are_not_looked_for_in_the_working_folder(tmp_path, monkeypatch, path):  # K10
    for folder in (tmp_path, tmp_path / "bin"):
        folder.mkdir(exist_ok=True)
        program = folder / "docker-credential-x"
        program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path)
    with pytest.raises(CredentialSourceError, match="not installed"):
        helper("x").get(HOST)
    assert not (tmp_path / "ran").exists()


def test_a_program_that_cannot_be_run_is_named(helpers):
    helpers.script("x", "").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(CredentialSourceError, match=r"docker-credential-x.*cannot be run"):
        helper("x").get(HOST)


def test_its_group_is_not_ours(helpers):
    helpers.script("x", "kill -TERM 0")
    with pytest.raises(CredentialSourceError, match="exit status -15"):
        helper("x").get(HOST)
