"""Files of documents that a command reads whole; ``-`` is standard input."""

from pathlib import Path

from manyfest.cli.output import standard_input
from manyfest.domain.errors import InputError

STDIN = "-"
_SIZE_LIMIT = 4 * 1024 * 1024  # bytes


def bytes_of(name: str) -> bytes:
    """Return the content of the file ``name``. Raises InputError: it is too large; OSError."""
    if name == STDIN:
        data = standard_input().read(_SIZE_LIMIT + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(_SIZE_LIMIT + 1)
    if len(data) > _SIZE_LIMIT:
        raise InputError(f"{name} has more than {_SIZE_LIMIT} bytes")
    return data
