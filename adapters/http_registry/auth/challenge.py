"""Challenges of a ``WWW-Authenticate`` header (RFC 9110 §11.6.1). Pure."""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from attr import field

from manyfest.domain.errors import shortened
from manyfest.domain.values import frozen

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a grammar
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_PARAMETER = rf"({_TOKEN})\s*=\s*(?:{_QUOTED}|({_TOKEN}))\s*(?=,|$)"
_SCHEME = rf"({_TOKEN})(?:\s+|(?=,|$))"
_TOKEN68 = r"[A-Za-z0-9._~+/-]+=*\s*(?=,|$)"
_SEPARATOR = r"[\s,]*"
_ESCAPE = r"\\(.)"

_compiled = cache(re.compile)  # most registries challenge nobody

_SHOWN_LIMIT = 60

# The best first: a bearer token gives away less than a password.
_PREFERRED = ("bearer", "basic")


@frozen
class Challenge:
    """A scheme, lower case, and its parameters with lower-case names."""

    scheme: str
    parameters: Mapping[str, str] = field(factory=dict)

    def get(self, name: str) -> str:
        """Return a parameter, empty if it is missing."""
        return self.parameters.get(name, "")


def parse(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Parse all challenges in header lines; of a malformed line, those before the fault."""
    return tuple(challenge for line in headers for challenge in _parse_line(line))


def preferred(challenges: Iterable[Challenge]) -> Challenge | None:
    """Choose the challenge to answer: Bearer with a realm, then Basic; None if neither."""
    usable = [
        c for c in challenges if c.scheme == "basic" or (c.scheme == "bearer" and c.get("realm"))
    ]
    return min(usable, key=lambda challenge: _PREFERRED.index(challenge.scheme), default=None)


def unusable(headers: Iterable[str]) -> str:
    """Return header lines that have no usable challenge, as the end of a sentence."""
    made = ", ".join(filter(None, headers))
    return f", but {shortened(ascii(made), _SHOWN_LIMIT)}" if made else ""


def _parse_line(line: str) -> list[Challenge]:
    found: list[Challenge] = []
    position = _skip(line, 0)
    while position < len(line):
        scheme = _compiled(_SCHEME).match(line, position)
        if scheme is None:
            break
        parameters, position = _parse_parameters(line, scheme.end())
        found.append(Challenge(scheme[1].lower(), parameters))
    return found


def _parse_parameters(line: str, position: int) -> tuple[dict[str, str], int]:
    """Parse ``name=value`` pairs, or one token68, up to a fault. The first of a name counts."""
    parameters: dict[str, str] = {}
    position = _skip(line, position)
    while match := _compiled(_PARAMETER).match(line, position):
        name, quoted, plain = match.groups()
        value = plain if quoted is None else re.sub(_ESCAPE, r"\1", quoted)
        parameters.setdefault(name.lower(), value)
        position = _skip(line, match.end())
    token68 = None if parameters else _compiled(_TOKEN68).match(line, position)
    if token68 is not None and not _compiled(_SCHEME_BEFORE_PARAMETER).match(line, position):
        position = _skip(line, token68.end())
    return parameters, position


# ``Negotiate, Basic realm="x"``: the word after the first scheme is a scheme, and no token68.
_SCHEME_BEFORE_PARAMETER = rf"{_TOKEN}(?:\s+{_TOKEN}\s*=|\s*,|\s*$)"


def _skip(line: str, position: int) -> int:
    match = _compiled(_SEPARATOR).match(line, position)
    return match.end() if match else position
