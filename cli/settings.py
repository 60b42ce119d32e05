"""The options that many commands share, and the settings that they and the environment give."""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attr import field

from manyfest.assembly.settings import (
    DEFAULT_JOBS,
    DEFAULT_SECONDS,
    Settings,
    is_offline,
    settings_of,
)
from manyfest.domain.errors import InputError
from manyfest.domain.values import frozen

if TYPE_CHECKING:
    from manyfest.domain.access import Credentials
    from manyfest.domain.references import Repository


@frozen
class CommonOptions:
    """The options that many commands share, as given.

    ``timeout`` is in seconds, ``chunk_size`` in bytes; ``logins`` have ``creds`` with the registry
    that they are for. The last five shape a table: ``sort`` and
    ``columns`` name its columns, ``filters`` are ``COLUMN=PATTERN``.
    """

    offline: bool = False
    max_age: timedelta | None = None
    stale_if_error: bool = False
    insecure: bool = False
    authfile: Path | None = None
    creds: "Credentials | None" = None
    logins: "Sequence[tuple[Repository, Credentials]]" = field(default=(), repr=False)
    jobs: int = DEFAULT_JOBS
    chunk_size: int | None = None
    timeout: float | None = None
    sort: str | None = None
    filters: Sequence[str] | None = None
    columns: str | None = None
    no_trunc: bool = False
    quiet: bool = False


NO_OPTIONS = CommonOptions()


def _existing(auth_file: Path | None) -> Path | None:
    """Return the file of ``--authfile``. Raises InputError: there is none."""
    if auth_file is not None and not auth_file.is_file():
        raise InputError(f"--authfile: there is no file {auth_file}")
    return auth_file


def settings_from(options: CommonOptions = NO_OPTIONS) -> Settings:
    """Return the settings: options as given, the rest from the environment.

    Raises ConfigError: a variable cannot be used.
    """
    return settings_of(
        os.environ,
        only_auth_file=_existing(options.authfile),
        logins=options.logins,
        jobs=options.jobs,
        chunk_size=options.chunk_size or 0,
        seconds=DEFAULT_SECONDS if options.timeout is None else options.timeout,
        seconds_are_hard=options.timeout is not None,
        insecure=options.insecure,
        offline=options.offline or is_offline(os.environ),
        max_age=options.max_age,
        stale_if_error=options.stale_if_error,
    )
