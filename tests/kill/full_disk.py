"""Fill a real disk: a command succeeds or changes nothing, and works once there is room again.

``python tests/kill/full_disk.py`` mounts a file system of 256 KiB for the store, in a mount
namespace of its own, so it needs root or a system that lets users do that
(``unshare --mount --map-root-user``). It fills the disk except for 0, 4, 8 ... KiB, tries create
and annotate with each, then makes room. Exits with 1 and says what broke if something did.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.kill.soundness import faults_of
from tests.support.faults.confined import SOURCES, drafts, layout_of_eight, run

KIBIBYTE = 1024
INSIDE = "inside"
COMMANDS = {
    "create": ["create", "oci:app:new", *SOURCES],
    "annotate": ["annotate", "oci:app:l", SOURCES[0], "--os-version", "1" * 9000],
}


def enter() -> int:
    """Run this program again where it may mount."""
    command = ["unshare", "--mount", "--map-root-user", sys.executable, __file__, INSIDE]
    return subprocess.run(command, check=False).returncode


def run_with_room(room: int, name: str, store: Path) -> str:
    """Run the command with ``room`` bytes left on the disk; return "done" or "refused"."""
    store.unlink(missing_ok=True)
    run("create", "oci:app:l", *SOURCES[:3])
    before, filling = drafts(), store.with_name("filling")
    _fill(filling, room)
    result = run(*COMMANDS[name])
    assert not faults_of(store), faults_of(store)
    assert run("ls").code == 0, "it cannot be read"
    if result.code != 0:
        (line,) = result.stderr.splitlines()
        assert line == f"error: the store {store} cannot be written: no space left on the device"
        assert drafts() == before, "it is not as it was"
    filling.unlink()
    if result.code != 0:
        again = run(*COMMANDS[name])
        assert again.code == 0, again.stderr
    assert [each.name for each in store.parent.iterdir()] == [store.name]
    return "done" if result.code == 0 else "refused"


def _fill(file: Path, room: int) -> None:
    with file.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(KIBIBYTE)):
                pass
        except OSError:
            stream.truncate(max(0, stream.tell() - room))


def main() -> int:
    if INSIDE not in sys.argv:
        return enter()
    with TemporaryDirectory() as parent:
        disk = Path(parent, "disk")
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], check=True)
        store = disk / "store.db"
        os.environ.update(MANYFEST_STORE=str(store), HOME=parent)
        os.chdir(parent)
        layout_of_eight(Path(parent))
        for name in COMMANDS:
            rooms = range(0, 64 * KIBIBYTE, 4 * KIBIBYTE)
            outcomes = Counter(run_with_room(room, name, store) for room in rooms)
            print(f"{name}: {dict(outcomes)}")
        os.chdir("/")
        subprocess.run(["umount", disk], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
