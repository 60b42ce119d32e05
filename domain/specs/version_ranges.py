"""Ranges of semantic versions, as node and cargo write them, over tags.

    ^1.2      >=1.2.0 <2.0.0            1.x, 1     >=1.0.0 <2.0.0
    ~1.2      >=1.2.0 <1.3.0            *          any
    >=1.2 <2  both (a comma is a space) 1.2 - 1.4  >=1.2.0 <1.5.0
    ^1 || ^3  either

A tag is a version with or without a ``v``; parts that it leaves out count as 0. A pre-release
(``1.2.0-rc.1``) is selected only where the range names one of the same version, as in node-semver.
"""

import re
from collections.abc import Iterator
from functools import total_ordering

from manyfest.domain.errors import InputError, shortened
from manyfest.domain.values import frozen

_NUMBER = r"(?:0|[1-9][0-9]{0,17})"
_PART = rf"(?:{_NUMBER}|[xX*])"
_PRE = r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
_VERSION = re.compile(rf"v?({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?{_PRE}")
_PARTIAL = rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?{_PRE}"
_COMPARATOR = re.compile(rf"(\^|~>?|>=|<=|>|<|=)?\s*{_PARTIAL}")
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_SPACED = re.compile(r"(\^|~>?|>=|<=|>|<|=)\s+")

_Numbers = tuple[int, int, int]
_WHOLE = 3  # numbers of a version


@total_ordering
@frozen
class Version:
    """A version; ``pre`` are the identifiers of a pre-release, which comes before the release."""

    numbers: _Numbers
    pre: tuple[str, ...] = ()

    def __lt__(self, other: "Version") -> bool:
        """Compare by precedence (semver.org, item 11)."""
        return self._key < other._key

    @property
    def _key(self) -> tuple[_Numbers, bool, list[tuple[bool, int, str]]]:
        parts = [(not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in self.pre]
        return self.numbers, not self.pre, parts


def version_of(tag: str) -> Version | None:
    """Return the version that ``tag`` names; None if it names none."""
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None
    major, minor, patch, pre = match.groups()
    numbers = int(major), int(minor or 0), int(patch or 0)
    return Version(numbers, tuple(pre.split(".")) if pre else ())


@frozen
class _Bound:
    """One comparator: ``at`` with an operator of ``<``, ``<=``, ``>``, ``>=``."""

    operator: str
    at: Version

    def admits(self, version: Version) -> bool:
        if self.operator in ("<", ">="):
            return (version < self.at) == (self.operator == "<")
        return (self.at < version) == (self.operator == ">")


@frozen
class VersionRange:
    """A range: a version is in it if all bounds of one of the ``sets`` admit it."""

    sets: tuple[tuple[_Bound, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "VersionRange":
        """Parse a range. Raises InputError."""
        return cls(tuple(tuple(_bounds(part, text)) for part in text.split("||")))

    def admits(self, tag: str) -> bool:
        """Return whether ``tag`` is a version in this range."""
        version = version_of(tag)
        return version is not None and any(_is_in(version, bounds) for bounds in self.sets)


def _is_in(version: Version, bounds: tuple[_Bound, ...]) -> bool:
    if not all(bound.admits(version) for bound in bounds):
        return False
    named = (bound.at for bound in bounds if bound.at.pre and bound.at.pre != _LEAST)
    return not version.pre or any(at.numbers == version.numbers for at in named)


# The least pre-release: ``<2.0.0-0`` leaves out those of 2.0.0, and names none.
_LEAST = ("0",)


def _bounds(part: str, text: str) -> Iterator[_Bound]:
    if hyphen := _HYPHEN.fullmatch(part.strip()):
        yield from _of_word(f">={hyphen[1]}", text)
        yield from _of_word(f"<={hyphen[2]}", text)
        return
    words = _SPACED.sub(r"\1", part).replace(",", " ").split()
    if not words:  # any version to node-semver; here rather a variable that is not set
        raise _no_range(text)
    for word in words:
        yield from _of_word(word, text)


def _of_word(word: str, text: str) -> Iterator[_Bound]:
    match = _COMPARATOR.fullmatch(word)
    if match is None:
        raise _no_range(text)
    operator, *parts, pre = match.groups()
    numbers = [int(part) for part in parts if part and part not in "xX*"]
    if len(numbers) < len([p for p in parts if p]):  # a wildcard ends the version
        numbers = numbers[: next(n for n, p in enumerate(parts) if p and p in "xX*")]
    yield from _of_parts(operator or "=", numbers, tuple(pre.split(".")) if pre else ())


def _no_range(text: str) -> InputError:
    reason = "expected a range such as ^1.2, ~1.4, '>=1.2 <2' or 1.x, or * for any version"
    return InputError(f"{shortened(text)!r} is no range of versions: {reason}")


def _of_parts(operator: str, numbers: list[int], pre: tuple[str, ...]) -> Iterator[_Bound]:
    """Yield the bounds of one comparator; ``numbers`` are those that it names."""
    low = Version(_filled(numbers), pre)
    if not numbers:
        if operator in ("<", ">"):
            yield _Bound("<", Version((0, 0, 0), _LEAST))
        return
    if operator == "^":
        yield from (_Bound(">=", low), _Bound("<", _after(numbers, _first_part(numbers))))
    elif operator in ("~", "~>"):
        yield from (_Bound(">=", low), _Bound("<", _after(numbers, min(len(numbers), 2))))
    elif len(numbers) == _WHOLE:
        yield from (_Bound(each, low) for each in ((">=", "<=") if operator == "=" else [operator]))
    elif operator == "=":
        yield from (_Bound(">=", low), _Bound("<", _after(numbers, len(numbers))))
    elif operator in (">=", "<"):
        yield _Bound(operator, low)
    else:  # > and <= of a part mean all versions that begin with it
        yield _Bound(">=" if operator == ">" else "<", _after(numbers, len(numbers)))


def _filled(numbers: list[int]) -> _Numbers:
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    return major, minor, patch


def _after(numbers: list[int], length: int) -> Version:
    """Return the end of all versions that begin with the first ``length`` of ``numbers``."""
    kept = [*numbers[: length - 1], numbers[length - 1] + 1]
    return Version(_filled(kept), _LEAST)


def _first_part(numbers: list[int]) -> int:
    """Return how many numbers ``^`` keeps: up to the first that is not 0."""
    return next((n for n, number in enumerate(numbers, start=1) if number), len(numbers))
