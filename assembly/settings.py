"""Settings of a session: what is given, then the environment, then defaults."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attr import field

from manyfest.domain.errors import ConfigError, InputError
from manyfest.domain.values import frozen

if TYPE_CHECKING:
    import httpx

    from manyfest.domain.access import Credentials
    from manyfest.domain.ports.registry import Registry
    from manyfest.domain.references import Repository

DEFAULT_JOBS, MOST_JOBS = 32, 256
_PROXY_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "no_proxy"),
)

# The words of Go's strconv.ParseBool, as docker's variables have them, and other usual ones.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "true", "y", "yes", "on"), True),
    **dict.fromkeys(("", "0", "f", "false", "n", "no", "off"), False),
}

SYSTEM_CONTAINERS = Path("/etc/containers")  # configuration of podman and its kin
DEFAULT_SECONDS = 120.0  # for all requests of a command, except transfers of layers
_LOCK_SECONDS = 10.0


def _ignore(_message: str) -> None:
    pass


def _no_context(_message: str, _seconds: float) -> AbstractContextManager[None]:
    return nullcontext()


def unshielded(action: Callable[[], Any]) -> Any:
    """Run the action; an exception of a signal handler may interrupt it."""
    return action()


@frozen
class Hooks:
    """The calls by which a session tells its driver what is no result and no error.

    ``warn`` and ``note`` take one line. ``on_pause`` gives the context of a pause before a retry,
    which it takes as a message and seconds. ``shield`` runs an action that no exception of a signal
    handler may interrupt. All but ``shield`` may be called from several threads at once.
    """

    warn: Callable[[str], None] = _ignore
    note: Callable[[str], None] = _ignore
    on_pause: Callable[[str, float], AbstractContextManager[None]] = _no_context
    shield: Callable[[Callable[[], Any]], Any] = unshielded


NO_HOOKS = Hooks()


@frozen
class Settings:
    """The values that a session runs with.

    ``store`` is a file, or the URL of an adapter's store. ``seconds`` bounds all requests to
    servers; given as an option (``seconds_are_hard``), it bounds everything. ``docker_config`` is
    the folder of docker's ``config.json``, ``docker_auths`` the text of such a file. ``auth_files``
    are containers' files, in order; ``auth_file`` replaces them, and ``only_auth_file`` replaces
    docker's, too. ``logins`` go before all; a repository without a path is a whole registry.
    ``auth_realms`` are hosts whose token servers get credentials of any registry, and
    ``private_hosts`` those to which any may send us, whatever their address.
    ``certificate_folders`` are folders named certs.d. ``registries_conf`` replaces the files in
    ``containers_folders``, where a later folder overrides an earlier one.
    ``proxies`` are the environment variables about proxies. Larger blobs than ``chunk_size`` bytes
    are uploaded in chunks; 0 uploads them whole, unless a registry refuses that. ``Freshness`` has
    ``max_age`` and ``stale_if_error``. ``hooks`` are the driver's.
    ``insecure_hosts`` are those for which ``insecure`` holds. A ``transport`` sends requests in the
    place of ours, and stays open. ``wrap_registry`` gets a function that makes the registries over
    HTTP, and returns the registry in their place.
    """

    store: Path | str = field(repr=False)  # a URL may have a password
    docker_config: Path
    docker_auths: str = field(default="", repr=False)
    auth_file: Path | None = None
    auth_files: tuple[Path, ...] = ()
    only_auth_file: Path | None = None
    logins: "Sequence[tuple[Repository, Credentials]]" = field(default=(), repr=False)
    auth_realms: frozenset[str] = frozenset()
    private_hosts: frozenset[str] = frozenset()
    certificate_folders: tuple[Path, ...] = ()
    registries_conf: Path | None = None
    containers_folders: tuple[Path, ...] = ()
    proxies: Mapping[str, str] = field(factory=dict, repr=False)
    jobs: int = DEFAULT_JOBS
    chunk_size: int = 0
    seconds: float = DEFAULT_SECONDS
    seconds_are_hard: bool = False
    insecure: bool = False
    insecure_hosts: frozenset[str] = frozenset()
    offline: bool = False
    max_age: timedelta | None = None
    stale_if_error: bool = False
    trusted_memories: tuple[str, ...] = ()
    hooks: Hooks = field(default=NO_HOOKS, repr=False, eq=False)
    transport: "httpx.BaseTransport | None" = field(default=None, repr=False, eq=False)
    wrap_registry: "Callable[[Callable[[], Registry]], Registry] | None" = field(
        default=None, repr=False, eq=False
    )

    @property
    def lock_seconds(self) -> float:
        """The longest wait for another process's lock on the store."""
        return min(_LOCK_SECONDS, self.seconds)


def store_path(environment: Mapping[str, str]) -> Path | str:
    """Return ``MANYFEST_STORE``, else the store in the user's data folder.

    The folder is that of platformdirs. ``SCHEME://…`` stays a text: the URL of a store that another
    package's adapter serves.
    Raises ConfigError when the user has no home.
    """
    if chosen := environment.get("MANYFEST_STORE"):
        return chosen if "://" in chosen else Path(chosen).absolute()
    return default_store_path(environment)


def default_store_path(environment: Mapping[str, str]) -> Path:
    """Return the store in the user's data folder. Raises ConfigError: the user has no home."""
    if sys.platform == "linux" and (folder := _xdg_data_home(environment)):
        return folder / "manyfest" / "store.db"
    from platformdirs import user_data_path

    try:
        folder = user_data_path("manyfest", appauthor=False)
    except RuntimeError:  # from newer versions; older ones leave "~" as it is
        folder = Path("~")
    if not folder.is_absolute():
        raise ConfigError("HOME", "is not set; without a home, MANYFEST_STORE must name the store")
    return folder / "store.db"


