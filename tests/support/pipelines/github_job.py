"""A job as GitHub's runner runs it: steps in real bash, composite actions, files for commands.

Steps that need GitHub or a build engine are actions of other repositories; a test says what stands
in for each. Expressions are resolved as GitHub does it, by text: what a workflow writes into a
script is part of the script.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from attrs import define, field

from tests.support.pipelines.expressions import evaluate, resolve

ROOT = Path(__file__).parents[3]
OURS = "/.github/actions/"
TIMEOUT = 120.0  # seconds a step

Values = Mapping[str, str]
StandIn = Callable[["GithubJob", Values], Values]


class StepFailedError(Exception):
    """A step ended with ``code``; ``log`` is what it printed."""

    def __init__(self, name: str, code: int, log: str) -> None:
        super().__init__(f"{name} ended with {code}:\n{log}")
        self.code, self.log = code, log


@define
class GithubJob:
    """A job, the state that its steps share, and what they have told GitHub.

    ``stand_ins`` are actions of other repositories, and ours where they are not the subject, by
    their names without version.
    """

    workspace: Path
    temp: Path
    environment: dict[str, str]
    contexts: dict[str, object] = field(factory=dict)
    stand_ins: Mapping[str, StandIn] = field(factory=dict)
    outputs: dict[str, Values] = field(factory=dict)
    summary: str = ""
    log: str = ""

    def run(self, steps: Iterable[Mapping[str, object]]) -> Mapping[str, Values]:
        """Run the steps; returns the outputs by the id of the step. Raises StepFailedError."""
        self.outputs = self._run(steps, {})
        return self.outputs

    def use(self, action: str, inputs: Values) -> Values:
        """Run one of our actions; returns its outputs."""
        return self._composite(ROOT / ".github" / "actions" / action, inputs)

    def _run(
        self, steps: Iterable[Mapping[str, object]], contexts: Mapping[str, object]
    ) -> dict[str, Values]:
        outputs: dict[str, Values] = {}
        for number, step in enumerate(steps):
            known = self._known() | {
                "steps": {id_: {"outputs": values} for id_, values in outputs.items()}
            }
            found = self._step(step, known | dict(contexts))
            outputs[str(step.get("id", number))] = found
        return outputs

    def _known(self) -> dict[str, object]:
        runner = {"temp": str(self.temp), "os": "Linux", "arch": "X64"}
        return {
            **{
                key: {}
                for key in ("github", "job", "matrix", "needs", "secrets", "strategy", "vars")
            },
            "env": self.environment,
            "runner": runner,
            **self.contexts,
        }

    def _step(self, step: Mapping[str, object], contexts: Mapping[str, object]) -> Values:
        if not evaluate(str(step.get("if", "true")), contexts):
            return {}
        if "run" in step:
            env = {key: resolve(str(v), contexts) for key, v in _mapping(step, "env")}
            return self._script(step, resolve(str(step["run"]), contexts), env)
        name = str(step["uses"]).partition("@")[0]
        inputs = {key: resolve(_text(v), contexts) for key, v in _mapping(step, "with")}
        if OURS in name and name not in self.stand_ins:
            return self.use(name.partition(OURS)[2], inputs)
        return self.stand_ins[name](self, inputs)

    def _composite(self, folder: Path, given: Values) -> Values:
        action = yaml.safe_load((folder / "action.yml").read_text())
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"{folder.name} has no input {unknown}"
        inputs = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
        github = {**_object(self._known()["github"]), "action_path": str(folder)}
        contexts = {"inputs": inputs | dict(given), "github": github}
        found = self._run(action["runs"]["steps"], contexts)
        steps = {"steps": {id_: {"outputs": values} for id_, values in found.items()}}
        return {name: resolve(one["value"], steps) for name, one in action["outputs"].items()}

    def _script(self, step: Mapping[str, object], script: str, env: Values) -> Values:
        files = {name: self.temp / f"_{name}" for name in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        (self.temp / "_script.sh").write_text(script)
        options = ["-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", *options, str(self.temp / "_script.sh")],
            cwd=self.workspace / str(step.get("working-directory", ".")),
            env=self.environment
            | {"RUNNER_TEMP": str(self.temp), "RUNNER_OS": "Linux", "CI": "true"}
            | {f"GITHUB_{name}": str(file) for name, file in files.items()}
            | dict(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=TIMEOUT,
        )
        log = ended.stdout.decode(errors="replace")
        self.log += log
        if ended.returncode:
            raise StepFailedError(str(step.get("name", "run")), ended.returncode, log)
        self.environment |= values_in(files["ENV"].read_text())
        added = files["PATH"].read_text().split()
        self.environment["PATH"] = ":".join([*reversed(added), self.environment["PATH"]])
        self.summary += files["STEP_SUMMARY"].read_text()
        return values_in(files["OUTPUT"].read_text())


def values_in(text: str) -> dict[str, str]:
    """The values of a file for commands: ``NAME=VALUE``, or ``NAME<<END``, lines, ``END``."""
    values, lines = {}, iter(text.splitlines())
    for line in lines:
        name, mark, rest = line.partition("=")
        if "<<" in name or not mark:
            name, _, end = line.partition("<<")
            rest = "\n".join(_until(lines, end))
        values[name] = rest
    return values


def _until(lines: Iterator[str], end: str) -> Sequence[str]:
    found = []
    for line in lines:
        if line == end:
            return found
        found.append(line)
    raise AssertionError(f"{end} does not come")


def _mapping(step: Mapping[str, object], key: str) -> Iterable[tuple[str, object]]:
    return _object(step.get(key) or {}).items()


def _object(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return value


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
