"""Send signals at every moment of entry and exit: no traceback, and exit code 0 means done.

``python tests/kill/leaving.py [--times 300] [--step 1] [--only push]... [--signal INT]...`` runs
each scene in forked children that get signals:

- one before every opcode (or every ``--step``-th, where each kind of signal begins at another) of
  the modules that start and leave the program;
- one before each of ``--times`` random opcodes of the package;
- ``--times`` bursts of one to three signals at random times, with the second in which further
  signals are ignored switched off.

A child must exit with 0 and the complete output, with 130 after Ctrl-C, or else by the signal. It
must write nothing to stderr but that it was interrupted, and draft and tag must be the old ones or
the new ones. Prints the number of signals for each scene; exits with 1 if something broke. A
KeyboardInterrupt from Python's own handler, before the program has installed another, is no
failure.
"""

import argparse
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from multiprocessing import Value
from pathlib import Path
from random import Random
from shutil import copytree, rmtree

from attrs import define, field

sys.path.insert(0, str(Path(__file__).parents[2]))

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.cli.process import console_script, docker_plugin, signals
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.kill.forks import import_for
from tests.kill.opcodes import Start, at_opcode, in_entry_and_exit, in_package
from tests.kill.run import BrokenPromiseError, check_between
from tests.kill.soundness import State, faults_of, faults_of_layout, state_of
from tests.support.programs.our_program import run_here

INTERRUPTED = "note: interrupted\n"
# What a push says of a tag whose PUT was on its way, or done.
MOVED = re.compile(r"warning: (may have )?moved: \S+; the same command again moves the rest\n")
LIST, SOURCES = "oci:app:l", ("oci:app:a", "oci:app:b")
CREATE, PUSH = ("create", LIST, *SOURCES), ("push", LIST)
SCENES: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {
    "create": (console_script.run, CREATE),
    "push": (console_script.run, PUSH),
    "docker manyfest push": (docker_plugin.run, ("manyfest", *PUSH)),
}
HANG_SECONDS = 60  # a child that runs for longer gets SIGALRM


@define
class Stage:
    """One scene, run in the folder ``copy``, which starts as a copy of ``before``.

    ``prepare`` made ``before`` under the path of ``copy``, because the path is part of the drafts'
    names.
    """

    name: str
    number: signal.Signals
    parent: Path
    random: Random
    broken: int = 0
    code: int = 0
    output: str = ""
    old: State = field(init=False)
    new: State = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.reset()
        self.old = self.state()
        self.run_child(lambda _: None)
        self.output = self.parent.joinpath("copy", "out").read_text()
        self.new = self.state()
        if self.code or self.new == self.old:
            raise RuntimeError(f"without a signal it exits with {self.code} and leaves {self.new}")

    def reset(self) -> None:
        rmtree(self.parent / "copy", ignore_errors=True)
        copytree(self.parent / "before", self.parent / "copy")

    def attempt(
        self, start: Start, send: Callable[[int], int] = lambda _: 0, moment: str = ""
    ) -> int:
        """Run and judge the scene once; return the number of signals sent."""
        sent = self.run_child(start, send)
        try:
            self.judge()
        except BrokenPromiseError as broken:
            self.broken += 1
            print(f"{self.name}, {self.number.name} {moment}: {broken}")
        return sent

    def run_child(self, start: Start, send: Callable[[int], int] = lambda _: 0) -> int:
        self.reset()
        read_end, write_end = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, signals.SIGNALS)  # until the child can handle them
        if (pid := os.fork()) == 0:
            self.child(lambda: start(write_end))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals.SIGNALS)
        os.close(write_end)
        sent = send(pid)
        self.code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sent += len(os.read(read_end, 9))
        os.close(read_end)
        return sent

    def child(self, start: Callable[[], None]) -> None:
        run, arguments = SCENES[self.name]
        os.chdir(self.parent / "copy")
        os.environ["MANYFEST_STORE"] = "store"
        for standard, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), standard)
        sys.argv[1:] = arguments
        signal.alarm(HANG_SECONDS)
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals.SIGNALS)
            start()
            run()
        except BaseException:  # noqa: BLE001 - also a KeyboardInterrupt of Python's own handler
            if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        finally:  # a further signal must not let the child continue as its parent
            os._exit(130)

    def state(self) -> State:
        os.chdir(self.parent / "copy")
        store = Path("store").absolute()
        if faults := (*faults_of(store), *faults_of_layout(Path("app"))):
            raise BrokenPromiseError("; ".join(faults))
        return state_of(
            store, Reference(Layout(str(Path("app").absolute())), "l"), LayoutRegistry()
        )

    def judge(self) -> None:
        out, err = (self.parent.joinpath("copy", name).read_text() for name in ("out", "err"))
        by_signal = 130 if self.number is signal.SIGINT else -self.number
        is_told = MOVED.sub("", err, count=1) in {"", INTERRUPTED}
        is_complete = self.code != 0 or out == self.output
        if self.code not in (0, by_signal) or not is_told or not is_complete:
            raise BrokenPromiseError(f"ends with {self.code}: {out!r}, {err}")
        left = self.state()
        if self.code == 0 and left != self.new:
            raise BrokenPromiseError(f"ends with 0 and leaves {left}")
        check_between(left, self.old, self.new)


