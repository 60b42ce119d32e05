"""This installation, its configuration and its store, as a maintainer asks for them in an issue.

No registry is asked, no credential helper is run, and nothing is written.
"""

import os
import platform
import ssl
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from manyfest.adapters.credentials.docker_config import FILE_NAME
from manyfest.adapters.files.go_json import GoJsonError, parse_object
from manyfest.adapters.files.json_file import FIELDS, read_object
from manyfest.adapters.registries_conf.conf_files import read_rules
from manyfest.assembly.doctor.report import Fact, Report, counted, same_for_both
from manyfest.assembly.doctor.safe_text import safe_key, safe_path, safe_word
from manyfest.assembly.settings import Settings, proxies
from manyfest.assembly.stores import open_housekeeping
from manyfest.domain.encoding.shown_urls import safe_url
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import (
    CredentialSourceError,
    ManyfestError,
    StoreDeniedError,
    StoreUnreachableError,
)
from manyfest.domain.values import frozen
from manyfest.domain.version import VERSION

_PACKAGES = (
    *("attrs", "cattrs", "httpx", "httpcore", "h11", "typer", "PyYAML", "zstandard"),
    *("sqlite-utils", "publicsuffixlist", "truststore"),
)
_EXTRAS = {
    "explore": ("jinja2", "starlette", "uvicorn"),
    "postgres": ("psycopg",),
    "socks": ("socksio",),
}
# Variables whose values are numbers, switches, times, paths or hosts. Of others it is only said
# that they are set: a name of the future, or a typo, may hold a secret.
_SHOWN = frozenset(
    f"MANYFEST_{name}"
    for name in (
        *("OFFLINE", "MAX_AGE", "STALE_IF_ERROR", "JOBS", "CHUNK_SIZE", "TIMEOUT", "DEBUG"),
        *("CERTS_D", "AUTH_REALMS", "PRIVATE_HOSTS"),
    )
)
_PREFIXES = ("MANYFEST_",)
_OTHERS = (
    *("DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "CONTAINERS_REGISTRIES_CONF"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"),
)
_PATHS = frozenset(_OTHERS) - {"DOCKER_AUTH_CONFIG"}
# Why a store on a server cannot be read. The server's own words may name its user.
_STORE_FAILURES: tuple[tuple[type[ManyfestError], str], ...] = (
    (StoreUnreachableError, "its server cannot be reached"),
    (StoreDeniedError, "its server refuses the login, or what it allows is not enough"),
)


def machine_report(settings: Settings, environment: Mapping[str, str]) -> Report:
    """Return the facts; one that cannot be found out says why."""
    return Report(
        {
            "manyfest": _program(),
            "store": _store(settings, environment),
            "configuration": _configuration(settings, environment),
            "credentials": tuple(_credentials(settings, environment)),
            "network": _network(environment),
            "environment": tuple(_variables(environment)),
        }
    )


def _program() -> tuple[Fact, ...]:
    versions = {name: version for name in _PACKAGES if (version := _version_of(name))}
    extras = [extra for extra, names in _EXTRAS.items() if all(_version_of(name) for name in names)]
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        same_for_both("version", VERSION),
        same_for_both("python", f"{platform.python_implementation()} {platform.python_version()}"),
        same_for_both("platform", platform.platform()),
        Fact("extras", [*extras], "extras", (", ".join(extras) or "none",)),
        Fact("packages", {**versions}, "packages", (shown,)),
    )


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _store(settings: Settings, environment: Mapping[str, str]) -> tuple[Fact, ...]:
    store = settings.store
    if not isinstance(store, Path):
        return (
            same_for_both("place", safe_url(store)),
            *(Fact(key, None) for key in ("exists", "size", "writable")),
            *_content(settings),
        )
    place = same_for_both("place", safe_path(store, environment))
    if not store.exists():
        nothing = (Fact(key, None) for key in ("size", "writable", "failure", "content"))
        return place, Fact("exists", data=False, label="state", lines=("none yet",)), *nothing
    size = store.stat().st_size
    is_writable = os.access(store, os.W_OK) and os.access(store.parent, os.W_OK)
    return (
        place,
        Fact("exists", data=True),
        Fact("size", size, "size", (f"{size} bytes",)),
        Fact("writable", is_writable, "writable", ("yes" if is_writable else "no",)),
        *_content(settings),
    )


def _content(settings: Settings) -> tuple[Fact, Fact]:
    try:
        with open_housekeeping(settings, "doctor") as house:
            found = house.catalogue.statistics()
    except ManyfestError as error:
        reason = str(error) if isinstance(settings.store, Path) else _store_failure(error)
        failure = Fact("failure", reason, "state", (f"cannot be read: {reason}",))
        return failure, Fact("content", None)
    numbers = {
        "manifests": found.images.number + found.lists.number,
        "tags": found.tags,
        "drafts": found.drafts,
    }
    shown = ", ".join(counted(number, name[:-1]) for name, number in numbers.items())
    return Fact("failure", None), Fact("content", {**numbers}, "content", (shown,))


