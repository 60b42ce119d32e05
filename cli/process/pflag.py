"""Argument parsing by the rules of Go's pflag, which docker uses.

``--flag=false``, ``-pv``, ``-p=true``, ``-fVALUE``, flags after arguments, and ``--`` before
arguments that look like flags. The caller gives the flags; errors use pflag's sentences
(``flag.go``).
"""

import json
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NoReturn

from manyfest.domain.errors import InputError, shortened
from manyfest.domain.values import frozen

# strconv.ParseBool takes these and no others.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


class UsageError(InputError):
    """The command line is not one that the command takes."""


class UnknownFlagError(UsageError):
    """The command has no ``flag``, which has its dashes; the message is pflag's sentence."""

    def __init__(self, flag: str, message: str) -> None:
        super().__init__(message)
        self.flag = flag


class ArgumentCountError(UsageError):
    """The command takes another number of arguments; the message is docker's sentence."""


@frozen
class Flag:
    """``--name`` and perhaps ``-letter``; a switch takes a value only after ``=``."""

    name: str
    letter: str = ""
    is_switch: bool = False

    def __str__(self) -> str:
        return f"-{self.letter}, --{self.name}" if self.letter else f"--{self.name}"


@frozen
class ParsedArguments:
    """Parsed arguments: flags with their values, in order, and the rest.

    The value of a switch is ``true`` or ``false``.
    """

    flags: tuple[tuple[Flag, str], ...]
    arguments: tuple[str, ...]

    def last_values(self) -> dict[Flag, str]:
        """Return each flag's last value, in the order in which the flags first appear."""
        return dict(self.flags)


def parse(
    words: Sequence[str], flags: Iterable[Flag], *, interspersed: bool = True
) -> ParsedArguments:
    """Parse ``words``. Unless ``interspersed``, the first argument ends the flags.

    Raises InputError: a flag is unknown or lacks its value, or the value of a switch is not one of
    Go's booleans.
    """
    reader = _Reader(words, flags)
    given: list[tuple[Flag, str]] = []
    arguments: list[str] = []
    while reader.words and (interspersed or not arguments):
        word = reader.words.popleft()
        if word == "--":
            break
        if word == "-" or not word.startswith("-"):
            arguments.append(word)
        elif word.startswith("--"):
            given.append(reader.long(word))
        else:
            given.extend(reader.letters(word))
    return ParsedArguments(tuple(given), (*arguments, *reader.words))


class _Reader:
    """The words that are not parsed yet, and the flags by name and by letter."""

    def __init__(self, words: Sequence[str], flags: Iterable[Flag]) -> None:
        self.words = deque(words)
        flags = tuple(flags)
        self._named = {flag.name: flag for flag in flags}
        self._lettered = {flag.letter: flag for flag in flags if flag.letter}

    def long(self, word: str) -> tuple[Flag, str]:
        name, equals, value = word.removeprefix("--").partition("=")
        if not name or name.startswith("-"):
            _refuse(f"bad flag syntax: {shortened(word)}")
        flag = self._named.get(name)
        if flag is None:
            raise UnknownFlagError(f"--{name}", f"unknown flag: --{shortened(name)}")
        if not equals:
            value = "true" if flag.is_switch else self._next_word(word)
        return flag, _checked(flag, value)

    def letters(self, word: str) -> list[tuple[Flag, str]]:
        """Parse ``-p``, ``-pv``, ``-p=true``, ``-pVALUE`` or ``-p VALUE``."""
        given = []
        rest = word.removeprefix("-")
        while rest:
            letter, tail = rest[0], rest[1:]
            flag = self._lettered.get(letter)
            shown = f"{_quoted_letter(letter)} in -{shortened(rest)}"
            if flag is None:
                raise UnknownFlagError(f"-{letter}", f"unknown shorthand flag: {shown}")
            if len(tail) > 1 and tail.startswith("="):
                value, rest = tail.removeprefix("="), ""
            elif flag.is_switch:
                value, rest = "true", tail
            else:
                value, rest = tail or self._next_word(shown), ""
            given.append((flag, _checked(flag, value)))
        return given

    def _next_word(self, shown: str) -> str:
        if not self.words:
            _refuse(f"flag needs an argument: {shown}")
        return self.words.popleft()


def _checked(flag: Flag, value: str) -> str:
    if not flag.is_switch:
        return value
    if value not in _BOOLEANS:
        shown = _quoted(shortened(value))
        refuse_value(flag, value, f"strconv.ParseBool: parsing {shown}: invalid syntax")
    return "true" if _BOOLEANS[value] else "false"


def refuse_value(flag: Flag, value: str, reason: str) -> NoReturn:
    """Raise InputError with pflag's sentence for a value that a flag cannot take."""
    _refuse(f'invalid argument {_quoted(shortened(value))} for "{flag}" flag: {reason}')


def _quoted(text: str) -> str:
    """Quote as Go's ``%q`` does, but escape control characters as JSON does."""
    return json.dumps(text, ensure_ascii=False)


def _quoted_letter(letter: str) -> str:
    return {"'": "'\\''", '"': "'\"'"}.get(letter, f"'{_quoted(letter)[1:-1]}'")


def _refuse(sentence: str) -> NoReturn:
    raise InputError(sentence)


def required_number(least: int, most: int | None) -> str:
    """Say in docker's words how many arguments a command takes."""
    if most is None:
        return f"requires at least {_arguments(least)}"
    if most == 0:
        return "accepts no arguments"
    if least == 0:
        return f"requires at most {_arguments(most)}"
    if least == most:
        return f"requires {_arguments(least)}"
    return f"requires at least {least} and at most {_arguments(most)}"


def _arguments(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"
