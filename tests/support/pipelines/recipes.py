"""Recipes as a reader types them: the fenced blocks of a page, and the commands in these.

- ``console``: a command after ``$ ``, with what it prints below it; ``…`` stands for any text or
  lines, a command that fails has the comment ``# exits with N``, and a server, which prints its
  lines and goes on, ``# until Ctrl-C``
- in a block with output, a command without lines prints nothing; a block without any output only
  says what to type
- ``yaml``: the file named by a comment in its first line, such as ``# list.yaml``
- ``<!-- not run: REASON -->`` in the line before a block says why no test runs it

All commands of a page are typed into one shell, as a reader does.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_STEP = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_CODE = re.compile(r" +# exits with (\d+)$")
_SERVES = re.compile(r" +# until Ctrl-C$")
_FILE_NAME = re.compile(r"# (\S+\.(?:yaml|yml))\n")


@frozen
class Block:
    """A fenced block; ``reason`` is why it is not run, if it is not."""

    language: str
    text: str
    reason: str = ""

    @property
    def file_name(self) -> str:
        """The file that the block is, if it is one."""
        named = _FILE_NAME.match(self.text)
        return named[1] if named else ""


@frozen
class Step:
    """A command, its exit code, and the lines below it; without ``is_shown`` these are unknown."""

    command: str
    code: int
    printed: tuple[str, ...]
    is_shown: bool = True
    serves: bool = False

    def agrees_with(self, code: int, output: str) -> bool:
        """Whether the command has ended and printed as the page says."""
        pattern = "\n".join(map(_pattern, self.printed))
        is_as_shown = not self.is_shown or re.fullmatch(pattern, output.rstrip("\n"))
        return code == self.code and bool(is_as_shown)


def _pattern(line: str) -> str:
    """The pattern of a line; ``…`` alone is any number of lines."""
    return "(?s:.*)" if line == "…" else ".*".join(map(re.escape, line.split("…")))


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    found = _BLOCK.finditer(page.read_text())
    return [Block(one["language"], one["text"], one["reason"] or "") for one in found]


def steps_of(block: Block) -> Iterator[Step]:
    """The commands of a ``console`` block."""
    assert block.text.startswith("$ "), block.text
    found = _STEP.findall(block.text)
    is_shown = any(printed.strip() for _, printed in found)
    for command, printed in found:
        code, lines = _CODE.search(command), printed.rstrip("\n")
        yield Step(
            _CODE.sub("", _SERVES.sub("", command)),
            int(code[1]) if code else 0,
            tuple(lines.split("\n")) if lines else (),
            is_shown,
            bool(_SERVES.search(command)),
        )


def renamed(step: Step, names: Mapping[str, str]) -> Step:
    """The step with other names in its command and its output, such as the host of a registry."""
    for ours, theirs in names.items():
        printed = tuple(line.replace(ours, theirs) for line in step.printed)
        step = evolve(step, command=step.command.replace(ours, theirs), printed=printed)
    return step


def type_steps(steps: Sequence[Step], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Type all into one shell, in ``folder``; returns what disagrees with the page, in order."""
    notes = folder.parent / "typed"
    notes.mkdir()
    script = "\n".join(_typed(step, notes / str(number)) for number, step in enumerate(steps))
    subprocess.run(
        ["bash", "-c", f"{script}\nkill $(jobs -p) && wait"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=600,
    )
    return [told for number, step in enumerate(steps) if (told := _told(step, notes / str(number)))]


def _typed(step: Step, note: Path) -> str:
    """The lines of a script that run the step, and note its output and exit code.

    A server starts as a program of its own, which a signal ends, not as a fork of another.
    """
    if not step.serves:
        return f"{{ {step.command}\n}} >{note}.out 2>&1; echo $? >{note}.code"
    lines = len(step.printed)
    return (
        f": >{note}.out\n"  # what is started in the background makes it some time later
        f"(PATH=${{PATH#*:}}; exec {step.command}) >{note}.out 2>&1 & echo 0 >{note}.code\n"
        f"for try in {{1..600}}; do [ $(wc -l <{note}.out) -lt {lines} ] || break; sleep .1; done"
    )


def _told(step: Step, note: Path) -> str:
    """Return how the step has ended and what it printed, if the page says otherwise."""
    code, output = (note.with_suffix(kind) for kind in (".code", ".out"))
    if not code.exists():
        return f"$ {step.command}\n(the shell ended)"
    shown, ended = output.read_text(), int(code.read_text())
    return "" if step.agrees_with(ended, shown) else f"$ {step.command}\n{shown}(exit {ended})"
