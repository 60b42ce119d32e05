"""What people write after ``annotate``'s options, as the domain's values."""

from collections.abc import Sequence

import typer

from manyfest.cli import pflags


def annotations(texts: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """``KEY=VALUE`` texts as pairs; a value may have further equals signs."""
    return tuple(map(_pair, texts or ()))


def separated(values: Sequence[str] | None) -> tuple[str, ...]:
    """As pflag's string slices: each value is a line of CSV, and an empty one is none."""
    return tuple(field for value in values or () for field in _fields(value))


def refuse_together(reason: str, **given: object) -> None:
    """Refuse those of the ``given`` options that have a value: ``reason`` says with what."""
    for name, value in given.items():
        if value:
            raise typer.TyperException(f"--{name.replace('_', '-')} {reason}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise typer.TyperException(f"--annotation wants KEY=VALUE, not {text!r}")
    return key, value


def _fields(line: str) -> list[str]:
    if '"' not in line and "\n" not in line:
        return line.split(",") if line else []
    import csv

    try:
        (fields,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as error:
        pflags.refuse_value(pflags.Flag("os-features"), line, f"parse error on line 1: {error}")
    return fields
