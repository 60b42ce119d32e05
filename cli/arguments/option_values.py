"""What people write after ``annotate``'s options, as the domain's values."""

import re
from collections.abc import Sequence

import typer

from manyfest.cli.process import pflag as pflags

_ANY_FIELD = r'"(?:[^"]|"")*"|[^",\n]*'
_FIELD = re.compile(rf"(?:\A|,)({_ANY_FIELD})")
_RECORD = re.compile(rf"(?:{_ANY_FIELD})(?:,(?:{_ANY_FIELD}))*(?=\n|\Z)")


def annotations(texts: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """``KEY=VALUE`` texts as pairs; a value may have further equals signs."""
    return tuple(map(_pair, texts or ()))


def split_csv(flag: str, values: Sequence[str] | None) -> tuple[str, ...]:
    """As pflag's string slices: each value is a line of CSV, and an empty one is none.

    Raises InputError, which names ``--flag``.
    """
    named = pflags.Flag(flag)
    return tuple(field for value in values or () for field in _fields(named, value))


def forbid_combination(reason: str, **given: object) -> None:
    """Refuse those of the ``given`` options that have a value: ``reason`` says with what."""
    for name, value in given.items():
        if value:
            raise typer.TyperException(f"--{name.replace('_', '-')} {reason}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise typer.TyperException(f"--annotation wants KEY=VALUE, not {text!r}")
    return key, value


def _fields(flag: pflags.Flag, text: str) -> list[str]:
    """The first line that has anything, read by the rules of Go's ``encoding/csv``."""
    if not text:
        return []
    lines = text.replace("\r\n", "\n").removesuffix("\r").lstrip("\n")
    if not lines:
        pflags.refuse_value(flag, text, "EOF")
    record = _RECORD.match(lines)
    if record is None:
        reason = 'parse error on line 1: a " that neither begins nor ends a field'
        pflags.refuse_value(flag, text, reason)
    return [_unquoted(field) for field in _FIELD.findall(record[0])]


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field
