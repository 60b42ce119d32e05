"""Lookup of a draft's entry by the name that a user gives it.

Reads only the draft: no store, no registry.
"""

import re
from collections.abc import Callable, Iterator

from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.errors import (
    AmbiguousEntryError,
    EntryUnknownError,
    InvalidPlatformError,
    InvalidReferenceError,
)
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.lists.platform_selection import asks_variant, best_matches
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

# At least 4 digits, as in git; shorter ones are more likely a typing error than a name.
_PREFIX = re.compile(r"(?:sha(?:256|512):)?[0-9a-f]{4,128}")

_Rule = Callable[[Draft, str], list[Entry]]


def find_entry(draft: Draft, text: str) -> Entry:
    """Find an entry by reference, digest, digest prefix or platform.

    Tried in this order; the first that matches decides. A reference is the entry's source, or that
    of its content (``repo@sha256:…``). A platform is first the one that is written so, then one
    with nothing beyond ``text``, then any that matches it.
    Raises EntryUnknownError: no entry matches; AmbiguousEntryError: several match;
    InvalidReferenceError: ``text`` is none of these.
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
    """Return ``text``; if only a reference, in its full form.

    Raises InvalidReferenceError: not a reference, digest prefix or platform.
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
    """Match digests by prefix, which includes whole digests; those of any algorithm whole."""
    whole = [entry for entry in draft.entries if str(entry.found.digest) == text]
    if whole or _PREFIX.fullmatch(text) is None:
        return whole
    return [
        entry
        for entry in draft.entries
        if str(entry.found.digest).startswith(text) or entry.found.digest.hex.startswith(text)
    ]


def _by_platform_as_written(draft: Draft, text: str) -> list[Entry]:
    """Match the text that errors and ``inspect`` show for an entry."""
    wanted = _platform(text)
    return [entry for entry in draft.entries if wanted and entry.descriptor.platform == wanted]


def _by_equal_platform(draft: Draft, text: str) -> list[Entry]:
    """Match platforms that have no variant, version or feature beyond those of ``text``."""
    wanted = _platform(text)
    if wanted is None:
        return []
    usual = normalised(wanted)
    if usual.variant and not asks_variant(wanted):
        return []  # linux/arm means any variant, though readers assume v7
    return [entry for platform, entry in _platforms(draft) if normalised(platform) == usual]


def _by_platform(draft: Draft, text: str) -> list[Entry]:
    wanted = _platform(text)
    return [] if wanted is None else list(best_matches(_platforms(draft), wanted))


# The first rule that finds an entry decides.
_RULES: tuple[_Rule, ...] = (
    _by_source,
    _by_content,
    _by_prefix,
    _by_platform_as_written,
    _by_equal_platform,
    _by_platform,
)


def _platforms(draft: Draft) -> list[tuple[Platform, Entry]]:
    return [(e.descriptor.platform, e) for e in draft.entries if e.descriptor.platform]


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
