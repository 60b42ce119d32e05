"""One use of an image in a file, and the variables in its name."""

import re
from collections.abc import Mapping

from manyfest.domain.values import frozen

# ``$NAME``, ``${NAME}``, ``${NAME:-default}``, ``${NAME-default}``, ``${NAME:+other}`` and
# ``${NAME:?message}``: as in Dockerfiles and compose files. ``$$`` is a dollar sign.
_VARIABLE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)(?:(:?[-+?])([^{}]*))?\})", re.ASCII)
_PATTERN = re.compile(r"\$\{\w+[#%/][^{}]*\}", re.ASCII)  # ``${NAME#prefix}``, and the like
_ROUNDS = 4  # of defaults that name variables themselves
_DOLLAR = "\0"  # a dollar sign that begins no variable: of ``$$``, or in the value of a variable


@frozen
class ImageUse:
    """The ``name`` of an image as it stands on a ``line``, with its variables replaced.

    ``platform`` is that which the file states, as text. ``fault`` says why the name cannot be
    looked up.
    """

    name: str
    line: int
    platform: str = ""
    fault: str = ""


def use_of(text: str, line: int, variables: Mapping[str, str], platform: str = "") -> ImageUse:
    """Return the use of an image whose name may have variables."""
    name, unknown = replaced(text, variables)
    fault = f"the variable {unknown} has no default" if unknown else ""
    if not fault and (pattern := _PATTERN.search(name)):
        fault = f"{pattern[0]} has a pattern, which only the build evaluates"
    stated, missing = replaced(platform, variables)
    return ImageUse(text if unknown else name, line, "" if missing else stated, fault)


def replaced(text: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """Return ``text`` with its variables replaced, and the first that has no value, if any."""
    unknown: list[str] = []

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name is None:
            return _DOLLAR
        found, mark, other = variables.get(name), match[3] or "", match[4] or ""
        if mark.endswith("+"):
            return other if found or (found is not None and mark == "+") else ""
        if found or (found is not None and mark not in {":-", ":?"}):
            return found.replace("$", _DOLLAR)
        if not mark.endswith("-"):
            unknown.append(name)
        return other

    for _ in range(_ROUNDS):
        text, before = _VARIABLE.sub(value, text), text
        if text == before or unknown:
            break
    return text.replace(_DOLLAR, "$"), next(iter(unknown), "")
