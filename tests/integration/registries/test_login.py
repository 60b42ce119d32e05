"""Logging in and out at the real registry, and what explains a login."""

import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from tests.support.http.token_server import Rules, TokenServer
from tests.support.programs.credential_helpers import helper_folder
from tests.support.programs.docker_client import manyfest as our_command_line
from tests.support.programs.programs import require_program
from tests.support.programs.waiting import wait_until

USER, PASSWORD = "user", "canary-password"
STDIN = ("-u", USER, "--password-stdin")


@pytest.fixture
def registry(start_docker_registry):
    return start_docker_registry(login=(USER, PASSWORD))


@pytest.fixture
def config(tmp_path):
    return tmp_path / "home" / ".docker" / "config.json"


def test_a_login_is_checked_kept_used_and_forgotten(registry, config, manyfest):
    done = manyfest("login", *STDIN, registry.host, input=f"{PASSWORD}\n".encode())
    assert (done.code, done.stdout) == (0, b"Login Succeeded\n")
    assert done.stderr.startswith("warning: the password is stored unencrypted in ")
    assert PASSWORD not in done.stderr
    assert config.stat().st_mode & 0o777 == 0o600
    assert manyfest("inspect", f"{registry.host}/none:v1").code == 3  # let in, and nothing there
    gone = manyfest("logout", registry.host)
    assert gone.stdout.decode() == f"Removing login credentials for {registry.host}\n"
    assert gone.code == 0
    assert manyfest("inspect", f"{registry.host}/none:v1").code == 4


def test_a_wrong_password_is_not_kept(registry, config, manyfest):
    done = manyfest("login", *STDIN, registry.host, input=b"canary-wrong")
    assert (done.code, done.stdout) == (4, b"")
    assert "credentials were rejected" in done.stderr
    assert "canary" not in done.stderr
    assert not config.exists()


def test_docker_and_we_read_each_other_s_logins(registry, config, manyfest):
    docker = (require_program("docker"), "--config", str(config.parent))
    manyfest("login", *STDIN, registry.host, input=PASSWORD.encode())
    asked = run(*docker, "manifest", "inspect", "--insecure", f"{registry.host}/none:v1")
    assert b"no such manifest" in asked.stderr
    ours = json.loads(config.read_text())
    config.write_text("{}")
    run(*docker, "login", *STDIN, registry.host, stdin=PASSWORD.encode())
    assert json.loads(config.read_text()) == ours


def run(*command, stdin=b""):
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=300)


def test_a_helper_keeps_the_login(tmp_path, monkeypatch, registry, config, manyfest):
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    helpers.keeper("keep")
    config.parent.mkdir()
    config.write_text('{"credsStore": "keep"}')
    done = manyfest("login", *STDIN, registry.host, input=PASSWORD.encode())
    assert (done.code, done.stderr) == (0, "")
    assert helpers.kept("keep") == {registry.host: [USER, PASSWORD]}
    assert PASSWORD not in config.read_text()
    assert manyfest("inspect", f"{registry.host}/none:v1").code == 3


def test_what_is_typed_is_not_shown(registry, config):
    ours = our_command_line().command
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(ours[0], [*ours, "login", registry.host])
    shown = until(terminal, b"Username: ")
    os.write(terminal, f"{USER}\n".encode())
    shown += until(terminal, b"Password: ")
    os.write(terminal, f"{PASSWORD}\n".encode())
    shown += until(terminal, b"Login Succeeded")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert PASSWORD.encode() not in shown
    assert registry.host in json.loads(config.read_text())["auths"]


def until(terminal, words):
    shown = b""
    while words not in shown:
        shown += os.read(terminal, 1024)
    return shown


USAGE = {
    "no host": (STDIN, b"x", "requires 1 argument"),
    "two hosts": ((*STDIN, "a.io", "b.io"), b"x", "requires 1 argument"),
    "no user for standard input": (
        ("--password-stdin", "a.io"),
        b"x",
        "Must provide --username with --password-stdin",
    ),
    "no terminal": (("a.io",), b"", "Cannot perform an interactive login from a non TTY device"),
    "no registry": ((*STDIN, "alpine"), b"x", "not the name of a registry"),
    "an empty password": ((*STDIN, "a.io"), b"\n", "the password is empty"),
    "an endless password": ((*STDIN, "a.io"), b"x" * 20000, "more than 16384 bytes"),
    "no text": ((*STDIN, "a.io"), b"\xff", "not UTF-8"),
    "a colon in the name": (("-u", "a:b", "--password-stdin", "a.io"), b"x", "not a username"),
}


@pytest.mark.parametrize(("arguments", "stdin", "words"), USAGE.values(), ids=USAGE)
def test_what_cannot_be_a_login_is_refused(config, manyfest, arguments, stdin, words):
    done = manyfest("login", *arguments, input=stdin)
    assert (done.code, done.stdout) == (2, b"")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not config.exists()


@pytest.fixture
def tokens(certificate):
    rules = Rules(login=(USER, PASSWORD), identity_token="canary-identity")
    with TokenServer(certificate, rules) as running:
        yield running


