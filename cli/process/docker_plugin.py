"""``docker manyfest``: the program as a plugin of the docker command line.

Docker (``cli-plugins`` in docker/cli) first asks for metadata. Then it passes on all its arguments:
its own flags, perhaps ``help`` or ``__complete``, the plugin's name, and the rest.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from manyfest.cli.process.console_script import run_and_exit
from manyfest.cli.process.signals import INTERRUPTED, SIGNAL_HANDLER
from manyfest.domain.version import VERSION

if TYPE_CHECKING:
    from socket import socket

    from manyfest.cli.process.pflag import Flag, ParsedArguments

METADATA = "docker-cli-plugin-metadata"
SOCKET = "DOCKER_CLI_PLUGIN_SOCKET"
NAME = "manyfest"
_COMPLETE = (["__complete"], ["__completeNoDesc"])
_GRACE_SECONDS = 5.0

# Docker's own flags and their letters: those with a value, then the switches.
_VALUED = {"config": "", "context": "c", "host": "H", "log-level": "l"}
_VALUED |= dict.fromkeys(("tlscacert", "tlscert", "tlskey"), "")
_SWITCHES = {"debug": "D", "help": "h", "tls": "", "tlsverify": "", "version": "v"}


def run() -> None:
    """Run the console script ``docker-manyfest``."""
    run_and_exit(lambda: main(sys.argv[1:]))


def main(words: Sequence[str]) -> int:
    """Run docker's arguments; return the exit code. Raises KeyboardInterrupt."""
    if list(words) == [METADATA]:
        print(metadata())  # noqa: T201 - before anything else is loaded
        return 0
    interrupt_when_docker_ends()
    return _run(words)


def metadata() -> str:
    """Return the plugin's metadata as JSON (``cli-plugins/metadata``)."""
    return json.dumps(
        {
            "SchemaVersion": "0.1.0",
            "Vendor": "manyfest",
            "Version": VERSION,
            "ShortDescription": "Multi-platform image lists",
        }
    )


def interrupt_when_docker_ends() -> None:
    """Interrupt this program, as Ctrl-C does, when docker's socket closes.

    Docker names the socket in a variable, and closes the connection to end a plugin
    (``cli-plugins/socket``); the connection also closes if docker dies.
    """
    address = os.environ.get(SOCKET, "")
    if not address:
        return
    import signal
    from socket import AF_UNIX, socket
    from threading import Thread

    connection = socket(AF_UNIX)
    try:
        connection.connect("\0" + address[1:] if address.startswith("@") else address)
    except OSError:
        return
    SIGNAL_HANDLER.handle(signal.SIGINT)  # a shell may have made it ignored
    Thread(target=_interrupt_at_end_of, args=(connection,), daemon=True).start()


def _interrupt_at_end_of(connection: "socket") -> None:
    import signal
    import time
    from threading import main_thread

    try:
        while connection.recv(1):
            pass
    except OSError:
        pass
    signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
    time.sleep(_GRACE_SECONDS)
    os._exit(INTERRUPTED)  # the main thread did not react


def _run(words: Sequence[str]) -> int:
    from manyfest.cli.process.main import main as run_command

    completing = list(words[:1]) in _COMPLETE
    given = _read(words[1:] if completing else words)
    arguments = list(given.arguments)
    _apply_flags({flag.name: value for flag, value in given.flags})
    wants_help = arguments[:1] == ["help"]
    if wants_help:
        del arguments[0]
    if arguments[:1] == [NAME]:
        del arguments[0]
    if completing:
        return _complete(arguments)
    if wants_help:
        arguments.append("--help")
    return run_command(arguments, program=f"docker {NAME}")


def _read(words: Sequence[str]) -> "ParsedArguments":
    """Parse docker's flags and the rest; docker has refused errors in its own."""
    from manyfest.cli.process import pflag
    from manyfest.domain.errors import InputError

    try:
        return pflag.parse(words, _docker_flags(), interspersed=False)
    except InputError:
        return pflag.ParsedArguments((), tuple(words))


def _docker_flags() -> list["Flag"]:
    from manyfest.cli.process.pflag import Flag

    return [
        *(Flag(name, letter) for name, letter in _VALUED.items()),
        *(Flag(name, letter, is_switch=True) for name, letter in _SWITCHES.items()),
    ]


def _apply_flags(flags: Mapping[str, str]) -> None:
    """Apply ``--config`` and ``--debug``; the other flags concern only the engine."""
    if folder := flags.get("config"):
        os.environ["DOCKER_CONFIG"] = folder
    if flags.get("debug") == "true":
        os.environ["MANYFEST_DEBUG"] = "1"


def _complete(words: Sequence[str]) -> int:
    from manyfest.cli.output import write_text
    from manyfest.cli.process.completion import completions

    write_text(completions(words))
    return 0