def _store_failure(error: ManyfestError) -> str:
    known = (reason for kind, reason in _STORE_FAILURES if isinstance(error, kind))
    return f"{next(known, 'it cannot be used')}; manyfest cache stats says more"


def _configuration(settings: Settings, environment: Mapping[str, str]) -> tuple[Fact, Fact]:
    files = [
        *_login_files(settings),
        *([settings.registries_conf] if settings.registries_conf else ()),
        *(folder / "registries.conf" for folder in settings.containers_folders),
        *(folder / "registries.conf.d" for folder in settings.containers_folders),
        *settings.certificate_folders,
    ]
    found = [safe_path(file, environment) for file in files if os.path.lexists(file)]
    return Fact("files", [*found], "files", tuple(found) or ("none",)), _rules(settings)


def _login_files(settings: Settings) -> tuple[Path, ...]:
    others = (settings.auth_file,) if settings.auth_file else settings.auth_files
    return settings.docker_config / FILE_NAME, *others


def _rules(settings: Settings) -> Fact:
    number, failure = None, None
    try:
        number = len(read_rules(settings.registries_conf, settings.containers_folders).rules)
        shown = counted(number, "rule") if number else "no rules"
    except ManyfestError:
        shown = failure = "cannot be used; manyfest inspect says why"
    data: Json = {"rules": number, "failure": failure}
    return Fact("registriesConf", data, "registries.conf", (shown,))


def _credentials(settings: Settings, environment: Mapping[str, str]) -> Iterator[Fact]:
    """Yield where credentials are, by key. What they are, also the user's name, is left out."""
    files = _login_files(settings)
    found: list[tuple[str, _Source]] = []
    if settings.docker_auths:
        found.append(("DOCKER_AUTH_CONFIG", _source_of_variable(settings.docker_auths)))
    found += (
        (safe_path(file, environment), _source_in(file)) for file in filter(os.path.lexists, files)
    )
    yield Fact("sources", [source.data(name) for name, source in found])
    if not found:
        yield Fact("", None, "sources", ("none",))
    for name, source in found:
        yield Fact("", None, name, source.lines())


@frozen
class _Source:
    """The keys of a source of credentials, with the helper of each; or why there are none.

    No key: all others. No helper: the credentials are stored here.
    """

    keys: tuple[tuple[str | None, str | None], ...] = ()
    failure: str | None = None

    def lines(self) -> tuple[str, ...]:
        if self.failure is not None:
            return (self.failure,)
        lines = (
            f"{key or 'all others'}: {f'helper {helper}' if helper else 'stored here'}"
            for key, helper in self.keys
        )
        return tuple(lines) or ("no credentials",)

    def data(self, name: str) -> Json:
        keys: list[Json] = [{"key": key, "helper": helper} for key, helper in self.keys]
        return {"source": name, "keys": keys, "failure": self.failure}


def _source_in(file: Path) -> _Source:
    try:
        return _Source(tuple(_keys(read_object(file))))
    except CredentialSourceError:
        return _Source(failure="cannot be used; manyfest auth why REFERENCE says why")


def _source_of_variable(text: str) -> _Source:
    try:
        return _Source(tuple(_keys(parse_object(os.fsencode(text), FIELDS, is_alone=True))))
    except GoJsonError:
        return _Source(failure="cannot be used: this is no JSON object")


def _keys(document: Mapping[str, Json]) -> Iterator[tuple[str | None, str | None]]:
    auths, helpers = document.get("auths"), document.get("credHelpers")
    if isinstance(auths, dict):
        yield from ((safe_key(key), None) for key in auths)
    if isinstance(helpers, dict):
        yield from ((safe_key(key), safe_word(name)) for key, name in helpers.items())
    if store := document.get("credsStore"):
        yield None, safe_word(store)


def _network(environment: Mapping[str, str]) -> tuple[Fact, ...]:
    paths = ssl.get_default_verify_paths()
    roots = [safe_path(path, environment) for path in (paths.cafile, paths.capath) if path]
    is_system = sys.platform == "darwin"
    shown = "the system's" if is_system else ", ".join(roots) or "none"
    found = {
        name: value if name.lower() == "no_proxy" and "@" not in value else safe_url(value)
        for name, value in proxies(environment).items()
    }
    lines = tuple(f"{name}={value}" for name, value in found.items())
    return (
        same_for_both("openssl", ssl.OPENSSL_VERSION),
        Fact("roots", None if is_system else [*roots], "roots", (shown,)),
        Fact("proxies", {**found}, "proxies", lines or ("none",)),
    )


def _variables(environment: Mapping[str, str]) -> Iterator[Fact]:
    for name in sorted(environment):
        if name.startswith(_PREFIXES) or name in _OTHERS:
            value = _shown(name, environment)
            yield Fact(name, value, name, ("set" if value is None else value,))


def _shown(name: str, environment: Mapping[str, str]) -> str | None:
    """Return the value of a variable, None if it is not shown."""
    value = environment[name]
    if name == "MANYFEST_STORE":
        return safe_url(value) if "://" in value else safe_path(value, environment)
    if name in _PATHS:
        return safe_path(value, environment)
    return value if name in _SHOWN and "@" not in value else None
