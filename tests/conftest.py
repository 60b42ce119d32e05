"""Fixtures and rules for all tests: a clean environment, real registries, no silent skips."""

import gc
import os
import signal
import sys
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from manyfest.adapters.http_registry.reliability import retry
from manyfest.assembly import settings
from tests import hypothesis_profiles
from tests.support.http.certificates import Certificate, self_signed
from tests.support.programs import docker_client
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry, running_registry
from tests.support.programs.forked import ForkedCommandLine, forked_manyfest
from tests.support.programs.programs import NO_SKIP, skipping_is_forbidden
from tests.support.stores.postgres_server import PostgresServer, running_postgres

hypothesis_profiles.load()

# Bytecode is kept, whatever the machine's settings: else each run would rewrite the assertions of
# all tests anew, and each program that a test starts would compile the product.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell that starts the tests in the background has these ignored, and so would each program that
# the tests start and then interrupt.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

# Programs in Go (docker, registries, skopeo) run for milliseconds, or serve small requests: half of
# their processor time is the garbage collector's and their threads' looking for work.
os.environ |= {"GOMAXPROCS": "1", "GOGC": "off", "GOMEMLIMIT": "256MiB"}

# What would let the machine leak into a test: proxies, credentials, folders, colours, settings.
_LEAKING = frozenset(
    {
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"),
        *("registry_auth_file", "containers_registries_conf", "ssl_cert_file", "ssl_cert_dir"),
        *("no_color", "force_color", "clicolor", "clicolor_force", "source_date_epoch"),
    }
)
_LEAKING_PREFIXES = ("DOCKER_", "XDG_", "MANYFEST_", "PG")
_KEPT_PREFIX = "MANYFEST_TESTS_"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected lives to the end: the garbage collector never looks at it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def _hermetic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees this machine's home, folder, settings, credentials, store or proxies."""
    for name in os.environ:
        by_prefix = name.startswith(_LEAKING_PREFIXES) and not name.startswith(_KEPT_PREFIX)
        if by_prefix or name.lower() in _LEAKING:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(tmp_path)  # what a test writes by a relative name is not left in the tree
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DOCKER_CONFIG", str(home / ".docker"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("MANYFEST_STORE", str(home / "store.sqlite"))
    monkeypatch.setattr(settings, "SYSTEM_CONTAINERS", tmp_path / "etc")


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that the test starts are not measured: coverage shows in what they import and do."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the test's own process, tries follow each other at once: for other subjects than waits.

    Five tries are three seconds otherwise.
    """
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0.002)


@pytest.fixture
def repository() -> str:
    """A repository path that no other test uses, for registries that tests share."""
    return f"t/{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def docker_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """The real registry, open and on plain HTTP; one for all tests of a worker process."""
    with running_registry(tmp_path_factory.mktemp("docker-registry")) as registry:
        yield registry


@pytest.fixture
def start_docker_registry(tmp_path: Path) -> Iterator[Callable[..., RunningRegistry]]:
    """Starts special registries: takes the options of ``running_registry``, ends with the test."""
    with ExitStack() as running:

        def start(**options: object) -> RunningRegistry:
            folder = tmp_path / f"docker-registry-{uuid.uuid4().hex[:8]}"
            return running.enter_context(running_registry(folder, **options))

        yield start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for loopback that is its own authority."""
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def docker_manifest(tmp_path: Path) -> CommandLine:
    """``docker manifest``, with a configuration folder of the test's own."""
    return docker_client.docker_manifest(tmp_path / "home" / ".docker")


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedCommandLine]:
    """Our command line, run as processes: forks of one that has loaded it."""
    with forked_manyfest(tmp_path_factory.mktemp("forks")) as command_line:
        yield command_line


@pytest.fixture(scope="session")
def manyfest(forks: ForkedCommandLine) -> CommandLine:
    """Our command line, as forks; folders where starting it is the subject override it."""
    return forks


@pytest.fixture
def started_manyfest() -> CommandLine:
    """Our command line, run as a program from its first moment on, where that is the subject."""
    return docker_client.manyfest()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test fails the run where ``MANYFEST_TESTS_NO_SKIP`` is set."""
    if _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if skipped := _skipped(config):
        terminalreporter.write_line(f"{skipped} skipped, and {NO_SKIP} is set", red=True)


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", ())) if reporter and skipping_is_forbidden() else 0


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; each module makes a database of its own."""
    with running_postgres() as server:
        yield server
