"""Two real registries under the names that recipes give them, for our program, skopeo and buildah.

``registries.conf`` says where a name stands, so that commands run as they are written.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.programs.docker_registry import RunningRegistry

# The names in recipes and workflows, and which of the two registries has each.
HOSTS = {"ghcr.io": 0, "registry.example.com": 0, "docker.io": 1, "mirror.example.com": 1}

_TABLE = '[[registry]]\nprefix = "{}"\nlocation = "{}"\ninsecure = true\n'
_STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/graph"\nrunroot = "{0}/run"\n'


def environment_with(
    registries: tuple[RunningRegistry, RunningRegistry], home: Path
) -> dict[str, str]:
    """Write the configuration into ``home``; returns the environment in which it counts."""
    configuration = home / ".config" / "containers"
    configuration.mkdir(parents=True)
    (configuration / "registries.conf").write_text(
        "".join(_TABLE.format(name, registries[which].host) for name, which in HOSTS.items())
    )
    (configuration / "storage.conf").write_text(_STORAGE.format(home / "storage"))
    return {
        **_without_settings(os.environ),
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "CONTAINERS_STORAGE_CONF": str(configuration / "storage.conf"),
        "BUILDAH_ISOLATION": "chroot",
    }


def located(name: str, registries: tuple[RunningRegistry, RunningRegistry]) -> str:
    """The name at the registry that stands in, such as ``127.0.0.1:5000/acme/app:1``."""
    host, _, path = name.partition("/")
    return f"{registries[HOSTS[host]].host}/{path}"


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    ours = ("MANYFEST_STORE", "DOCKER_", "GITHUB_", "RUNNER_", "CI", "XDG_")
    return {key: value for key, value in environment.items() if not key.startswith(ours)}
