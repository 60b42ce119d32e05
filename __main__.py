"""The command line as ``python -m manyfest``."""

from manyfest.cli.process.console_script import run

run()
