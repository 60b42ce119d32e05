"""The form of a URL that may be shown: no secret gets through, at the price of some facts.

URLs are cut down to scheme, host, port and path. A text that could hide a password in any reading
(an ``@`` behind the host, a port that is no number) is cut down to its scheme.
"""

import re
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
UNUSUAL = "(not shown: it has an unusual form)"
_HOST = re.compile(r"[A-Za-z0-9.-]*|\[[A-Fa-f0-9:.]+\]", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}", re.ASCII)
_PATH = re.compile(r"[\w./~-]*")
# Greedy: a password may hold the quotation mark that the driver puts around it.
_QUOTED = re.compile("[\"'\u00ab\u201c\u201e](.*)[\"'\u00bb\u201d\u201c]")
_MARKS = re.compile(r"[^\w.~-]+")


def safe_url(text: str, *, shows_user: bool = False) -> str:
    """Return a URL, or ``HOST[:PORT]``, without user, password, query and fragment.

    ``shows_user`` leaves a user that stands before the only ``@``: some services put tokens there.
    """
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = "", text
    if mark and _SCHEME.fullmatch(scheme) is None:
        return UNUSUAL
    prefix = f"{scheme}{mark}"
    try:
        parts = urlsplit(f"//{rest}")
    except ValueError:
        return f"{prefix}{HIDDEN}"
    login, at, hosts = parts.netloc.rpartition("@")
    if "@" in parts.path + parts.query + parts.fragment or not all(
        map(_is_place, hosts.split(","))
    ):
        return f"{prefix}{HIDDEN}"
    user = _shown_login(login) if shows_user else HIDDEN
    path = parts.path if _PATH.fullmatch(parts.path) else f"/{HIDDEN}"
    shown = f"{prefix}{user + at if at else ''}{hosts}{path}"
    return f"{shown}?{HIDDEN}" if parts.query or parts.fragment else shown


def without_url_parts(message: str, url: str, shown: str) -> str:
    """Return ``message`` of a driver, with ``***`` where it quotes parts of ``url``.

    What ``shown``, the safe form of the URL, has of it stays.
    """
    secret = (_pieces(url) | _pieces(unquote(url))) - _pieces(shown)

    def hidden(quoted: re.Match[str]) -> str:
        whole = quoted[0]
        return f"{whole[0]}{HIDDEN}{whole[-1]}" if _pieces(quoted[1]) & secret else whole

    return _QUOTED.sub(hidden, message)


def _pieces(text: str) -> set[str]:
    return {piece for piece in _MARKS.split(text) if piece}


def _shown_login(login: str) -> str:
    user, colon, _ = login.partition(":")
    if _USER.fullmatch(user) is None or "@" in login:
        return HIDDEN
    return f"{user}:{HIDDEN}" if colon else user


def _is_place(place: str) -> bool:
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]"):
        host, port = place, ""
    is_port = not port or (port.isascii() and port.isdecimal())
    return is_port and _HOST.fullmatch(host) is not None
