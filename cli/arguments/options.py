"""The options that several commands share, each said once, and reading what they are given."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from manyfest.cli.settings import DEFAULT_JOBS, DEFAULT_SECONDS


def positive_seconds(seconds: float | None) -> float | None:
    """A time to wait that ends; typer's own bounds let ``nan`` and ``inf`` through."""
    if seconds is not None and not 0 < seconds < _LONGEST:
        raise typer.TyperException(f"--timeout wants a number of seconds, not {seconds:g}")
    return seconds


_LONGEST = 1e9

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PART = r"([0-9]{1,6})([smhd])"


def parse_age(text: str, option: str = "--max-age") -> timedelta:
    """How old something may be, as people write it: ``90s``, ``10m``, ``1h30m``, ``7d``."""
    if not re.fullmatch(f"(?:{_PART})+", text):
        raise typer.TyperException(f"{option} wants a time such as 90s, 10m, 2h, 1d, not {text!r}")
    parts = (timedelta(**{_UNITS[unit]: int(count)}) for count, unit in re.findall(_PART, text))
    return sum(parts, timedelta())


Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure", help="Talk to registries whose TLS cannot be verified, or that have none."
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs", min=1, max=256, envvar="MANYFEST_JOBS", help="How much to do at a time."
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        callback=positive_seconds,
        envvar="MANYFEST_TIMEOUT",
        show_default=f"{DEFAULT_SECONDS:.0f}, layers excepted",
        help="Seconds after which the command gives up.",
    ),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Use what was seen before; ask no registry.  [env var: MANYFEST_OFFLINE]",
    ),
]
MaxAge = Annotated[
    timedelta | None,
    typer.Option(
        "--max-age",
        metavar="AGE",
        parser=parse_age,
        envvar="MANYFEST_MAX_AGE",
        help="Believe what a tag was seen to be within 90s, 10m, 2h, 1d; ask otherwise.",
    ),
]
StaleIfError = Annotated[
    bool,
    typer.Option(
        "--stale-if-error",
        envvar="MANYFEST_STALE_IF_ERROR",
        help="Use what was seen last where a registry cannot be asked, and say so.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

JOBS = DEFAULT_JOBS


def require_arguments(
    command: str, names: Sequence[str] | None, least: int, most: int | None = None
) -> Sequence[str]:
    """The names, if they are as many as the command takes; else refused in docker's words."""
    given = names or ()
    if len(given) < least or (most is not None and len(given) > most):
        raise typer.TyperException(f"'manyfest {command}' {_requirement(least, most)}")
    return given


def _requirement(least: int, most: int | None) -> str:
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
