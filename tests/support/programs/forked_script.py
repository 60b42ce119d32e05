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
data = json.dumps(request).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect("{address}")
    socket.send_fds(server, [number.pack(len(data))], [0, 1, 2])
    server.sendall(data)
    with server.makefile("rb") as answers:
        answers.read(number.size)
        (code,) = number.unpack(answers.read(number.size))
sys.exit(code if code >= 0 else 128 - code)
"""


def write_forked_script(folder: Path, program: ForkedCommandLine) -> None:
    """Write the script ``manyfest`` into ``folder``."""
    folder.mkdir()
    script = folder / "manyfest"
    values = {"program": program.command[0], "address": program.address}
    script.write_text(_SCRIPT.format(python=sys.executable, **values))
    script.chmod(0o755)
