"""``manyfest`` on the PATH of a shell, as a fork of the server that has loaded it.

Scripts of pipelines start our program many times; a start and its imports take a third of a second
of processor time. The script only hands its streams, arguments, environment and folder to the
server (``fork_server``), and ends as the fork ends.
"""

import sys
from pathlib import Path

from tests.support.programs.forked import ForkedCommandLine

_SCRIPT = """\
#!{python} -IS
import json, os, socket, struct, sys
number = struct.Struct("!q")
arguments = ["{program}", *sys.argv[1:]]
request = dict(arguments=arguments, environment=dict(os.environ), folder=os.getcwd())
data = json.dumps(request | dict(before={before!r})).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect("{address}")
    socket.send_fds(server, [number.pack(len(data))], [0, 1, 2])
    server.sendall(data)
    with server.makefile("rb") as answers:
        answers.read(number.size)
        (code,) = number.unpack(answers.read(number.size))
sys.exit(code if code >= 0 else 128 - code)
"""


def write_forked_script(script: Path, program: ForkedCommandLine, before: str = "") -> None:
    """Write the script; ``before`` is Python that the fork runs first."""
    script.parent.mkdir(exist_ok=True)
    values = {"program": program.command[0], "address": program.address, "before": before}
    script.write_text(_SCRIPT.format(python=sys.executable, **values))
    script.chmod(0o755)
