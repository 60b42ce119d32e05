"""Other processes, which use a store at the same time or die while they do."""

import subprocess
import sys
from pathlib import Path

_PREAMBLE = """
import os
import sys
import tempfile
from datetime import UTC, datetime
from manyfest.domain.digests import Digest
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.errors import ManyfestError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from manyfest.store.store import open_store
store = open_store(sys.argv[1])
"""

# Comes after the imports, because another user may not read this Python's folder. A user other than
# root has no privileges to drop.
AS_NOBODY = """
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
"""


def start(code: str, path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a Python that runs ``code`` with ``store`` at ``path``; arguments from argv[2] on."""
    return subprocess.Popen(
        [sys.executable, "-c", _PREAMBLE + code, str(path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(code: str, path: Path, *arguments: str) -> str:
    """The output of such a Python, or its error if it failed."""
    return start(code, path, *arguments).communicate(timeout=300)[0]
