"""``docker manyfest``: the program as docker's command line starts it.

Docker (``cli-plugins`` in docker/cli) asks for metadata first, and then hands over all it was
called with: its own flags, perhaps ``help`` or ``__complete``, the plugin's name, and the rest.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from manyfest.cli.process.console_script import run_and_leave
from manyfest.cli.process.signals import ENDINGS, INTERRUPTED
from manyfest.domain.version import VERSION

if TYPE_CHECKING:
    from socket import socket

    from manyfest.cli.process.pflag import Flag, Given

METADATA = "docker-cli-plugin-metadata"
SOCKET = "DOCKER_CLI_PLUGIN_SOCKET"
NAME = "manyfest"
_COMPLETE = (["__complete"], ["__completeNoDesc"])
_GRACE_SECONDS = 5.0

# Docker's own flags: those with a value, and the others, with the letter of each.
_VALUED = {"config": "", "context": "c", "host": "H", "log-level": "l"}
_VALUED |= dict.fromkeys(("tlscacert", "tlscert", "tlskey"), "")
_SWITCHES = {"debug": "D", "help": "h", "tls": "", "tlsverify": "", "version": "v"}


def run() -> None:
    """The console script ``docker-manyfest``."""
    run_and_leave(lambda: main(sys.argv[1:]))


def main(words: Sequence[str]) -> int:
    """Run what docker hands over; return the exit code. Raises KeyboardInterrupt."""
    if list(words) == [METADATA]:
        print(metadata())  # noqa: T201 - before anything else is loaded
        return 0
    end_with_docker()
    return _run(words)


def metadata() -> str:
    """What docker must know of a plugin (``cli-plugins/metadata``)."""
    return json.dumps(
        {
            "SchemaVersion": "0.1.0",
            "Vendor": "manyfest",
            "Version": VERSION,
            "ShortDescription": "Multi-platform image lists",
        }
    )


def end_with_docker() -> None:
    """From now on, interrupt this program as Ctrl-C does when docker hangs up, or has gone.

    Docker listens at the socket it names, and closes it to end a plugin (``cli-plugins/socket``).
    """
    address = os.environ.get(SOCKET, "")
    if not address:
        return
    import signal
    from socket import AF_UNIX, socket
    from threading import Thread

    line = socket(AF_UNIX)
    try:
        line.connect("\0" + address[1:] if address.startswith("@") else address)
    except OSError:
        return
    ENDINGS.listen_to(signal.SIGINT)  # a shell may have it ignored
    Thread(target=_interrupt_after, args=(line,), daemon=True).start()


def _interrupt_after(line: "socket") -> None:
    import signal
    import time
    from threading import main_thread

    try:
        while line.recv(1):
            pass
    except OSError:
        pass
    signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
    time.sleep(_GRACE_SECONDS)
    os._exit(INTERRUPTED)  # it did not listen


def _run(words: Sequence[str]) -> int:
    from manyfest.cli.process.main import main as run_command

    completing = list(words[:1]) in _COMPLETE
    given = _read(words[1:] if completing else words)
    arguments = list(given.arguments)
    _obey({flag.name: value for flag, value in given.flags})
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


def _read(words: Sequence[str]) -> "Given":
    """Docker's flags, and what follows them. Docker has refused what is wrong with its own."""
    from manyfest.cli.process import pflag as pflags
    from manyfest.domain.errors import InputError

    try:
        return pflags.read(words, _dockers_flags(), interspersed=False)
    except InputError:
        return pflags.Given((), tuple(words))


def _dockers_flags() -> list["Flag"]:
    from manyfest.cli.process.pflag import Flag

    return [
        *(Flag(name, letter) for name, letter in _VALUED.items()),
        *(Flag(name, letter, is_switch=True) for name, letter in _SWITCHES.items()),
    ]


def _obey(flags: Mapping[str, str]) -> None:
    """The rest of docker's flags speak of an engine, and there is none here."""
    if folder := flags.get("config"):
        os.environ["DOCKER_CONFIG"] = folder
    if flags.get("debug") == "true":
        os.environ["MANYFEST_DEBUG"] = "1"


def _complete(words: Sequence[str]) -> int:
    from manyfest.cli.output import write_text
    from manyfest.cli.process.completion import completions

    write_text(completions(words))
    return 0
