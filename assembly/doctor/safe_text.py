"""Values that may be pasted into an issue: no secret gets through, at the price of some facts."""

import re
from collections.abc import Mapping

from manyfest.domain.encoding.shown_urls import UNUSUAL

_KEY = re.compile(r"(?:https?://)?[A-Za-z0-9][A-Za-z0-9.:/_-]{0,254}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def safe_key(text: str) -> str:
    """Return the key of credentials, which is a host, perhaps with a path."""
    return text if _KEY.fullmatch(text) else UNUSUAL


def safe_word(text: object) -> str:
    """Return a name, such as that of a credential helper."""
    return text if isinstance(text, str) and _WORD.fullmatch(text) else UNUSUAL


def safe_path(path: object, environment: Mapping[str, str]) -> str:
    """Return a path, with ``~`` for the home of the user."""
    text, home = str(path), environment.get("HOME", "").rstrip("/")
    return f"~{text[len(home) :]}" if home and f"{text}/".startswith(f"{home}/") else text
