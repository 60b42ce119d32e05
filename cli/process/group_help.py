"""Help of the groups of commands, the program's own included, in sections."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from manyfest.cli.process.command import Parameter

_WIDEST = 120
_HELP = ("-h, --help", "Show this message and exit.")


def group_help(
    path: str,
    doc: str,
    sections: Mapping[str, Mapping[str, str]],
    options: Sequence[Parameter] = (),
) -> str:
    """Return the help of the group ``path``; ``sections`` have names of commands and summaries.

    It is as wide as the terminal, at most 120 columns.
    """
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    shown = [(", ".join(_names(option)), option.option.help) for option in options]
    blocks = [
        [f"Usage: {path} [OPTIONS] COMMAND [ARGS]..."],
        *_paragraphs(doc, width),
        ["Options:", *_rows([*shown, _HELP], width)],
        *([f"{title}:", *_rows(rows.items(), width)] for title, rows in sections.items()),
        [f"{path} COMMAND --help shows the options of a command."],
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _names(parameter: Parameter) -> Iterator[str]:
    metavar = "" if parameter.flag.is_switch else f" {parameter.option.metavar}"
    return (f"{name}{metavar}" for name in parameter.option.names)


def _paragraphs(doc: str, width: int) -> Iterator[list[str]]:
    """Wrap the paragraphs, but for examples, which stay one a line."""
    for paragraph in doc.strip().split("\n\n"):
        if paragraph.startswith("Examples:"):
            yield [f"  {line}" for line in paragraph.splitlines()]
        else:
            text = " ".join(paragraph.split())
            yield wrap(text, width, initial_indent="  ", subsequent_indent="  ")


def _rows(rows: Iterable[tuple[str, str]], width: int) -> list[str]:
    """Return a row for each name and its summary, which is wrapped beside it."""
    pairs = list(rows)
    margin = max(len(name) for name, _ in pairs) + 4
    lines: list[str] = []
    for name, text in pairs:
        beside = wrap(text, max(width - margin, 20)) or [""]
        lines.append(f"  {name:<{margin - 2}}{beside[0]}")
        lines += [f"{'':<{margin}}{line}" for line in beside[1:]]
    return lines
