"""What a command line in Python costs at least: a typer program with one empty command."""

import sys
from collections.abc import Iterable

from tests.benchmarks.measuring.cases import Command, Contender, Place

_PROGRAM = """\
import typer

app = typer.Typer()


@app.command()
def main() -> None:
    pass


app()
"""


def _write(place: Place) -> None:
    (place.home / "empty.py").write_text(_PROGRAM)


def _empty(place: Place) -> Iterable[Command]:
    return ((sys.executable, str(place.home / "empty.py")),)


EMPTY = Contender("typer, one empty command", (sys.executable, "--version"), _empty, _write)
