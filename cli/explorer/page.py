"""A page: its data, for programs and for a template, and the commands that print the same."""

import shlex
from collections.abc import Mapping
from contextlib import suppress

from attr import evolve

from manyfest.cli.advice.remedies import told
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import (
    DamagedStoreError,
    DraftUnknownError,
    InputError,
    ManyfestError,
    NeverSeenError,
    NoSuchStateError,
    NotFoundError,
    UnauthorizedError,
)
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

# The words of a URL's query, the last of each name.
Arguments = Mapping[str, str]

_DIGESTS = ("sha256:", "sha512:")


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


def error_page(error: ManyfestError, status: int = 200, fetchable: str | None = None) -> Page:
    """Return the page that says why another cannot be shown, and what to do next.

    ``fetchable`` is a reference that the page has a button to fetch.
    """
    step, words = _next_step(error)
    page = refusal(told(error), status, step)
    commands = (command_line(*words),) if words else ()
    return evolve(page, data={**page.data, "fetchable": fetchable}, commands=commands)


def refusal(message: str, status: int, step: str = "") -> Page:
    """Return the page for a request that no page answers; ``step`` is what to do next."""
    data: dict[str, Json] = {"error": message, "next": step or None, "fetchable": None}
    return Page("error.html", "Not shown", data, status=status)


def _next_step(error: ManyfestError) -> tuple[str, tuple[str, ...]]:
    """Return what to do next, and the words of the command for it, if there are any."""
    step = ""  # other messages say it themselves
    words: tuple[str, ...] = ()
    match error:
        case NeverSeenError(reference=name) if _is_in_registry(name):
            step, words = "Fetch it into the cache.", ("cache", "fetch", name)
        case NoSuchStateError(state=state):
            step, words = "Choose one of its known states.", ("history", state.partition("@{")[0])
        case DraftUnknownError():
            step, words = "Choose one of the drafts.", ("ls",)
        case UnauthorizedError(host=host):
            step, words = "Log in to the registry.", ("login", host)
        case DamagedStoreError():
            step, words = "Check the store, and quarantine what is damaged.", ("cache", "fsck")
        case InputError() | NotFoundError():
            step = "Search for a part of the name or digest."
    return step, words


def _is_in_registry(name: str) -> bool:
    with suppress(InputError):
        is_digest = name.startswith(_DIGESTS)
        return not is_digest and isinstance(Reference.parse(name).home, Repository)
    return False