def test_a_login_at_a_token_server_is_checked_there(
    tokens, start_docker_registry, manyfest, config
):
    host = start_docker_registry(tokens=tokens.trust).host
    wrong = manyfest("login", *STDIN, host, input=b"canary-wrong")
    assert (wrong.code, config.exists()) == (4, False)
    assert manyfest("login", *STDIN, host, input=PASSWORD.encode()).code == 0
    assert [(asked.user, asked.scopes) for asked in tokens.asked] == [(USER, ())]


def test_auth_why_tells_key_scopes_and_no_secret(tokens, start_docker_registry, manyfest, config):
    host = start_docker_registry(tokens=tokens.trust).host
    config.parent.mkdir()
    entry = {"username": USER, "password": PASSWORD}
    config.write_text(json.dumps({"auths": {f"https://{host}/v1/": entry}}))
    told = manyfest("auth", "why", f"{host}/team/app")
    assert (told.code, told.stderr) == (0, "")
    assert told.stdout.decode().splitlines() == [
        f"reference:      {host}/team/app:latest",
        f"credentials:    password of user, from {config}, key https://{host}/v1/",
        f"challenge:      a token from {tokens.trust.realm}",
        "scopes wanted:  repository:team/app:pull",
        "scopes granted: repository:team/app:pull",
        "access:         granted",
    ]


def test_auth_why_tells_programs_the_same(tokens, start_docker_registry, manyfest, tmp_path):
    host = start_docker_registry(tokens=tokens.trust).host
    folder = tmp_path / "home" / ".config" / "containers"
    folder.mkdir(parents=True)
    entry = {"identitytoken": "canary-identity"}
    (folder / "auth.json").write_text(json.dumps({"auths": {f"{host}/team": entry}}))
    told = manyfest("auth", "why", "--json", f"{host}/team/app")
    assert "canary" not in told.stdout.decode()
    assert json.loads(told.stdout) == {
        "reference": f"{host}/team/app:latest",
        "credentials": {
            "kind": "identity token",
            "username": None,
            "file": str(folder / "auth.json"),
            "key": f"{host}/team",
            "helper": None,
        },
        "scheme": "bearer",
        "realm": tokens.trust.realm,
        "tokens": [
            {"asked": ["repository:team/app:pull"], "granted": ["repository:team/app:pull"]}
        ],
        "refusal": None,
        "origin": f"{host}/team/app:latest",
        "mirrors": [],
        "insecure": False,
    }


CONF = """
[[registry]]
prefix = "registry.example.com"
location = "{0}"
insecure = true

[[registry.mirror]]
location = "mirror.example.com/cache"

[[registry.mirror]]
location = "digests.example.com/cache"
pull-from-mirror = "digest-only"

[[registry]]
prefix = "blocked.example.com"
location = "{0}/blocked"
blocked = true
"""


@pytest.fixture
def rules(tmp_path, monkeypatch, docker_registry):
    file = tmp_path / "registries.conf"
    file.write_text(CONF.format(docker_registry.host))
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(file))
    return file


def test_auth_why_asks_where_the_rules_say_and_names_the_mirrors(rules, docker_registry, manyfest):
    told = manyfest("auth", "why", "registry.example.com/team/app:1")
    assert (told.code, told.stderr) == (0, "")
    assert told.stdout.decode().splitlines() == [
        "reference:      registry.example.com/team/app:1",
        "mirror:         mirror.example.com/cache/team/app:1, asked first with its own credentials",
        f"location:       {docker_registry.host}/team/app:1, by registries.conf",
        "insecure:       unverified TLS and plain HTTP are allowed",
        "credentials:    none",
        "challenge:      none",
        "access:         granted",
    ]
    told = manyfest("auth", "why", "--json", "registry.example.com/team/app:1")
    found = json.loads(told.stdout)
    assert found["origin"] == f"{docker_registry.host}/team/app:1"
    assert found["mirrors"] == ["mirror.example.com/cache/team/app:1"]
    assert found["insecure"] is True


@pytest.mark.parametrize("command", [("auth", "why"), ("doctor",)])
def test_what_is_blocked_is_not_asked_for_its_logins_either(rules, manyfest, command):
    told = manyfest(*command, "blocked.example.com/team/app:1")
    said = f"blocked.example.com/team/app: blocked.example.com is blocked by {rules}\n"
    assert (told.code, told.stdout) == (4, b"")
    assert told.stderr.endswith(said)


def test_auth_why_tells_who_was_refused(registry, manyfest, config):
    config.parent.mkdir()
    entry = {"username": USER, "password": "canary-wrong"}
    config.write_text(json.dumps({"auths": {registry.host: entry}}))
    told = manyfest("auth", "why", f"{registry.host}/team/app")
    assert told.code == 4
    assert b"challenge:      username and password\naccess:         refused\n" in told.stdout
    assert f"from {config} were rejected" in told.stderr
    assert "canary" not in told.stdout.decode() + told.stderr


