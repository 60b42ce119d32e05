"""Reading what another program or a person hands over."""

import sys
from typing import BinaryIO


def standard_input() -> BinaryIO:
    """Standard input, as bytes. Raises OSError when it is closed."""
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin.buffer
