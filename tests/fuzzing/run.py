"""Fuzzing by coverage, by hand: ``python -m tests.fuzzing.run PARSER [-max_total_time=60]``.

Needs atheris (``pip install atheris``), whose options follow the parser's name; ``parsers.py`` has
the names. Ends with a traceback when anything but an error of ours comes out. The property tests
fuzz the same by structure.
"""

import contextlib
import sys
from pathlib import Path
from tempfile import mkdtemp

import atheris

with atheris.instrument_imports(include=["manyfest"]):
    from manyfest.domain.errors import ManyfestError
    from tests.fuzzing.parsers import PARSERS, SEEDS


def main() -> None:
    """Fuzz the parser named first."""
    name, parse, corpus = sys.argv[1], PARSERS[sys.argv[1]], Path(mkdtemp())
    for number, seed in enumerate(SEEDS[name]):
        corpus.joinpath(str(number)).write_bytes(seed)

    def once(data: bytes) -> None:
        with contextlib.suppress(ManyfestError):
            parse(data)

    atheris.Setup([sys.argv[0], *sys.argv[2:], str(corpus)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