def at_each_opcode(stage: Stage, first: int, step: int) -> int:
    """Signal at later and later opcodes, until the scene ends first; return the signals sent."""
    for times in count():
        at = first + times * step
        start = at_opcode(stage.number, at, in_entry_and_exit)
        if not stage.attempt(start, moment=f"before opcode {at} of entry and exit"):
            if not times:
                raise RuntimeError("no opcode of entry and exit was traced")
            return times
    raise AssertionError


def at_random_opcodes(stage: Stage, times: int) -> int:
    opcodes = opcodes_of(stage)
    sent = 0
    for _ in range(times):
        at = stage.random.randrange(opcodes)
        start = at_opcode(stage.number, at, in_package)
        sent += stage.attempt(start, moment=f"before opcode {at} of the package")
    return sent


def opcodes_of(stage: Stage) -> int:
    """Count the opcodes of the package that this scene runs."""
    counter = Value("q", 0)
    stage.run_child(at_opcode(stage.number, -1, in_package, counter))
    return counter.value


def bursts(stage: Stage, times: int) -> int:
    def start(_: int) -> None:
        signals._CLEAN_UP_SECONDS = 0.0

    def send(pid: int) -> int:
        time.sleep(stage.random.uniform(0, usual))
        for _ in range(size):
            os.kill(pid, stage.number)
            time.sleep(stage.random.uniform(0, 0.0005))
        return size

    began, sent = time.monotonic(), 0
    stage.run_child(lambda _: None)
    usual = time.monotonic() - began
    for _ in range(times):
        size = stage.random.randint(1, 3)
        sent += stage.attempt(start, send, f"{size} times")
    return sent


def prepare(parent: Path, name: str) -> None:
    """Make the folder ``before``: the images, and the draft that a push needs."""
    folder = parent / "copy"
    folder.mkdir(parents=True)
    os.chdir(folder)
    os.environ["MANYFEST_STORE"] = "store"
    for tag, platform in (("a", "linux/amd64"), ("b", "linux/arm64")):
        push_image(LayoutRegistry(), Reference(Layout("app"), tag), oci_image(platform))
    arguments = ("create", "oci:app:other", SOURCES[0]) if name == "create" else CREATE
    if (made := run_here(*arguments)).code:
        raise RuntimeError(made.stderr)
    folder.rename(parent / "before")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=300, help="random signals of each kind")
    parser.add_argument(
        "--step", type=int, default=1, help="opcodes of entry and exit between signals"
    )
    parser.add_argument("--only", action="append", choices=SCENES, help="this scene alone")
    parser.add_argument("--signal", action="append", choices=("INT", "TERM", "HUP"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    import_for(("create", "push"))
    broken = 0
    with tempfile.TemporaryDirectory() as parent:
        for name in options.only or SCENES:
            folder = Path(parent, name)
            prepare(folder, name)
            kinds = options.signal or ("INT", "TERM", "HUP")
            for turn, number in enumerate(kinds):
                stage = Stage(name, signal.Signals[f"SIG{number}"], folder, Random(options.seed))
                sent = (
                    at_each_opcode(stage, turn * options.step // len(kinds), options.step),
                    at_random_opcodes(stage, options.times),
                    bursts(stage, options.times),
                )
                print(
                    f"{name}: {number} at each moment of entry and exit {sent[0]}, "
                    f"anywhere {sent[1]}, in bursts {sent[2]}; {stage.broken} broken",
                    flush=True,
                )
                broken += stage.broken
        os.chdir("/")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
