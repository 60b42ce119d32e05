"""The machine that a benchmark runs on, its load, and the versions of all that takes part."""

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version

from tests.benchmarks.measuring.cases import MANYFEST

_VERSIONS = {
    "manyfest": (MANYFEST, "--version"),
    "docker": ("docker", "--version"),
    "docker buildx": ("docker", "buildx", "version"),
    "buildah": ("buildah", "--version"),
    "skopeo": ("skopeo", "--version"),
    "crane": ("crane", "version"),
    "regctl": ("regctl", "version", "--format", "{{.VCSTag}}"),
    "oras": ("oras", "version"),
    "manifest-tool": ("manifest-tool", "--version"),
    "docker-registry": ("docker-registry", "--version"),
}


def machine() -> Mapping[str, object]:
    """Return what the figures depend on: the system, processors, Python."""
    return {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "typer": version("typer"),
    }


def versions() -> Mapping[str, str]:
    """Return the first line by which each tool on the PATH tells its version."""
    told = {tool: _first_line(command) for tool, command in _VERSIONS.items()}
    return {tool: line for tool, line in told.items() if line}


def load() -> float:
    """Return how many processes ran or waited to, on average in the last minute."""
    return os.getloadavg()[0]


def described() -> str:
    """Return the machine and the versions as lines for people."""
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    lines = (f"  {tool}: {line}" for tool, line in versions().items())
    return "\n".join((f"{facts}, load {load():.1f}", *lines))


def _first_line(command: tuple[str, ...]) -> str:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        return ""
    lines = ended.stdout.strip().splitlines()
    return lines[0] if lines and not ended.returncode else ""
