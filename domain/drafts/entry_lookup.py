"""Finding an entry of a draft by what a person calls it; nothing but the draft is looked at."""

import re
from collections.abc import Callable, Iterator

from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.errors import (
    AmbiguousEntryError,
    EntryUnknownError,
    InvalidPlatformError,
    InvalidReferenceError,
)
from manyfest.domain.lists.platform_selection import matches_platform
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

# As short as git takes them; shorter ones are more likely a slip than a name.
_PREFIX = re.compile(r"(?:sha(?:256|512):)?[0-9a-f]{4,128}")

_Rule = Callable[[Draft, str], list[Entry]]


def find_entry(draft: Draft, text: str) -> Entry:
    """The entry that ``text`` names: by reference, digest, beginning of a digest, or platform.

    Tried in this order, and the first that finds something decides. A reference is the one an entry
    came by, or its content's (``repo@sha256:…``).
    Raises EntryUnknownError: nothing answers to it. AmbiguousEntryError: several do.
    InvalidReferenceError: it is no name of any kind.
    """
    for rule in _RULES:
        found = rule(draft, text)
        if len(found) == 1:
            return found[0]
        if found:
            raise AmbiguousEntryError(text, str(draft.name), tuple(_labels(found)))
    canonical_name(text)
    raise EntryUnknownError(text, str(draft.name))


def canonical_name(text: str) -> str:
    """``text``, or the full form of the reference that it can only be.

    Raises InvalidReferenceError: ``text`` is no name of any kind.
    """
    if _PREFIX.fullmatch(text) or _platform(text):
        return text
    return str(Reference.parse(text))


def _by_source(draft: Draft, text: str) -> list[Entry]:
    wanted = _reference(text)
    return [entry for entry in draft.entries if entry.source == wanted]


def _by_content(draft: Draft, text: str) -> list[Entry]:
    wanted = _reference(text)
    return [entry for entry in draft.entries if entry.content == wanted]


def _by_prefix(draft: Draft, text: str) -> list[Entry]:
    """A whole digest is its own beginning."""
    if _PREFIX.fullmatch(text) is None:
        return []
    return [
        entry
        for entry in draft.entries
        if str(entry.found.digest).startswith(text) or entry.found.digest.hex.startswith(text)
    ]


def _by_platform(draft: Draft, text: str) -> list[Entry]:
    wanted = _platform(text)
    return [
        entry
        for entry in draft.entries
        if wanted and (platform := entry.descriptor.platform) and matches_platform(platform, wanted)
    ]


_RULES: tuple[_Rule, ...] = (_by_source, _by_content, _by_prefix, _by_platform)


def _reference(text: str) -> Reference | None:
    try:
        return Reference.parse(text)
    except InvalidReferenceError:
        return None


def _platform(text: str) -> Platform | None:
    try:
        return Platform.parse(text)
    except InvalidPlatformError:
        return None


def _labels(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        yield f"{entry.descriptor.platform or 'no platform'} {entry.found.digest}"
