"""Advice where a draft is taken for a published image, or a published image for a draft."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attr import evolve

from manyfest.assembly.settings import store_path
from manyfest.domain.errors import ManyfestError
from manyfest.domain.references import DEFAULT_TAG, LAYOUT_SCHEME, Layout, Reference

if TYPE_CHECKING:
    from manyfest.store.store import SqliteStore

_PATIENCE = 0.5  # seconds that advice waits for another process

# The arguments that follow the draft in these commands, in the words of help.
_AFTER_DRAFT = {
    "add": "the images to add",
    "annotate": "its entry",
    "drop": "its entries",
    "inspect": "its entry",
}
_UNPUSHED = "a draft has this name; manyfest push publishes it"
_PUBLISHED = "rm deletes drafts; manyfest untag takes away a published tag"
_DOCKER_S = frozenset({"create", "annotate", "inspect", "push", "rm"})  # in docker's words


def on_missing_draft(command: str, name: str, words: Sequence[str]) -> str:
    """Advise on the draft that ``command`` does not find; docker's sentence may name its entry."""
    if command in _AFTER_DRAFT and any(map(_is_draft, words[1:])):
        return _draft_first(command)
    if command == "inspect" and len(words) > 1:
        return (
            f"with two arguments the first is a draft, and there is no such entry in a draft "
            f"{words[0]}; manyfest inspect -f - shows several references"
        )
    if command == "rm":
        return _PUBLISHED if _is_cached(name) else ""
    if command == "push" and words[0] == "from-spec":  # of manifest-tool
        return "manyfest apply publishes the lists of a spec"
    if command == "cache export":
        return "manyfest ls shows the drafts"
    return _no_draft(name)


def on_missing_entry(command: str, entry: str, name: str) -> str:
    """Advise on ``entry``, which a draft ``name`` does not have, or there is no such draft."""
    if _is_draft(name):
        return f"manyfest inspect {name} shows its entries"
    return _draft_first(command) if _is_draft(entry) else _no_draft(name)


def on_missing_manifest(command: str, name: str, words: Sequence[str]) -> str:
    """Advise on ``name``, which no registry, layout or store has."""
    if _is_draft(name):
        return _UNPUSHED
    if command == "create" and len(words) > 1 and _names(words[-1], name):
        return "the first argument is the list to create, the others are its images"
    if command == "copy" and len(words) > 1 and _names(words[0], name) and _is_cached(words[1]):
        return "the source is named first, then the target"
    without_tag = [word for word in words if _is_without_tag(word, name)][:1]
    advice = [f"{word} was given without a tag, so :{DEFAULT_TAG}" for word in without_tag]
    if advice or command not in _DOCKER_S or name.startswith(LAYOUT_SCHEME):
        advice += _tags_of(name)
    return "; ".join(advice)


def on_uncached(name: str) -> str:
    """Advise on ``name``, which is not in the store."""
    return _UNPUSHED if _is_draft(name) else ""


def _draft_first(command: str) -> str:
    return f"the draft is named first, then {_AFTER_DRAFT.get(command, 'its entries')}"


def _no_draft(name: str) -> str:
    if _is_cached(name):
        start = f"manyfest create {name} {name}"
        return f"it is published, but no draft has this name; start one from it with: {start}"
    return f"no draft has this name; create one with: manyfest create {name} IMAGE..."


def _tags_of(name: str) -> list[str]:
    """Return where the tags are listed beside which there is no ``name``, if there may be any."""
    named = _parsed(name)
    if named is None or named.tag is None or named.digest is not None:
        return []
    if isinstance(named.home, Layout) and not Path(named.home.directory).is_dir():
        return [f"there is no folder {named.home.directory}"]
    return [f"manyfest tags {named.home} lists the tags"]


def _is_draft(text: str) -> bool:
    return _asked_of_store(text, lambda store, name: store.drafts.find(name) is not None)


def _is_cached(text: str) -> bool:
    return _asked_of_store(
        text, lambda store, name: store.contents.last_observation(name) is not None
    )


def _asked_of_store(text: str, ask: "Callable[[SqliteStore, Reference], bool]") -> bool:
    """Ask the store of the name in ``text``; False where either cannot be read."""
    from manyfest.store.store import open_store

    path, name = store_path(os.environ), _parsed(text)
    if name is None or not isinstance(path, Path) or not path.is_file():
        return False
    with suppress(ManyfestError, OSError), closing(open_store(path, _PATIENCE)) as store:
        return ask(store, name)
    return False


def _parsed(text: str) -> Reference | None:
    """Parse ``text``, in which the path of a layout may be relative."""
    with suppress(ManyfestError):
        parsed = Reference.parse(text)
        if isinstance(parsed.home, Layout):
            home = Layout(os.path.abspath(parsed.home.directory))  # noqa: PTH100 -- links stay
            return evolve(parsed, home=home)
        return parsed
    return None


def _names(word: str, name: str) -> bool:
    parsed = _parsed(word)
    return parsed is not None and str(parsed) == name


def _is_without_tag(word: str, name: str) -> bool:
    default = f":{DEFAULT_TAG}"
    return name.endswith(default) and not word.endswith(default) and _names(word, name)
