"""Options of several commands, and values such as those of ``--annotation``, parsed."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from manyfest.assembly.references import mirror_home
from manyfest.cli.process import pflag
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError

_ANY_FIELD = r'"(?:[^"]|"")*"|[^",\n]*'
_FIELD = rf"(?:\A|,)({_ANY_FIELD})"
_RECORD = rf"(?:{_ANY_FIELD})(?:,(?:{_ANY_FIELD}))*(?=\n|\Z)"


def annotations(texts: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """Parse ``KEY=VALUE`` texts into pairs; a value may contain further equals signs."""
    return tuple(map(_pair, texts or ()))


ImageFiles = Annotated[
    list[str] | None,
    Option(
        "-f",
        "--file",
        metavar="FILE",
        help="Check the images in FILE: Dockerfile, compose, Kubernetes, Helm values, "
        "kustomization, CI pipeline, list; - is stdin.",
    ),
]
Listen = Annotated[
    str,
    Option("--listen", metavar="HOST:PORT", help="Listen on this address; port 0: any free one."),
]
Through = Annotated[
    Any,
    Option(
        "--through",
        metavar="MIRROR",
        parser=mirror_home,
        help="Ask the mirror HOST[:PORT][/PREFIX] alone; neither the origin nor the cache answers.",
    ),
]


def split_csv(flag: str, values: Sequence[str] | None) -> tuple[str, ...]:
    """Split values as pflag's string slices: each is a line of CSV, or empty.

    Raises InputError, which names ``--flag``: the CSV is malformed.
    """
    named = pflag.Flag(flag)
    return tuple(field for value in values or () for field in _fields(named, value))


def forbid_combination(reason: str, **given: object) -> None:
    """Refuse ``given`` options that have a value; ``reason`` ends the sentence."""
    for name, value in given.items():
        if value:
            raise UsageError(f"--{name.replace('_', '-')} {reason}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageError(f"--annotation wants KEY=VALUE, not {text!r}")
    return key, value


def _fields(flag: pflag.Flag, text: str) -> list[str]:
    """Return the first non-blank line's fields, by the rules of Go's ``encoding/csv``."""
    if not text:
        return []
    lines = text.replace("\r\n", "\n").removesuffix("\r").lstrip("\n")
    if not lines:
        pflag.refuse_value(flag, text, "EOF")
    record = re.match(_RECORD, lines)
    if record is None:
        reason = 'parse error on line 1: a " that neither begins nor ends a field'
        pflag.refuse_value(flag, text, reason)
    return [_unquoted(field) for field in re.findall(_FIELD, record[0])]


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field
