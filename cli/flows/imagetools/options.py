"""Options of buildx that both commands take."""

import os
from enum import Enum
from typing import Annotated

from manyfest.cli.process.command import Option


class Progress(Enum):
    """Buildx's forms of progress."""

    AUTO = "auto"
    NONE = "none"
    PLAIN = "plain"
    QUIET = "quiet"
    RAWJSON = "rawjson"
    TTY = "tty"


Builder = Annotated[
    str | None, Option("--builder", metavar="NAME", help="Accepted, without effect: none is used.")
]
Debug = Annotated[
    bool, Option("-D", "--debug", help="Show the stack of an error, as MANYFEST_DEBUG=1 does.")
]


def apply_debug(*, is_on: bool) -> None:
    """Show the stack of an error from now on, if ``is_on``."""
    if is_on:
        os.environ["MANYFEST_DEBUG"] = "1"
