"""The modules that a command may load: no HTTP client for local ones, no schema tools for any."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.http.registry_server import REGISTRY, RegistryServer

# All commands begin with the same import: each is a fork from there on. The program itself imports
# nothing that Python has not loaded.
_PROGRAM = """\
import os, sys
from manyfest.cli.process.main import main
for line in sys.stdin:
    arguments, folder, environment = eval(line)
    if not os.fork():
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        answer, nothing = os.dup(1), os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        code = main(arguments)
        os.write(answer, " ".join([str(code), *sorted(sys.modules)]).encode())
        os._exit(0)
    os.wait()
    os.write(1, b"\\n")
"""

HEAVY = {
    "httpx",
    "httpcore",
    "ssl",
    "rich",
    "pygments",
    "cattrs",
    "sqlite_utils",
    "asyncio",
    "typer",
}
HEAVY |= {"manyfest.library"}  # the other driver of the same operations
HEAVY |= {"manyfest.store.host_book"}  # who asks no host needs no memory for them

# The arguments, and which of the heavy packages they may load.
COMMANDS: dict[str, tuple[list[str], set[str]]] = {
    "version": (["--version"], set()),
    "help": (["--help"], {"typer"}),
    "help of a group": (["cache", "--help"], {"typer"}),
    "ls": (["ls"], set()),
    "inspect a draft": (["inspect", "oci:app:list"], set()),
    "inspect an entry": (["inspect", "-v", "oci:app:list", "oci:app:a"], set()),
    "inspect a layout": (["inspect", "oci:app:a"], set()),
    "inspect offline": (["inspect", "--offline", "oci:app:a"], set()),
    "show": (["show", "oci:app:a"], set()),
    "tags": (["tags", "oci:app"], set()),
    "digest": (["digest", "oci:app:a"], set()),
    "attached": (["attached", "oci:app:a"], set()),
    "annotate": (["annotate", "--os", "linux", "oci:app:list", "oci:app:a"], set()),
    "create from a layout": (["create", "oci:app:new", "oci:app:a"], set()),
    "push to a layout": (["push", "oci:app:list"], set()),
    "rm": (["rm", "oci:app:list"], set()),
    "cache ls": (["cache", "ls"], set()),
    "cache query": (["cache", "query", "SELECT 1"], set()),
    "cache gc": (["cache", "gc", "--dry-run"], set()),
    "history": (["history", "oci:app:a"], set()),
    "who": (["who", "oci:app:a"], set()),
    "inspect a past state": (["inspect", "oci:app:a@{0}"], set()),
    "undo in a layout": (["undo", "oci:app:a@{0}"], set()),
    "inspect online": (
        ["inspect", "127.0.0.1:1/app:a"],
        {"httpx", "httpcore", "ssl", "manyfest.store.host_book"},
    ),
}


# How many modules of ours a command may load that asks a registry, and what none of them needs.
ONLINE_BUDGETS: dict[str, tuple[list[str], int]] = {
    "create and push": (["create", "--push", "{host}/app:l", "{host}/app:a", "{host}/app:b"], 192),
    "create": (["create", "{host}/app:l", "{host}/app:a", "{host}/app:b"], 178),
    "push": (["push", "{host}/app:l"], 189),
    "inspect": (["inspect", "{host}/app:a"], 152),
}
UNUSED = {"anyio", "certifi", "idna", "subprocess", "zstandard"}


Run = Callable[[list[str]], list[str]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs a command in the folder and environment of the test: its exit code, and its modules."""
    program = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as forked:

        def run(arguments: list[str]) -> list[str]:
            forked.stdin.write(f"{(arguments, str(Path.cwd()), dict(os.environ))!r}\n")
            answer = forked.stdout.readline().split()
            assert answer, f"{arguments}: ended without an exit code"
            return answer

        yield run
        forked.stdin.close()


