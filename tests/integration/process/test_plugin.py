"""``docker manyfest``: the real docker client runs us as a plugin."""

import base64
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Silent
from tests.support.http.registry_auth import BasicGate
from tests.support.http.registry_server import REGISTRY, RegistryApp, RegistryServer
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.forked_script import write_forked_script
from tests.support.programs.programs import require_program
from tests.support.programs.waiting import wait_until

PROGRAM = Path(sys.executable).parent / "docker-manyfest"
_AS_PLUGIN = "from manyfest.cli.process.docker_plugin import run; run()"
NAMES = ("inspect", "create", "annotate", "push", "rm", "ls")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration folder of docker's, which is not the one of the environment."""
    folder = tmp_path / "elsewhere"
    (folder / "cli-plugins").mkdir(parents=True)
    (folder / "cli-plugins" / PROGRAM.name).symlink_to(PROGRAM)
    return folder


@pytest.fixture
def started_docker(config: Path) -> CommandLine:
    """The docker client, with ``config`` for its folder."""
    return CommandLine((require_program("docker"), "--config", str(config)))


@pytest.fixture
def docker(started_docker: CommandLine, config: Path, forks: ForkedCommandLine) -> CommandLine:
    """The same, whose plugin is a fork of what is loaded: where its start is not the subject."""
    plugin = config / "cli-plugins" / PROGRAM.name
    plugin.unlink()
    write_forked_script(plugin, forks, before=_AS_PLUGIN)
    return started_docker


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to be in, with the image ``oci:app:a``."""
    monkeypatch.chdir(tmp_path)
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "a"), docker_image())


def test_docker_knows_us_by_our_metadata(started_docker: CommandLine) -> None:
    assert "manyfest*" in started_docker("--help").stdout.decode()
    shown = CommandLine((str(PROGRAM),))("docker-cli-plugin-metadata")
    metadata = json.loads(shown.stdout)
    assert metadata["SchemaVersion"] == "0.1.0"
    assert all(isinstance(value, str) and value for value in metadata.values())
    assert {"Vendor", "Version", "ShortDescription"} < set(metadata)


@pytest.mark.usefixtures("unmeasured")
def test_metadata_is_answered_before_anything_is_loaded() -> None:
    probe = (
        "import sys; from manyfest.cli.process.docker_plugin import main;"
        "main(['docker-cli-plugin-metadata']); print(*sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=300
    )
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert not {"typer", "attrs", "httpx", "sqlite3", "manyfest.domain.errors"} & loaded


def test_the_main_job(started_docker: CommandLine, layout: None) -> None:
    assert started_docker("manyfest", "create", "oci:app:v1", "oci:app:a").code == 0
    assert (
        started_docker("manyfest", "annotate", "oci:app:v1", "oci:app:a", "--variant", "v2").code
        == 0
    )
    pushed = started_docker("manyfest", "push", "--purge=false", "oci:app:v1")
    assert pushed.stdout.startswith(b"sha256:")
    assert b"v2" in started_docker("manyfest", "inspect", "--remote", "oci:app:v1").stdout


CODES = {
    "usage": (["push", "--bogus"], 2, "unknown flag: --bogus"),
    "not found": (["rm", "oci:app:no"], 3, "No such manifest"),
    "unreachable": (["inspect", "nowhere.invalid/a:1"], 5, "nowhere.invalid"),
}


@pytest.mark.parametrize(("arguments", "code", "words"), CODES.values(), ids=CODES.keys())
def test_our_exit_codes_are_dockers(docker, layout, arguments, code, words) -> None:
    result = docker("manyfest", *arguments)
    assert (result.code, result.stdout) == (code, b"")
    assert words in result.stderr


# Flags of docker's that speak of an engine, which there is none of here.
DROPPED = {
    "host": ["-H", "tcp://192.0.2.1:1"],
    "host, long": ["--host=tcp://192.0.2.1:1"],
    "context": ["-c", "default"],
    "log level": ["-l", "error"],
    "log level, long": ["--log-level", "fatal"],
    "tls": ["--tls", "--tlsverify=false"],
    "certificates": ["--tlscacert", "a", "--tlscert", "b", "--tlskey=c"],
    "several": ["-l", "error", "-H", "tcp://192.0.2.1:1", "--tls=false", "-D=false"],
}


@pytest.mark.parametrize("flags", DROPPED.values(), ids=DROPPED.keys())
def test_flags_about_an_engine_are_dropped(docker: CommandLine, flags: list[str]) -> None:
    result = docker(*flags, "manyfest", "ls", "--json")
    assert (result.code, result.stdout) == (0, b"[]\n")


@pytest.mark.parametrize("flag", ["-D", "--debug", "--debug=true"])
def test_docker_s_debug_is_ours(docker: CommandLine, flag: str) -> None:
    assert "Traceback" in docker(flag, "manyfest", "push", "a").stderr
    assert "Traceback" not in docker("manyfest", "push", "a").stderr


def test_config_moves_credentials(docker: CommandLine, config: Path, manyfest: CommandLine) -> None:
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/app:1"), docker_image())
    with RegistryServer(registry, gate=BasicGate("ada", "secret")) as server:
        auth = base64.b64encode(b"ada:secret").decode()
        auths = {"auths": {server.host: {"auth": auth}}}
        (config / "config.json").write_text(json.dumps(auths))
        assert docker("manyfest", "inspect", f"{server.host}/app:1").code == 0
        assert manyfest("inspect", f"{server.host}/app:1").code == 4


HELP = {
    "help NAME": ["help", "manyfest"],
    "help after": ["manyfest", "--help"],
    "short": ["manyfest", "-h"],
    "nothing": ["manyfest"],
}


@pytest.mark.parametrize("arguments", HELP.values(), ids=HELP.keys())
def test_help(docker: CommandLine, arguments: list[str]) -> None:
    result = docker(*arguments)
    shown = result.stdout.decode() + result.stderr
    assert result.code == 0
    assert "Usage: docker manyfest" in shown
    assert all(name in shown for name in NAMES)


@pytest.mark.parametrize(
    "arguments", [["help", "manyfest", "create"], ["manyfest", "create", "--help"]], ids=" ".join
)
def test_help_for_a_command(docker: CommandLine, arguments: list[str]) -> None:
    assert b"Usage: docker manyfest create" in docker(*arguments).stdout


# Words, the last of which is being typed, and some that may follow.
COMPLETIONS = {
    "commands": ([""], NAMES),
    "commands that begin with it": (["pu"], ("push",)),
    "a group's": (["plugin", ""], ("install",)),
    "options": (["create", "--"], ("--amend", "--keep-order", "--insecure")),
    "options after arguments": (["push", "x", "--p"], ("--purge",)),
}


@pytest.mark.parametrize("verb", ["__complete", "__completeNoDesc"])
@pytest.mark.parametrize(("words", "some"), COMPLETIONS.values(), ids=COMPLETIONS.keys())
def test_completion(docker: CommandLine, verb: str, words: list[str], some) -> None:
    result = docker(verb, "manyfest", *words)
    *candidates, directive = result.stdout.decode().splitlines()
    assert directive == ":4"
    assert set(some) <= {candidate.partition("\t")[0] for candidate in candidates}
    assert all(candidate.startswith(words[-1]) for candidate in candidates)


class TestInstalling:
    """``manyfest plugin install [DIR]``."""

    def test_docker_finds_it_at_once(self, manyfest: CommandLine, tmp_path: Path) -> None:
        result = manyfest("plugin", "install")
        place = tmp_path / "home" / ".docker" / "cli-plugins" / PROGRAM.name
        assert (result.code, result.stdout.decode()) == (0, f"Installed {place}\n")
        shown = CommandLine((require_program("docker"),))("manyfest", "--version")
        assert shown.stdout.startswith(b"manyfest ")

    def test_another_folder_is_made(self, manyfest: CommandLine, tmp_path: Path) -> None:
        assert manyfest("plugin", "install", tmp_path / "a" / "b").code == 0
        assert list((tmp_path / "a" / "b").iterdir()) == [tmp_path / "a" / "b" / PROGRAM.name]

    @pytest.mark.parametrize("before", [Path.touch, lambda path: path.symlink_to("nowhere")])
    def test_what_is_there_is_replaced(self, manyfest, tmp_path: Path, before) -> None:
        before(tmp_path / PROGRAM.name)
        assert manyfest("plugin", "install", tmp_path).code == 0
        assert (tmp_path / PROGRAM.name).resolve() == PROGRAM.resolve()

    def test_where_it_cannot_be_it_says_so(self, manyfest: CommandLine, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        result = manyfest("plugin", "install", tmp_path / "file")
        assert (result.code, result.stdout) == (1, b"")
        assert len(result.stderr.splitlines()) == 1


@pytest.fixture
def silent() -> Iterator[FaultServer]:
    """A registry that never answers for manifests."""
    with FaultServer(RegistryApp(MemoryRegistry())) as server:
        server.always("GET", "/v2/app/manifests/*", Silent())
        yield server


class TestEnding:
    """The plugin ends when docker closes the socket that it named."""

    @pytest.mark.parametrize("kind", ["path", "abstract"])
    def test_it_ends_when_the_socket_closes(
        self, silent: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        path = str(tmp_path / "s") if kind == "path" else f"@manyfest_test_{tmp_path}"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.replace("@", "\0", 1))
            server.listen()
            monkeypatch.setenv("DOCKER_CLI_PLUGIN_SOCKET", path)
            command = [str(PROGRAM), "manyfest", "inspect", f"{silent.host}/app:1"]
            with subprocess.Popen(command, stdout=-1, stderr=-1) as process:
                line, _ = server.accept()
                wait_until(lambda: silent.count("GET", "/v2/app/manifests/*") > 0)
                assert process.poll() is None
                line.close()
                out, err = process.communicate(timeout=300)
        assert (process.returncode, out, err) == (130, b"", b"note: interrupted\n")

    @pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
    def test_it_ends_with_docker(
        self, silent: FaultServer, started_docker: CommandLine, how
    ) -> None:
        command = [*started_docker.command, "manyfest", "inspect", f"{silent.host}/app:1"]
        with subprocess.Popen(command, stdout=-1, stderr=-1) as process:
            wait_until(lambda: silent.count("GET", "/v2/app/manifests/*") > 0)
            plugin = _child_of(process.pid)
            process.send_signal(how)
            process.communicate(timeout=300)  # ends when the plugin, which has its streams, does
        assert process.returncode != 0
        wait_until(lambda: not Path(f"/proc/{plugin}").exists())

    def test_a_socket_that_is_not_there_is_nothing(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("DOCKER_CLI_PLUGIN_SOCKET", str(tmp_path / "none"))
        assert CommandLine((str(PROGRAM),))("manyfest", "ls", "--json").stdout == b"[]\n"


def _child_of(pid: int) -> str:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    (child,) = " ".join(children.read_text() for children in lists).split()
    return child