def _xdg_data_home(environment: Mapping[str, str]) -> Path | None:
    """Return the folder that platformdirs would; its import is slow (ADR 0009).

    A relative path is ignored (XDG Base Directory Specification), also where an old platformdirs
    would take it.
    """
    chosen = environment.get("XDG_DATA_HOME", "").strip()
    if chosen.startswith("/"):
        return Path(chosen)
    home = environment.get("HOME", "")
    return Path(home, ".local", "share") if home.startswith("/") else None


def docker_config_folder(environment: Mapping[str, str]) -> Path:
    """Return docker's configuration folder: ``DOCKER_CONFIG``, else ``~/.docker``."""
    if chosen := environment.get("DOCKER_CONFIG"):
        return Path(chosen)
    return Path(environment.get("HOME") or "/") / ".docker"


def auth_file(environment: Mapping[str, str]) -> Path | None:
    """Return the file that ``REGISTRY_AUTH_FILE`` names, if any."""
    chosen = environment.get("REGISTRY_AUTH_FILE")
    return Path(chosen) if chosen else None


def auth_files(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return containers' ``auth.json`` files: the session's, then the user's.

    The session's is where ``podman login`` writes, also where ``XDG_RUNTIME_DIR`` is not set, as
    for root (containers/image, pkg/docker/config).
    """
    runtime = environment.get("XDG_RUNTIME_DIR")
    session = Path(runtime, "containers") if runtime else Path(f"/run/containers/{os.getuid()}")
    config = environment.get("XDG_CONFIG_HOME") or f"{environment.get('HOME') or ''}/.config"
    return session / "auth.json", Path(config, "containers", "auth.json")


def auth_realms(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the hosts in ``MANYFEST_AUTH_REALMS``, in lower case."""
    return _hosts(environment.get("MANYFEST_AUTH_REALMS", ""))


def private_hosts(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the hosts in ``MANYFEST_PRIVATE_HOSTS``, in lower case; a port is passed over."""
    return frozenset(map(_without_port, _hosts(environment.get("MANYFEST_PRIVATE_HOSTS", ""))))


def _without_port(host: str) -> str:
    """Take off a port, and the brackets of an IPv6 address, which has colons of its own."""
    name, _, port = host.rpartition(":")
    has_port = port.isdigit() and (":" not in name or name.endswith("]"))
    return (name if has_port else host).strip("[]")


def trusted_memories(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the references in ``MANYFEST_TRUSTED_MEMORY``, as written."""
    listed = environment.get("MANYFEST_TRUSTED_MEMORY", "").split(",")
    return tuple(name.strip() for name in listed if name.strip())


def _hosts(listed: str) -> frozenset[str]:
    return frozenset(host.strip() for host in listed.lower().split(",")) - {""}


def containers_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the configuration folders of podman and its kin: system's, user's."""
    config = environment.get("XDG_CONFIG_HOME") or f"{environment.get('HOME') or ''}/.config"
    return SYSTEM_CONTAINERS, Path(config) / "containers"


def certificate_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return ``MANYFEST_CERTS_D``, else docker's and containers' ``certs.d`` folders.

    The folders in the variable are separated as in ``PATH``.
    """
    if chosen := environment.get("MANYFEST_CERTS_D"):
        return tuple(Path(folder) for folder in chosen.split(os.pathsep) if folder)
    parents = (Path("/etc/docker"), *containers_folders(environment))
    return tuple(parent / "certs.d" for parent in parents)


def registries_conf(environment: Mapping[str, str]) -> Path | None:
    """Return the file that ``CONTAINERS_REGISTRIES_CONF`` names, if any."""
    chosen = environment.get("CONTAINERS_REGISTRIES_CONF")
    return Path(chosen) if chosen else None


def proxies(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables about proxies that are set, in upper or lower case."""
    return {name: environment[name] for name in _PROXY_VARIABLES if name in environment}


def is_offline(environment: Mapping[str, str]) -> bool:
    """Return the value of ``MANYFEST_OFFLINE``. Raises InputError: it is not a boolean."""
    return parse_boolean(environment.get("MANYFEST_OFFLINE", ""), "MANYFEST_OFFLINE")


def parse_boolean(text: str, name: str) -> bool:
    """Return the boolean that the variable ``name`` has. Raises InputError: it is none."""
    if text.lower() not in _BOOLEANS:
        raise InputError(f"{name}: expected 1 or 0, not {text!r}")
    return _BOOLEANS[text.lower()]


def settings_of(environment: Mapping[str, str], **given: Any) -> Settings:
    """Return the settings that are ``given``, the rest from the environment.

    Raises ConfigError: a variable cannot be used; InputError: one is not a boolean.
    """
    read: dict[str, Callable[[Mapping[str, str]], Any]] = {
        "store": store_path,
        "docker_config": docker_config_folder,
        "docker_auths": lambda variables: variables.get("DOCKER_AUTH_CONFIG", ""),
        "auth_file": auth_file,
        "auth_files": auth_files,
        "auth_realms": auth_realms,
        "private_hosts": private_hosts,
        "certificate_folders": certificate_folders,
        "registries_conf": registries_conf,
        "containers_folders": containers_folders,
        "proxies": proxies,
        "offline": is_offline,
        "trusted_memories": trusted_memories,
    }
    missing = {name: of(environment) for name, of in read.items() if name not in given}
    return Settings(**missing, **given)