def test_auth_why_names_the_helper(tmp_path, monkeypatch, registry, manyfest, config):
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    helpers.keeper("keep", {registry.host: (USER, PASSWORD)})
    config.parent.mkdir()
    config.write_text(json.dumps({"credHelpers": {registry.host: "keep"}}))
    told = manyfest("auth", "why", "--json", f"{registry.host}/team/app")
    found = json.loads(told.stdout)["credentials"]
    assert found["helper"] == "docker-credential-keep"
    assert found["key"] == f"credHelpers['{registry.host}']"


def test_auth_why_of_an_open_registry(docker_registry, manyfest):
    told = manyfest("auth", "why", f"{docker_registry.host}/team/app")
    assert told.stdout.decode().splitlines()[1:] == [
        "credentials:    none",
        "challenge:      none",
        "access:         granted",
    ]


ORDER = {  # the files there are, and whose login is used
    "docker's first": (["docker", "runtime", "config"], "docker"),
    "then the session's": (["runtime", "config"], "runtime"),
    "then the user's": (["config"], "config"),
    "the file that was named": (["named", "runtime", "config"], "named"),
    "the variable before all": (["variable", "docker", "runtime"], "variable"),
}


@pytest.mark.parametrize(("files", "expected"), ORDER.values(), ids=ORDER)
def test_credentials_are_looked_for_in_order(
    tmp_path, monkeypatch, registry, manyfest, files, expected
):  # K12
    places = {
        "docker": tmp_path / "home" / ".docker" / "config.json",
        "runtime": tmp_path / "run" / "containers" / "auth.json",
        "config": tmp_path / "xdg" / "containers" / "auth.json",
        "named": tmp_path / "named.json",
        "variable": tmp_path / "variable",
    }
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    for name in files:
        text = json.dumps({"auths": {registry.host: {"username": name, "password": "p"}}})
        places[name].parent.mkdir(parents=True, exist_ok=True)
        places[name].write_text(text)
        if name == "variable":
            monkeypatch.setenv("DOCKER_AUTH_CONFIG", text)
        if name == "named":
            monkeypatch.setenv("REGISTRY_AUTH_FILE", str(places[name]))
    told = manyfest("auth", "why", "--json", f"{registry.host}/team/app")
    assert json.loads(told.stdout)["credentials"]["username"] == expected


@pytest.mark.parametrize("sources", [1, 3])
def test_a_hanging_helper_ends_with_the_command(
    tmp_path, monkeypatch, registry, manyfest, config, sources
):  # K7
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    helpers.script("hang", f"echo $$ >{tmp_path}/pid; exec sleep 60")
    config.parent.mkdir()
    config.write_text('{"credsStore": "hang"}')
    names = [f"{registry.host}/team/app:v{number}" for number in range(sources)]
    began = time.monotonic()
    ended = manyfest("create", "--timeout", "5", f"{registry.host}/team/app:list", *names)
    assert (ended.code, len(ended.stderr.splitlines())) == (5, 1)
    assert "docker-credential-hang has not answered" in ended.stderr
    assert time.monotonic() - began < 25  # a helper by itself may take 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize("sources", [1, 3])
def test_ctrl_c_ends_a_hanging_helper(tmp_path, monkeypatch, registry, config, forks, sources):
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    helpers.script("hang", f"echo $$ >{tmp_path}/pid; exec sleep 60")
    config.parent.mkdir()
    config.write_text('{"credsStore": "hang"}')
    names = [f"{registry.host}/team/app:v{number}" for number in range(sources)]
    with forks.start("create", f"{registry.host}/team/app:list", *names) as process:
        pid = tmp_path / "pid"
        wait_until(lambda: pid.exists() and pid.read_text(), process)
        process.send_signal(signal.SIGINT)
        ended = process.result()
    assert (ended.code, ended.stderr) == (130, "note: interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


# Sends SIGINT when the first child has been started, before Popen has returned.
INTERRUPTED_START = """\
import signal, subprocess, sys
from manyfest.cli.process.console_script import run

def in_start(frame, event, argument):
    if event == "return":
        sys.settrace(None)
        signal.raise_signal(signal.SIGINT)
    return in_start

started = subprocess.Popen._execute_child.__code__
sys.settrace(lambda frame, event, argument: in_start if frame.f_code is started else None)
run()
"""


def test_ctrl_c_while_a_helper_starts_ends_it(tmp_path, monkeypatch, registry, config):
    helpers = helper_folder(tmp_path / "helpers", monkeypatch)
    helpers.script("hang", f"echo $$ >{tmp_path}/pid; exec sleep 60")
    config.parent.mkdir()
    config.write_text('{"credsStore": "hang"}')
    command = [sys.executable, "-c", INTERRUPTED_START, "auth", "why", f"{registry.host}/app"]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=300)
    assert (ended.returncode, ended.stderr) == (130, b"note: interrupted\n")
    time.sleep(0.3)  # one that runs on may not have written its line yet
    if (pid := tmp_path / "pid").exists() and pid.read_text():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
