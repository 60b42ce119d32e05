"""Values that may be pasted into an issue: no secret gets through, at the price of some facts.

URLs are cut down to scheme, host, port and path. A text that could hide a password in any reading
(an ``@`` behind the host, a port that is no number) is cut down to its scheme.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_HOST = re.compile(r"[A-Za-z0-9.-]*|\[[A-Fa-f0-9:.]+\]", re.ASCII)
_KEY = re.compile(r"(?:https?://)?[A-Za-z0-9][A-Za-z0-9.:/_-]{0,254}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}", re.ASCII)
_HIDDEN = "***"
UNUSUAL = "(not shown: it has an unusual form)"


def safe_url(text: str) -> str:
    """Return a URL, or ``HOST[:PORT]``, without user, password, query and fragment."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = "", text
    if mark and _SCHEME.fullmatch(scheme) is None:
        return UNUSUAL
    prefix = f"{scheme}{mark}"
    try:
        parts = urlsplit(f"//{rest}")
    except ValueError:
        return f"{prefix}{_HIDDEN}"
    user, at, place = parts.netloc.rpartition("@")
    del user
    if "@" in parts.path + parts.query + parts.fragment or not _is_place(place):
        return f"{prefix}{_HIDDEN}"
    shown = f"{prefix}{_HIDDEN + '@' if at else ''}{place}{parts.path}"
    return f"{shown}?{_HIDDEN}" if parts.query or parts.fragment else shown


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


def _is_place(place: str) -> bool:
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]"):
        host, port = place, ""
    is_port = not port or (port.isascii() and port.isdecimal())
    return is_port and _HOST.fullmatch(host) is not None
