"""A page and a man page for each command, written from the program itself."""

import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

from manyfest.cli.process.command import Command, Parameter
from manyfest.cli.process.command_group import SECTIONS, command_of, summary
from manyfest.domain.version import VERSION

_FOLDER = "reference/cli"
_MEMBERS = {name: title for title, section in SECTIONS.items() for name in section}


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for them."""
    app.connect("config-inited", _write)
    return {"parallel_read_safe": True}


def _write(app: Sphinx, config: Config) -> None:
    folder = Path(app.srcdir) / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text(_index())
    config.man_pages = [(f"{_FOLDER}/index", "manyfest", "multi-platform image lists", [], 1)]
    for name in _MEMBERS:
        slug = name.replace(" ", "-")
        (folder / f"{slug}.md").write_text("\n".join(_page(name, command_of(name))) + "\n")
        about = summary(name).rstrip(".")
        config.man_pages.append((f"{_FOLDER}/{slug}", f"manyfest-{slug}", about, [], 1))


def _index() -> str:
    lines = ["# manyfest", "", "Make, edit, look at and publish multi-platform image lists.", ""]
    lines += [
        "## Synopsis",
        "",
        "```text",
        "manyfest [--color auto|always|never] COMMAND ...",
        "```",
        "",
    ]
    for title, section in SECTIONS.items():
        lines += [f"## {title}", ""]
        for name in section:
            lines += [
                f"[manyfest {name}]({name.replace(' ', '-')}.md)",
                f": {_escaped(summary(name))}",
                "",
            ]
    names = [name.replace(" ", "-") for name in _MEMBERS]
    lines += ["```{toctree}", ":hidden:", "", *names, "```", ""]
    return "\n".join([*lines, f"This is version {VERSION}.", ""])


def _page(name: str, command: Command) -> Iterator[str]:
    synopsis = f"manyfest {name} [OPTIONS] {command.metavar}".rstrip()
    yield from (f"# manyfest {name}", "")
    # A man page has it under NAME.
    yield from ("```{only} html", _escaped(summary(name)), "```", "")
    yield from ("## Synopsis", "", "```text", synopsis, "```", "")
    paragraphs, examples = _parts(command.doc)
    if paragraphs:
        yield from ("## Description", "")
        for paragraph in paragraphs:
            yield from (_escaped(" ".join(paragraph.split())), "")
    yield from ("## Options", "")
    for parameter in command.parameters:
        yield from _option(parameter)
    yield from ("`-h`, `--help`", ": Show the help of the command.", "")
    if examples:
        yield from ("## Examples", "", "```text", *examples, "```", "")


def _parts(doc: str) -> tuple[list[str], list[str]]:
    """Return the paragraphs below the first line, and the lines of the examples."""
    text, _, examples = doc.partition("Examples:\n")
    paragraphs = [part for part in re.split(r"\n\s*\n", text)[1:] if part.strip()]
    return paragraphs, [line.strip() for line in examples.splitlines() if line.strip()]


def _option(parameter: Parameter) -> Iterator[str]:
    option = parameter.option
    value = "" if parameter.flag.is_switch else f" {option.metavar}"
    names = sorted(option.names, key=len)
    yield ", ".join([*(f"`{name}`" for name in names[:-1]), f"`{names[-1]}{value}`"])
    default = option.default or ("" if parameter.flag.is_switch else parameter.default)
    notes = [f"Default: {default}." if default else ""]
    notes.append(f"Environment variable: `{option.envvar}`." if option.envvar else "")
    yield from (": " + " ".join(filter(None, [_escaped(option.help), *map(str, notes)])), "")


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_<>{}|`\[\]$])", r"\\\1", text)
