"""Variables in the file ``.env`` beside a compose file, as ``docker compose`` reads it."""

import re
from pathlib import Path

_SIZE_LIMIT = 1024 * 1024  # bytes
_LINE = re.compile(
    r"""\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*"""
    r"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(.*?))\s*(?:\s\#.*)?""",
    re.ASCII,
)


def variables_beside(file: str) -> dict[str, str]:
    """Return the variables of ``.env`` in the folder of ``file``; none if it cannot be read."""
    try:
        with (Path(file).parent / ".env").open("rb") as opened:
            text = opened.read(_SIZE_LIMIT).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return {}
    found = filter(None, map(_LINE.fullmatch, text.splitlines()))
    return {match[1]: match[2] or match[3] or match[4] or "" for match in found}
