"""Advice where a draft is taken for a published image, or a published image for a draft."""

import os
from contextlib import closing, suppress
from pathlib import Path

from attr import evolve

from manyfest.cli.settings import store_path
from manyfest.domain.errors import ManyfestError
from manyfest.domain.references import DEFAULT_TAG, Layout, Reference

_PATIENCE = 0.5  # seconds that advice waits for another process


def on_missing_draft(command: str, name: str, words: tuple[str, ...]) -> str:
    """Advise on the draft that ``command`` does not find; docker's sentence may name its entry."""
    if command == "inspect" and len(words) > 1:
        first = words[0]
        return (
            f"with two arguments the first is a draft, and there is no such entry in a draft "
            f"{first}; manyfest inspect -f - shows several references"
        )
    if command in {"rm", "cache export"}:
        return "manyfest ls shows the drafts"
    return f"no draft has this name; create one with: manyfest create {name} IMAGE..."


def on_missing_entry(entry: str, name: str) -> str:
    """Advise on ``entry``, which a draft ``name`` does not have, or there is no such draft."""
    if _is_draft(name):
        return f"manyfest inspect {name} shows its entries"
    if _is_draft(entry):
        return "the draft is named first, then its entry"
    return f"no draft has this name; create one with: manyfest create {name} IMAGE..."


def on_missing_manifest(command: str, name: str, words: tuple[str, ...]) -> str:
    """Advise on ``name``, which no registry or layout has."""
    if _is_draft(name):
        return "a draft has this name; manyfest push publishes it"
    if command == "create" and len(words) > 1 and _names(words[-1], name):
        return "the first argument is the list to create, the others are its images"
    without_tag = [word for word in words if _is_without_tag(word, name)]
    return f"{without_tag[0]} was given without a tag, so :{DEFAULT_TAG}" if without_tag else ""


def _is_draft(text: str) -> bool:
    from manyfest.store.store import open_store

    path, name = store_path(os.environ), _parsed(text)
    if name is None or not isinstance(path, Path) or not path.is_file():
        return False
    with suppress(ManyfestError, OSError), closing(open_store(path, _PATIENCE)) as store:
        return store.drafts.find(name) is not None
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
