"""Recipes as a reader types them: the fenced blocks of a page, and the commands in these.

- ``console``: a command after ``$ ``, with what it prints below it; ``…`` stands for any text or
  lines, and a command that fails has the comment ``# exits with N``
- ``yaml``: the file named by a comment in its first line, such as ``# list.yaml``
- ``<!-- not run: REASON -->`` in the line before a block says why no test runs it
"""

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_STEP = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_CODE = re.compile(r" +# exits with (\d+)$")
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
    """A command, its exit code, and the lines below it; none are no promise."""

    command: str
    code: int
    printed: tuple[str, ...]

    def agrees_with(self, code: int, output: str) -> bool:
        """Whether the command has ended and printed as the page says."""
        pattern = "\n".join(map(_pattern, self.printed))
        is_as_shown = not self.printed or re.fullmatch(pattern, output.rstrip("\n"))
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
    for command, printed in _STEP.findall(block.text):
        code = _CODE.search(command)
        yield Step(
            _CODE.sub("", command),
            int(code[1]) if code else 0,
            tuple(printed.rstrip("\n").split("\n")) if printed.strip() else (),
        )
