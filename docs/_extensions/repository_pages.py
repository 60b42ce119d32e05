"""Markdown that GitHub shows as well: links out of the folder, and the tree of the pages.

A link to a file that is no page becomes one to the repository's site, and the file must be there.
README.md is the index, and its tables are the contents: the pages of each section become a tree.
"""

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

_LINK = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")
_PAGE = re.compile(r"\]\(([\w/-]+)\.md\)")
_log = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_config_value("repository_url", "", "env")
    app.add_config_value("repository_docs", "", "env")
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = _LINK.sub(lambda link: _linked(app, name, link[1]), source[0])
    if name == app.config.root_doc:
        source[0] += _trees(source[0])


def _linked(app: Sphinx, name: str, target: str) -> str:
    docs = Path(app.config.repository_docs)
    path, _, anchor = target.partition("#")
    file = (docs / name).parent.joinpath(path).resolve()
    if file == docs.resolve() / "README.md":
        return (
            f"](/{app.config.root_doc}.md#{anchor})" if anchor else f"](/{app.config.root_doc}.md)"
        )
    is_page = file.is_relative_to(docs.resolve()) and file.suffix in {".md", ".png", ".svg"}
    if is_page or (Path(app.srcdir) / name).parent.joinpath(path).exists():
        return f"]({target})"
    root = docs.resolve().parent
    if not file.exists():
        _log.warning("no such file: %s", target, location=name)
    if file.suffix in {".png", ".svg"} and file.exists():
        shutil.copy(file, Path(app.srcdir))  # pages load nothing from elsewhere
        return f"](/{file.name})"
    end = f"#{anchor}" if anchor else ""
    return f"]({app.config.repository_url}{file.relative_to(root).as_posix()}{end})"


def _trees(text: str) -> str:
    trees = []
    for section in text.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        pages = list(dict.fromkeys(_PAGE.findall(body)))
        if title == "Reference":
            pages += ["reference/names", "reference/cli/index"]
        if pages:
            trees.append(
                "\n".join(
                    ["", "```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```", ""]
                )
            )
    return "\n".join(trees)
