"""``kill -9`` at random moments: nothing that was committed is lost. Run by hand, for a while.

``python tests/kill/run.py [--times 300] [--only create]... [--signal INT]...`` kills each command
of ``scenes.py`` that many times by each signal: every other time at a moment within its duration
when nobody disturbs it, and every other time shortly after the store's journal appears, while the
file is being written. After each kill:

- the store is intact (SQLite's own check, and every row hashed again);
- the draft is the old one or the new one, and is marked as pushed only if it was;
- the tag on a real registry is the old list, or the new one with all its children;
- the next command works at once and leads to the state that an undisturbed one leads to.

Prints a line for each command; exits with 1 and says what broke if something did. Needs
``docker-registry`` and ``docker``.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from shutil import rmtree
from signal import Signals

from attrs import frozen

sys.path.insert(0, str(Path(__file__).parents[2]))

from manyfest.adapters.bundles.archive_registry import ArchiveRegistry
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.decorators.routing import RoutingRegistry
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.cli.exit_codes import INTERRUPTED
from manyfest.contracts.images import docker_image
from manyfest.domain.references import Reference
from tests.kill.forks import Completed, Program, import_for
from tests.kill.scenes import COMMANDS_RUN, DOCKER_DRAFT, SCENES, SOURCES, UNNEEDED, Scene, Words
from tests.kill.soundness import State, faults_of, faults_of_layout, state_of
from tests.support.programs.docker_client import docker_manifest
from tests.support.programs.docker_registry import running_registry
from tests.support.programs.registry_files import seed_image

PLATFORMS = ("linux/amd64", "linux/arm64", "linux/s390x", "linux/386")
JOURNAL_SECONDS = 0.002  # about the time that writing a transaction takes
LOCK_TIMEOUT = 10.0  # seconds; a command that waits for a stale lock gives up after these


class BrokenPromiseError(Exception):
    """A state that must never be seen."""


@frozen
class Stage:
    """A folder and a store for one run of a command, on a shared registry."""

    scene: Scene
    host: str
    folder: Path
    program: Program

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    @property
    def name(self) -> str:
        number = f"n{self.folder.name}"
        return self.scene.name.format(host=self.host, number=number, folder=self.folder)

    def words(self, words: Words) -> list[str]:
        return [word.format(host=self.host, list=self.name) for word in words]

    def prepare(self) -> None:
        self.folder.mkdir()
        os.environ["MANYFEST_STORE"] = str(self.store)
        for words in self.scene.before:
            self.run(words, (0,))

    def run(self, words: Words, accepted: Sequence[int]) -> float:
        ended = self.program.run(self.words(words))
        if ended.code not in accepted:
            raise BrokenPromiseError(f"{' '.join(words)} ends with {ended.code}: {ended.output}")
        return ended.seconds

    def state(self) -> State:
        """Read the current state. Raises BrokenPromiseError: it is damaged."""
        with closing(HttpRegistry(Deadline(60))) as http:
            registry = RoutingRegistry(
                lambda: http, LayoutRegistry, lambda _: http, lambda: ArchiveRegistry(Deadline(60))
            )
            try:
                state = state_of(self.store, Reference.parse(self.name), registry)
            except Exception as error:
                raise BrokenPromiseError(f"{type(error).__name__}: {error}") from error
        if faults := (*faults_of(self.store), *faults_of_layout(self.folder / "layout")):
            raise BrokenPromiseError("; ".join(faults))
        return state


def kill_once(
    stage: Stage, signal: Signals, seconds: float, goal: State, *, in_journal: bool
) -> str:
    """Kill once; return ``old``, ``new`` or ``between``, or ``ended`` if the kill came too late.

    "hot, " in front means that a journal was left for the next command to roll back.
    """
    stage.prepare()
    old = stage.state()
    journal = stage.store.with_name("store.db-journal")
    ended = stage.program.kill(
        stage.words(stage.scene.killed), seconds, signal, journal if in_journal else None
    )
    check_end(ended, signal)
    hot = journal.exists()
    left = stage.state()
    check_between(left, old, goal)
    if stage.run(stage.scene.again, stage.scene.accepted) >= LOCK_TIMEOUT:
        raise BrokenPromiseError(f"{stage.scene.again[0]} waits after the kill")
    if (new := stage.state()) != goal:
        raise BrokenPromiseError(f"run again it leads to {new}, not to {goal}")
    if ended.code == 0:
        return "ended"
    return ("hot, " if hot else "") + verdict(left, old, goal)


def check_end(ended: Completed, signal: Signals) -> None:
    """Require success, or an end by the signal (130 for Ctrl-C), and no error message."""
    by_signal = INTERRUPTED if signal is Signals.SIGINT else -signal
    if ended.code not in (0, by_signal) or "rror" in ended.output or "Trace" in ended.output:
        raise BrokenPromiseError(f"{signal.name} makes it end with {ended.code}: {ended.output}")


def check_between(left: State, old: State, new: State) -> None:
    """Require each part to be old or new, and no draft to be marked as pushed before its tag."""
    if left.unmarked not in (old.unmarked, new.unmarked) or left.tag not in (old.tag, new.tag):
        raise BrokenPromiseError(f"{left} is neither {old} nor {new}")
    pushed = left.draft.pushed if left.draft else None
    if pushed not in (None, left.tag) and left.draft != old.draft:
        raise BrokenPromiseError(f"marked as pushed and is not: {left}")


def verdict(left: State, old: State, new: State) -> str:
    if left == old:
        return "old"
    return "new" if left == new else "between"


def kill_often(
    name: str, stages: Iterator[Stage], times: int, signals: Sequence[Signals], random: Random
) -> bool:
    """Kill one scene's command ``times`` times by each signal and print the outcomes.

    Returns whether nothing broke.
    """
    usual, goal = undisturbed(next(stages))
    print(f"{name}: usually {usual * 1000:.0f} ms", flush=True)
    is_well = True
    for each in signals:
        outcomes: Counter[str] = Counter()
        for number in range(times):
            stage, in_journal = next(stages), number % 2 == 1
            moment = random.uniform(0, JOURNAL_SECONDS if in_journal else usual)
            try:
                outcomes[kill_once(stage, each, moment, goal, in_journal=in_journal)] += 1
            except BrokenPromiseError as broken:
                is_well = False
                outcomes["BROKEN"] += 1
                print(f"{name}, killed at {moment * 1000:.1f} ms: {broken}")
            rmtree(stage.folder)
        summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        print(f"{name}: {times} times {each.name}: {summary}", flush=True)
    return is_well


def undisturbed(stage: Stage) -> tuple[float, State]:
    """Run the command that will be killed; return its duration, and the state that is the goal."""
    stage.prepare()
    seconds = stage.run(stage.scene.killed, (0,))
    goal = stage.state()
    stage.run(stage.scene.again, stage.scene.accepted)
    if stage.state() != goal:
        raise BrokenPromiseError(f"run twice it leads to {stage.state()}, not to {goal}")
    return seconds, goal


def seed(host: str, docker_config: Path) -> None:
    """Push the images to the registry, and let docker make a draft of them."""
    with closing(HttpRegistry(Deadline(60))) as registry:
        for source, platform in zip((*SOURCES, UNNEEDED), PLATFORMS, strict=True):
            seed_image(registry, Reference.parse(source.format(host=host)), docker_image(platform))
    docker = docker_manifest(docker_config)
    names = [name.format(host=host) for name in (DOCKER_DRAFT, *SOURCES)]
    made = docker("create", "--insecure", *names)
    if made.code != 0:
        raise RuntimeError(made.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=300, help="kills by each signal")
    parser.add_argument("--only", action="append", choices=SCENES, help="this command alone")
    parser.add_argument("--signal", action="append", choices=("KILL", "TERM", "HUP", "INT"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = Random(options.seed)
    signals = [Signals[f"SIG{name}"] for name in options.signal or ("KILL",)]
    import_for(COMMANDS_RUN)
    with tempfile.TemporaryDirectory() as parent, running_registry(Path(parent, "r")) as registry:
        docker_config = Path(parent, "docker")
        os.environ.update(HOME=parent, DOCKER_CONFIG=str(docker_config), NO_PROXY="*")
        seed(registry.host, docker_config)
        all_well, numbers = True, count()
        for name in options.only or SCENES:
            folder = Path(parent, name.replace(" ", "-"))
            folder.mkdir()
            program = Program(folder / "output")
            stages = (
                Stage(SCENES[name], registry.host, folder / str(number), program)
                for number in numbers
            )
            all_well &= kill_often(name, stages, options.times, signals, random)
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main())
