"""The pulls that a registry has left for us, in words (``docs.docker.com/docker-hub/usage/pulls``).

Docker Hub sends ``RateLimit-Remaining: 76;w=21600``: a number, and the seconds of the window.
"""

import re
from collections.abc import Iterator, Mapping

from manyfest.cli.rendering.humanize import counted

_HEADER = re.compile(r"(\d{1,9})(?:;w=(\d{1,7}))?", re.ASCII)
_HOUR = 3600


def pulls_left(told: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each host that told: ``docker.io: 76 of 100 pulls left (in 6 hours)``."""
    for host, headers in told.items():
        left, limit = map(_HEADER.match, headers)
        if left is not None:
            of = f" of {limit[1]}" if limit else ""
            window = f" (in {counted(int(left[2]) // _HOUR, 'hour')})" if left[2] else ""
            yield f"{host}: {left[1]}{of} pulls left{window}"
