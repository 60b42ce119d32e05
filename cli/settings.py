"""Settings: where things are kept and how hard to try; from flags, then the environment."""

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

DEFAULT_JOBS = 16
DEFAULT_SECONDS = 120.0  # for all that a command does with servers, but for layers that move


@frozen
class Settings:
    """What a command is run with.

    ``seconds`` bounds all that talks to servers; given by hand (``seconds_are_hard``), it bounds
    everything. ``docker_config`` is the folder that has docker's ``config.json``.
    """

    store: Path
    docker_config: Path
    jobs: int = DEFAULT_JOBS
    seconds: float = DEFAULT_SECONDS
    seconds_are_hard: bool = False
    insecure: bool = False
    offline: bool = False


def store_path(environment: Mapping[str, str]) -> Path:
    """The store's file: ``MANYFEST_STORE``, else in the user's data folder (platformdirs)."""
    if chosen := environment.get("MANYFEST_STORE"):
        return Path(chosen).absolute()
    from platformdirs import user_data_path

    return user_data_path("manyfest", appauthor=False) / "store.db"


def docker_config_folder(environment: Mapping[str, str]) -> Path:
    """Docker's configuration folder: ``DOCKER_CONFIG``, else ``~/.docker``."""
    if chosen := environment.get("DOCKER_CONFIG"):
        return Path(chosen)
    return Path(environment.get("HOME") or "/") / ".docker"


def settings_from(
    *,
    insecure: bool = False,
    offline: bool = False,
    jobs: int = DEFAULT_JOBS,
    seconds: float | None = None,
) -> Settings:
    """The settings of this process: flags as given, the rest from its environment."""
    return Settings(
        store=store_path(os.environ),
        docker_config=docker_config_folder(os.environ),
        jobs=jobs,
        seconds=DEFAULT_SECONDS if seconds is None else seconds,
        seconds_are_hard=seconds is not None,
        insecure=insecure,
        offline=offline,
    )
