"""A page: its data, for programs and for a template, and the commands that print the same."""

import shlex
from collections.abc import Mapping

from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.values import frozen

# The words of a URL's query, the last of each name.
Arguments = Mapping[str, str]


@frozen
class Page:
    """A page of the explorer.

    ``template`` is the name of the template that shows ``data``, which is also the answer for
    programs. ``commands`` print the same on a terminal, a line each; none for what cannot be shown.
    A page that ``is_immutable`` depends on digests alone.
    """

    template: str
    title: str
    data: Mapping[str, Json]
    commands: tuple[str, ...] = ()
    status: int = 200
    is_immutable: bool = False


def command_line(*words: str) -> str:
    """Return a ``manyfest`` command line, its words quoted for a shell."""
    return shlex.join(["manyfest", *words])


def error_page(message: str, status: int = 200) -> Page:
    """Return the page that says why another cannot be shown."""
    return Page("error.html", "Not shown", {"error": message, "fetchable": None}, status=status)
