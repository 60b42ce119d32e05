"""A page with the public names of the library, from their docstrings."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sphinx.application import Sphinx
from sphinx.config import Config

import manyfest

_PAGE = "reference/names"
_OPTIONS = {"members": "", "inherited-members": "object", "member-order": "bysource"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the page before Sphinx looks for it."""
    app.connect("config-inited", _write)
    return {"parallel_read_safe": True}


def _write(app: Sphinx, _config: Config) -> None:
    lines = ["# Names of the library", "", "`import manyfest` offers these names.", ""]
    (Path(app.srcdir) / f"{_PAGE}.md").write_text("\n".join([*lines, *_names()]) + "\n")


def _names() -> Iterator[str]:
    for name in sorted(manyfest.__all__, key=str.lower):
        value = getattr(manyfest, name)
        if isinstance(value, ModuleType) or name.startswith("_"):
            continue
        yield from (f"## {name}", "", "```{eval-rst}")
        if inspect.isclass(value):
            yield f".. autoclass:: manyfest.{name}"
            yield from (f"   :{option}: {text}".rstrip() for option, text in _OPTIONS.items())
        else:
            yield f".. autofunction:: manyfest.{name}"
        yield from ("```", "")
