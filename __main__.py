"""The command line as ``python -m manyfest``."""

from manyfest.cli.program import run

run()