@frozen
class Prepared:
    """A folder with a layout ``app``, and the store and drafts of steps that were done in it."""

    folder: Path

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Go to the folder: its path is in the store."""
        monkeypatch.chdir(self.folder)
        monkeypatch.setenv("HOME", str(self.folder))
        monkeypatch.setenv("MANYFEST_STORE", str(self.folder / "store.sqlite"))

    def do(self, run: Run, *steps: list[str]) -> None:
        """Make the layout, and run the steps; they are kept for ``renew``."""
        push_image(LayoutRegistry(), Reference(Layout(str(self.folder / "app")), "a"), oci_image())
        with pytest.MonkeyPatch.context() as monkeypatch:
            self.enter(monkeypatch)
            assert [run(step)[0] for step in steps] == ["0"] * len(steps)
        shutil.copytree(self.folder, self._kept)

    def renew(self) -> None:
        """Take back what a test did."""
        shutil.rmtree(self.folder)
        shutil.copytree(self._kept, self.folder)

    @property
    def _kept(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}-kept")


@pytest.fixture(scope="module")
def with_a_list(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    prepared = Prepared(tmp_path_factory.mktemp("list"))
    prepared.do(run, ["create", "oci:app:list", "oci:app:a"], ["inspect", "oci:app:a"])
    return prepared


@pytest.fixture(scope="module")
def with_a_draft(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    prepared = Prepared(tmp_path_factory.mktemp("draft"))
    prepared.do(
        run,
        ["create", "r.example/app:l", "oci:app:a"],
        ["cache", "import", "--as", "r.example/app", "app"],
    )
    return prepared


@pytest.fixture(scope="module")
def of_python() -> set[str]:
    """The modules of Python alone."""
    python = [sys.executable, "-S", "-c", "import sys; print(*sys.modules)"]
    return set(subprocess.run(python, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(("arguments", "allowed"), COMMANDS.values(), ids=COMMANDS.keys())
def test_nothing_heavy_is_loaded_without_need(
    run: Run,
    with_a_list: Prepared,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    allowed: set[str],
) -> None:
    with_a_list.renew()
    with_a_list.enter(monkeypatch)
    code, *modules = run(arguments)
    assert code == ("5" if "httpx" in allowed else "0")
    assert HEAVY & set(modules) <= allowed


# How many modules a command may load beside those of Python alone: what it may cost to start,
# counted, since seconds are another machine's business (ADR 0009). These numbers only go down.
# Python alone is without ``site``, which loads the finder of an editable install.
BUDGETS: dict[str, tuple[list[str], int]] = {
    "version": (["--version"], 96),
    "ls": (["ls"], 144),
    "annotate": (["annotate", "--os", "linux", "r.example/app:l", "oci:app:a"], 150),
    "inspect a draft": (["inspect", "r.example/app:l"], 150),
    "inspect offline": (["inspect", "--offline", "r.example/app:a"], 171),
}


@pytest.mark.parametrize(("arguments", "budget"), BUDGETS.values(), ids=BUDGETS.keys())
def test_local_commands_load_few_modules(
    run: Run,
    with_a_draft: Prepared,
    monkeypatch: pytest.MonkeyPatch,
    of_python: set[str],
    arguments: list[str],
    budget: int,
) -> None:
    with_a_draft.renew()
    with_a_draft.enter(monkeypatch)
    code, *modules = run(arguments)
    assert code == "0"
    assert len(set(modules) - of_python) <= budget


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    registry = MemoryRegistry()
    with RegistryServer(registry) as server:
        for tag in "ab":
            image = oci_image("linux/arm64" if tag == "b" else "linux/amd64")
            push_image(registry, Reference.parse(f"{REGISTRY}/app:{tag}"), image)
        yield server.host


@pytest.mark.parametrize(
    ("arguments", "budget"), ONLINE_BUDGETS.values(), ids=ONLINE_BUDGETS.keys()
)
def test_online_commands_load_few_modules(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    of_python: set[str],
    host: str,
    arguments: list[str],
    budget: int,
) -> None:
    Prepared(tmp_path).enter(monkeypatch)
    arguments = [argument.format(host=host) for argument in arguments]
    if arguments[0] == "push":
        run(["create", "--amend", arguments[1], f"{host}/app:a", f"{host}/app:b"])
    code, *modules = run(arguments)
    assert code == "0"
    assert UNUSED & set(modules) <= of_python
    ours = [module for module in modules if module.startswith("manyfest.")]
    assert len(ours) <= budget


def test_a_copy_that_writes_nothing_loads_no_rules_and_no_progress_bar(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "a"), oci_image())
    copying = ["copy", "oci:app:a", "oci:other:a"]
    unused = {
        "manyfest.domain.verification.evaluation",
        "manyfest.cli.rendering.progress",
    }
    assert unused <= set(run(copying))
    assert not unused & set(run(copying))


@pytest.mark.parametrize("command", [["ls"], ["show", "oci:app:a"], ["inspect", "oci:app:a"]])
def test_readers_of_statements_are_loaded_by_their_own_commands_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "a"), oci_image())
    rooms = "manyfest.domain.statements", "manyfest.cli.rendering.attached"
    assert not [module for module in run(command) if module.startswith(rooms)]
    assert [module for module in run(["attached", "oci:app:a"]) if module.startswith(rooms)]


COMPLETED = {
    "a command": (["__complete", "ins"], set()),
    "a command of a group": (["__complete", "cache", ""], set()),
    "an option": (["__complete", "push", "--"], {"docker.push"}),
    "a value": (["__complete", "push", "--platform", ""], {"docker.push"}),
}


@pytest.mark.parametrize(("arguments", "commands"), COMPLETED.values(), ids=COMPLETED.keys())
def test_completion_loads_no_command_but_the_one_that_is_typed(
    run: Run, arguments: list[str], commands: set[str]
) -> None:
    code, *modules = run(arguments)
    folder = "manyfest.cli.commands."
    loaded = {module.removeprefix(folder) for module in modules if module.startswith(folder)}
    assert code == "0"
    assert {module for module in loaded if "." in module} == commands
