"""Signals at each moment of leaving: none makes a traceback, and exit code 0 means all is done.

``python tests/kill/leaving.py [--times 300] [--step 1] [--only push]... [--signal INT]...`` runs
each scene in forked children that get signals: one before every opcode (every ``--step``-th) of the
modules that start and leave the program; one before each of ``--times`` random opcodes of
the package; and ``--times`` bursts of one to three at random times, with no second in which further
signals are ignored. A child must end with 0 and the complete output, with 130 after Ctrl-C, or else
by the signal. It writes nothing to stderr, and draft and tag are the old or the new. Prints the
number of signals by scene; exits with 1 if something broke. A KeyboardInterrupt of Python's own
handler, before the program has installed another, is no failure.
"""

import argparse
import os
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
from manyfest.cli.process import console_script as program
from manyfest.cli.process import docker_plugin as plugin
from manyfest.cli.process import signals as endings
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.kill.forks import import_for
from tests.kill.opcodes import Start, at_opcode, in_leaving, in_package
from tests.kill.run import BrokenPromiseError, check_between
from tests.kill.soundness import State, faults_of, faults_of_layout, state_of
from tests.support.programs.our_program import run_here

LIST, SOURCES = "oci:app:l", ("oci:app:a", "oci:app:b")
CREATE, PUSH = ("create", LIST, *SOURCES), ("push", LIST)
SCENES: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {
    "create": (program.run, CREATE),
    "push": (program.run, PUSH),
    "docker manyfest push": (plugin.run, ("manyfest", *PUSH)),
}
HANGS = 60  # seconds


@define
class Stage:
    """One scene in the folder ``copy``, which begins as a copy of ``before``.

    Both have the same path in turn, which is a part of the drafts' names.
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
        self.renew()
        self.old = self.state()
        self.life(lambda _: None)
        self.output = self.parent.joinpath("copy", "out").read_text()
        self.new = self.state()
        if self.code or self.new == self.old:
            raise RuntimeError(f"undisturbed it ends with {self.code} and leaves {self.new}")

    def renew(self) -> None:
        rmtree(self.parent / "copy", ignore_errors=True)
        copytree(self.parent / "before", self.parent / "copy")

    def tries(self, start: Start, send: Callable[[int], int] = lambda _: 0, told: str = "") -> int:
        """Run and judge the scene once; return the number of signals that it was sent."""
        sent = self.life(start, send)
        try:
            self.judge()
        except BrokenPromiseError as broken:
            self.broken += 1
            print(f"{self.name}, {self.number.name} {told}: {broken}")
        return sent

    def life(self, start: Start, send: Callable[[int], int] = lambda _: 0) -> int:
        self.renew()
        told, tell = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, endings.SIGNALS)  # until the child can take them
        if (pid := os.fork()) == 0:
            self.live(lambda: start(tell))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, endings.SIGNALS)
        os.close(tell)
        sent = send(pid)
        self.code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sent += len(os.read(told, 9))
        os.close(told)
        return sent

    def live(self, start: Callable[[], None]) -> None:
        run, words = SCENES[self.name]
        os.chdir(self.parent / "copy")
        os.environ["MANYFEST_STORE"] = "store"
        for standard, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), standard)
        sys.argv[1:] = words
        signal.alarm(HANGS)
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, endings.SIGNALS)
            start()
            run()
        except BaseException:  # noqa: BLE001 - the child must not go on as its parent
            if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
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
        if self.code not in (0, by_signal) or err or (self.code == 0 and out != self.output):
            raise BrokenPromiseError(f"ends with {self.code}: {out!r}, {err}")
        left = self.state()
        if self.code == 0 and left != self.new:
            raise BrokenPromiseError(f"ends with 0 and leaves {left}")
        check_between(left, self.old, self.new)


def each(stage: Stage, step: int) -> int:
    """Until the scene ends before the opcode; the number of signals."""
    for times in count():
        at = times * step
        start = at_opcode(stage.number, at, in_leaving)
        if not stage.tries(start, told=f"before opcode {at} of leaving"):
            return times
    raise AssertionError


def anywhere(stage: Stage, times: int) -> int:
    opcodes = opcodes_of(stage)
    sent = 0
    for _ in range(times):
        at = stage.random.randrange(opcodes)
        start = at_opcode(stage.number, at, in_package)
        sent += stage.tries(start, told=f"before opcode {at} of the package")
    return sent


def opcodes_of(stage: Stage) -> int:
    """The number that the package runs in this scene."""
    passed = Value("q", 0)
    stage.life(at_opcode(stage.number, -1, in_package, passed))
    return passed.value


def burst(stage: Stage, times: int) -> int:
    def start(_: int) -> None:
        endings._UNDISTURBED = 0.0

    def send(pid: int) -> int:
        time.sleep(stage.random.uniform(0, usual))
        for _ in range(signals):
            os.kill(pid, stage.number)
            time.sleep(stage.random.uniform(0, 0.0005))
        return signals

    began, sent = time.monotonic(), 0
    stage.life(lambda _: None)
    usual = time.monotonic() - began
    for _ in range(times):
        signals = stage.random.randint(1, 3)
        sent += stage.tries(start, send, f"{signals} times")
    return sent


def prepare(parent: Path, name: str) -> None:
    """Make the folder ``before``: the images, and the draft that a push needs."""
    folder = parent / "copy"
    folder.mkdir(parents=True)
    os.chdir(folder)
    os.environ["MANYFEST_STORE"] = "store"
    for tag, platform in (("a", "linux/amd64"), ("b", "linux/arm64")):
        push_image(LayoutRegistry(), Reference(Layout("app"), tag), oci_image(platform))
    words = ("create", "oci:app:other", SOURCES[0]) if name == "create" else CREATE
    if (made := run_here(*words)).code:
        raise RuntimeError(made.stderr)
    folder.rename(parent / "before")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=300, help="random signals of each kind")
    parser.add_argument("--step", type=int, default=1, help="opcodes of leaving between signals")
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
            for number in options.signal or ("INT", "TERM", "HUP"):
                stage = Stage(name, signal.Signals[f"SIG{number}"], folder, Random(options.seed))
                sent = (
                    each(stage, options.step),
                    anywhere(stage, options.times),
                    burst(stage, options.times),
                )
                print(
                    f"{name}: {number} at each moment of leaving {sent[0]}, anywhere {sent[1]}, "
                    f"in bursts {sent[2]}; {stage.broken} broken",
                    flush=True,
                )
                broken += stage.broken
        os.chdir("/")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
