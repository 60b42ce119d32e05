"""The options that commands share, each declared once, and the commands that take them.

Theory of operation. A command is a function whose keyword parameters declare options
(``cli.process.command``). Commands with the same six options would repeat all six, and pass them on
one by one. ``docker_command`` adds them to the function's own, and hands them over as one value.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from manyfest.assembly.settings import DEFAULT_SECONDS, MOST_JOBS
from manyfest.cli.process.command import Command, Option, Parameter, Parser, parameters_of
from manyfest.cli.process.pflag import ArgumentCountError, required_number
from manyfest.cli.settings import NO_OPTIONS, CommonOptions
from manyfest.domain.media_types import Family

# Values are rarely given, and are parsed by a module that is loaded then.


def parse_seconds(text: str, name: str) -> float:
    """Parse a time. Raises as ``quantities.parse_seconds``."""
    from manyfest.domain.encoding.quantities import parse_seconds

    return parse_seconds(text, name)


def whole_number(least: int, most: float = float("inf")) -> Parser:
    """Return the parser of a whole number from ``least`` to ``most``."""

    def parse(text: str, name: str) -> int:
        from manyfest.domain.encoding.quantities import parse_whole

        return parse_whole(text, name, least, most)

    return parse


def parse_age(text: str, name: str) -> timedelta:
    """Parse a duration. Raises as ``quantities.parse_age``."""
    from manyfest.domain.encoding.quantities import parse_age

    return parse_age(text, name)


def parse_size(text: str, name: str) -> int:
    """Parse a size in bytes. Raises as ``quantities.parse_size``."""
    from manyfest.domain.encoding.quantities import parse_size

    return parse_size(text, name)


def _parse_credentials(text: str, name: str) -> Any:
    from manyfest.cli.arguments.credentials import parse_credentials

    return parse_credentials(text, name)


def credentials_option(name: str, registry: str) -> Option:
    """Return the option ``--name`` that reads a login for the ``registry`` of its help."""
    return Option(
        f"--{name}",
        metavar="-|env:NAME",
        parser=_parse_credentials,
        help=f"Read USER:PASS for {registry} from standard input, or from a variable.",
    )


AsJson = Annotated[bool, Option("--json", help="Print JSON for programs.")]

DryRun = Annotated[
    bool, Option("--dry-run", help="Print what would be written, and write nothing.")
]
Verbose = Annotated[bool, Option("-v", "--verbose", help="With --dry-run: print each step, too.")]

ExpectPlatforms = Annotated[
    list[str] | None,
    Option(
        "--expect-platforms",
        metavar="OS/ARCH[/VARIANT],...",
        help="Publish only if the list has exactly these platforms, each once; else exit code 8.",
    ),
]

Convert = Annotated[
    Family | None,
    Option(
        "--convert",
        metavar="docker|oci",
        help="Convert the list and all its images to the media types of Docker or OCI.",
    ),
]
Attached = Annotated[
    bool,
    Option(
        "--attached",
        help="Fail if signatures, SBOMs and the like cannot come along; by default, warn.",
    ),
]
NoAttached = Annotated[
    bool,
    Option("--no-attached", help="Leave attached signatures, SBOMs and the like behind."),
]

ForeignLayers = Annotated[
    bool,
    Option(
        "--foreign-layers", help="Copy layers with URLs of their own, such as Windows base layers."
    ),
]

# The fields of CommonOptions as options, in the order in which help shows them.
_SHARED: dict[str, Any] = {
    "offline": Annotated[
        bool,
        Option(
            "--offline",
            help="Use only cached data; do not contact any registry.  [env var: MANYFEST_OFFLINE]",
        ),
    ],
    "max_age": Annotated[
        timedelta | None,
        Option(
            "--max-age",
            metavar="AGE",
            parser=parse_age,
            envvar="MANYFEST_MAX_AGE",
            help="Reuse a cached tag younger than AGE (90s, 10m, 2h, 1d); do not ask the registry.",
        ),
    ],
    "stale_if_error": Annotated[
        bool,
        Option(
            "--stale-if-error",
            envvar="MANYFEST_STALE_IF_ERROR",
            help="If a registry is unreachable, use the cached tag, with a warning.",
        ),
    ],
    "insecure": Annotated[
        bool,
        Option("--insecure", help="Allow unverified TLS certificates and plain HTTP."),
    ],
    "authfile": Annotated[
        Path | None,
        Option(
            "--authfile",
            metavar="FILE",
            help="Use only the logins in this file (auth.json of podman, config.json of docker).",
        ),
    ],
    "creds": Annotated[Any, credentials_option("creds", "the registry of the first reference")],
    "jobs": Annotated[
        int,
        Option(
            "--jobs",
            metavar="N",
            parser=whole_number(1, MOST_JOBS),
            envvar="MANYFEST_JOBS",
            help=f"Maximum number of parallel requests (1-{MOST_JOBS}).",
        ),
    ],
    "chunk_size": Annotated[
        int | None,
        Option(
            "--chunk-size",
            metavar="SIZE",
            parser=parse_size,
            envvar="MANYFEST_CHUNK_SIZE",
            default="whole, or what the registry takes",
            help="Upload larger blobs in chunks of this size (50MB, 64MiB).",
        ),
    ],
    "timeout": Annotated[
        float | None,
        Option(
            "--timeout",
            metavar="SECONDS",
            parser=parse_seconds,
            envvar="MANYFEST_TIMEOUT",
            default=f"{DEFAULT_SECONDS:.0f}, layers excepted",
            help="Give up after this time (10, 10s, 2m).",
        ),
    ],
    "sort": Annotated[
        str | None,
        Option("--sort", metavar="COLUMN", help="Sort by a column; -COLUMN reverses."),
    ],
    "filters": Annotated[
        list[str] | None,
        Option(
            "--filter",
            metavar="COLUMN=PATTERN",
            help="Show only rows whose COLUMN matches PATTERN (wildcards: * ?); != excludes them.",
        ),
    ],
    "columns": Annotated[
        str | None,
        Option("--columns", metavar="COLUMN,...", help="Show these columns, in this order."),
    ],
    "no_trunc": Annotated[
        bool,
        Option("--no-trunc", help="Show all columns in full, whatever the terminal's width."),
    ],
    "quiet": Annotated[
        bool,
        Option(
            "-q",
            "--quiet",
            help="Show only names, or the first of --columns, no headings.",
        ),
    ],
}

# Sets of them, for ``docker_command``.
OFFLINE = frozenset({"offline"})
FRESHNESS = frozenset({"max_age", "stale_if_error"})
INSECURE = frozenset({"insecure"})
TIMEOUT = frozenset({"timeout"})
UPLOADS = frozenset({"chunk_size"})
CREDENTIALS = frozenset({"creds"})
CONNECTION = INSECURE | TIMEOUT | CREDENTIALS | {"authfile", "jobs"}
TABLE = frozenset({"sort", "filters", "columns", "no_trunc", "quiet"})


def docker_command(
    name: str,
    metavar: str,
    least: int = 0,
    most: int | None = None,
    *,
    options: frozenset[str] = frozenset(),
    targets: Sequence[str] = (),
) -> Callable[[Callable[..., None]], Command]:
    """Make a command of a function of ``names`` and perhaps ``options``.

    ``names`` are the arguments, which help shows as ``metavar``; without a metavar the function
    takes none. Fewer than ``least`` or more than ``most`` are refused in docker's words, with
    ``name`` as the command's. ``options`` is a CommonOptions. The function's further parameters are
    options of its own, and come first in help. ``targets`` are those whose references come before
    the arguments when the first one counts.
    """

    def decorate(function: Callable[..., None]) -> Command:
        def run(arguments: Sequence[str], **given: Any) -> None:
            names = require_arguments(name, arguments, least, most)
            if options:
                common = CommonOptions(**{key: given.pop(key) for key in options})
                if common.creds is not None:
                    from manyfest.cli.arguments.credentials import with_login

                    first = (text for target in targets for text in given[target] or ())
                    common = with_login(common, [*first, *names])
                given["options"] = common
            function(*([names] if metavar else ()), **given)

        parameters = [*parameters_of(function), *_shared(options)]
        return Command(run, metavar, parameters, function.__doc__ or "")

    return decorate


def _shared(options: frozenset[str]) -> list[Parameter]:
    return [
        Parameter(key, annotation, getattr(NO_OPTIONS, key))
        for key, annotation in _SHARED.items()
        if key in options
    ]


def require_arguments(
    command: str, names: Sequence[str], least: int, most: int | None = None
) -> Sequence[str]:
    """Return the names. Raises ArgumentCountError, in docker's words, for another number."""
    if len(names) < least or (most is not None and len(names) > most):
        raise ArgumentCountError(f"'manyfest {command}' {required_number(least, most)}")
    return names
