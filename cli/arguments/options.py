"""The options that commands share, each declared once, and their arguments.

Theory of operation. typer makes a command from the signature of a function, where each option is
a parameter. It has no groups of options, so commands with the same six would repeat all six, and
pass them on one by one. ``docker_command`` writes the signature that typer reads: the arguments,
the function's own options, then the shared ones. It calls the function with the names that were
given, and with one value for the shared options.
"""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from manyfest.cli.process.pflag import ArgumentCountError
from manyfest.cli.settings import DEFAULT_SECONDS, NO_OPTIONS, CommonOptions

_LONGEST = 1e9  # seconds

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PART = r"([0-9]{1,6})([smhd])"


def positive_seconds(seconds: float | None) -> float | None:
    """Refuse 0, ``nan`` and ``inf``, which typer's own bounds let through."""
    if seconds is not None and not 0 < seconds < _LONGEST:
        raise typer.TyperException(f"--timeout wants a number of seconds, not {seconds:g}")
    return seconds


def parse_age(text: str, option: str = "--max-age") -> timedelta:
    """Parse a duration as people write it: ``90s``, ``10m``, ``1h30m``, ``7d``."""
    if not re.fullmatch(f"(?:{_PART})+", text):
        raise typer.TyperException(f"{option} wants a time such as 90s, 10m, 2h, 1d, not {text!r}")
    parts = (timedelta(**{_UNITS[unit]: int(count)}) for count, unit in re.findall(_PART, text))
    return sum(parts, timedelta())


def parse_size(text: str) -> int:
    """Parse a size as people write it: ``50MB``, ``64MiB``, ``1048576``; positive bytes."""
    match = re.fullmatch(r"([0-9]{1,15})(?:([kmgt])(i?)b?|b)?", text.strip().lower())
    size = int(match[1]) if match else 0
    if match is None or not size:
        raise typer.TyperException(f"--chunk-size wants a size such as 50MB or 64MiB, not {text!r}")
    power = "kmgt".index(match[2]) + 1 if match[2] else 0
    return size * int((1024 if match[3] else 1000) ** power)


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")
]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="With --dry-run: print each step, too.")
]

ForeignLayers = Annotated[
    bool,
    typer.Option(
        "--foreign-layers", help="Copy layers that have URLs of their own, such as Windows' base."
    ),
]

# The fields of CommonOptions as typer declares them, in the order in which help shows them.
_SHARED: dict[str, Any] = {
    "offline": Annotated[
        bool,
        typer.Option(
            "--offline",
            help="Use what was seen before; ask no registry.  [env var: MANYFEST_OFFLINE]",
        ),
    ],
    "max_age": Annotated[
        timedelta | None,
        typer.Option(
            "--max-age",
            metavar="AGE",
            parser=parse_age,
            envvar="MANYFEST_MAX_AGE",
            help="Believe what a tag was seen to be within 90s, 10m, 2h, 1d; ask otherwise.",
        ),
    ],
    "stale_if_error": Annotated[
        bool,
        typer.Option(
            "--stale-if-error",
            envvar="MANYFEST_STALE_IF_ERROR",
            help="Use what was seen last where a registry cannot be asked, and say so.",
        ),
    ],
    "insecure": Annotated[
        bool,
        typer.Option(
            "--insecure", help="Talk to registries whose TLS cannot be verified, or that have none."
        ),
    ],
    "jobs": Annotated[
        int,
        typer.Option(
            "--jobs", min=1, max=256, envvar="MANYFEST_JOBS", help="How much to do at a time."
        ),
    ],
    "chunk_size": Annotated[
        int | None,
        typer.Option(
            "--chunk-size",
            metavar="SIZE",
            parser=parse_size,
            envvar="MANYFEST_CHUNK_SIZE",
            show_default="whole, or what the registry takes",
            help="Upload larger blobs in chunks of this size (50MB, 64MiB).",
        ),
    ],
    "timeout": Annotated[
        float | None,
        typer.Option(
            "--timeout",
            callback=positive_seconds,
            envvar="MANYFEST_TIMEOUT",
            show_default=f"{DEFAULT_SECONDS:.0f}, layers excepted",
            help="Seconds after which the command gives up.",
        ),
    ],
    "sort": Annotated[
        str | None,
        typer.Option("--sort", metavar="COLUMN", help="Sort by a column; -COLUMN reverses."),
    ],
    "filters": Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="COLUMN=PATTERN",
            help="Show matching rows only, such as platforms=linux/arm*; != excludes them.",
        ),
    ],
    "columns": Annotated[
        str | None,
        typer.Option("--columns", metavar="COLUMN,...", help="Show these columns, in this order."),
    ],
    "no_trunc": Annotated[
        bool,
        typer.Option("--no-trunc", help="Show all columns in full, whatever the terminal's width."),
    ],
    "quiet": Annotated[
        bool, typer.Option("-q", "--quiet", help="Show only the first column, without headings.")
    ],
}

# Sets of them, for ``docker_command``.
OFFLINE = frozenset({"offline"})
FRESHNESS = frozenset({"max_age", "stale_if_error"})
INSECURE = frozenset({"insecure"})
TIMEOUT = frozenset({"timeout"})
UPLOADS = frozenset({"chunk_size"})
CONNECTION = INSECURE | TIMEOUT | {"jobs"}
TABLE = frozenset({"sort", "filters", "columns", "no_trunc", "quiet"})

Command = Callable[..., None]


def docker_command(
    name: str,
    metavar: str,
    least: int = 0,
    most: int | None = None,
    *,
    options: frozenset[str] = frozenset(),
) -> Callable[[Command], Command]:
    """Make a typer command of a function of ``names`` and perhaps ``options``.

    ``names`` are the arguments, which help shows as ``metavar``; without a metavar the function
    takes none. Fewer than ``least`` or more than ``most`` are refused in docker's words, with
    ``name`` as the command's. ``options`` is a CommonOptions. The function's further parameters are
    options of its own, and come first in help.
    """

    def decorate(function: Command) -> Command:
        def command(arguments: list[str] | None = None, **given: Any) -> None:
            names = require_arguments(name, arguments, least, most)
            if options:
                given["options"] = CommonOptions(**{key: given.pop(key) for key in options})
            function(*([names] if metavar else ()), **given)

        command.__doc__ = function.__doc__
        vars(command)["__signature__"] = _signature(function, metavar, options)
        return command

    return decorate


def _signature(function: Command, metavar: str, options: frozenset[str]) -> Signature:
    """Return the signature that typer reads.

    Each parameter has a default, so that ours is the check of the arguments' number.
    """
    argument = Annotated[list[str] | None, typer.Argument(metavar=metavar, show_default=False)]
    own = signature(function).parameters.values()
    return Signature(
        [
            *([_parameter("arguments", argument, None)] if metavar else ()),
            *(
                _parameter(option.name, option.annotation, option.default)
                for option in own
                if option.name not in {"names", "options"}
            ),
            *(
                _parameter(key, annotation, getattr(NO_OPTIONS, key))
                for key, annotation in _SHARED.items()
                if key in options
            ),
        ]
    )


def _parameter(name: str, annotation: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation, default=default)


def require_arguments(
    command: str, names: Sequence[str] | None, least: int, most: int | None = None
) -> Sequence[str]:
    """Return the names. Raises ArgumentCountError, in docker's words, for another number."""
    given = names or ()
    if len(given) < least or (most is not None and len(given) > most):
        raise ArgumentCountError(f"'manyfest {command}' {_requirement(least, most)}")
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
