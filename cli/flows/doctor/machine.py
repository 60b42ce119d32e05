"""This installation, its configuration and its store, as a maintainer asks for them in an issue.

No registry is asked, no credential helper is run, and nothing is written.
"""

import os
import platform
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from manyfest.adapters.credentials.docker_config import FILE_NAME
from manyfest.adapters.files.go_json import GoJsonError, parse_object
from manyfest.adapters.files.json_file import FIELDS, read_object
from manyfest.adapters.registries_conf.conf_files import read_rules
from manyfest.assembly.settings import Settings, proxies
from manyfest.cli.flows.doctor.safe_text import safe_key, safe_path, safe_url, safe_word
from manyfest.cli.wiring import open_housekeeping
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import CredentialSourceError, ManyfestError
from manyfest.domain.version import VERSION

# Sections of facts by their names; a fact is a text, a number, or a list of texts.
Report = dict[str, dict[str, Json]]

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


def machine_report(settings: Settings, environment: Mapping[str, str]) -> Report:
    """Return the facts; one that cannot be found out says why."""
    sections: dict[str, Callable[[], dict[str, Json]]] = {
        "manyfest": _program,
        "store": lambda: _store(settings, environment),
        "configuration": lambda: _configuration(settings, environment),
        "credentials": lambda: _credentials(settings, environment),
        "network": lambda: _network(environment),
        "environment": lambda: dict(_variables(environment)),
    }
    return {name: make() for name, make in sections.items()}


def _program() -> dict[str, Json]:
    versions = {name: _version_of(name) for name in _PACKAGES}
    extras = [extra for extra, names in _EXTRAS.items() if all(_version_of(name) for name in names)]
    return {
        "version": VERSION,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "extras": ", ".join(extras) or "none",
        "packages": ", ".join(f"{name} {version}" for name, version in versions.items() if version),
    }


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _store(settings: Settings, environment: Mapping[str, str]) -> dict[str, Json]:
    store = settings.store
    if not isinstance(store, Path):
        return {"place": safe_url(store), **_content(settings)}
    if not store.exists():
        return {"place": safe_path(store, environment), "state": "none yet"}
    return {
        "place": safe_path(store, environment),
        "size": f"{store.stat().st_size} bytes",
        "writable": "yes"
        if os.access(store, os.W_OK) and os.access(store.parent, os.W_OK)
        else "no",
        **_content(settings),
    }


def _content(settings: Settings) -> dict[str, Json]:
    try:
        with open_housekeeping(settings, "doctor") as house:
            found = house.catalogue.statistics()
    except ManyfestError as error:
        reason = type(error).__name__ if not isinstance(settings.store, Path) else str(error)
        return {"state": f"cannot be read: {reason}"}
    number = found.images.number + found.lists.number
    return {"content": f"{number} manifests, {found.tags} tags, {found.drafts} drafts"}


def _configuration(settings: Settings, environment: Mapping[str, str]) -> dict[str, Json]:
    files = [
        settings.docker_config / FILE_NAME,
        *([settings.auth_file] if settings.auth_file else settings.auth_files),
        *([settings.registries_conf] if settings.registries_conf else ()),
        *(folder / "registries.conf" for folder in settings.containers_folders),
        *(folder / "registries.conf.d" for folder in settings.containers_folders),
        *settings.certificate_folders,
    ]
    found = [safe_path(file, environment) for file in files if os.path.lexists(file)]
    return {"files": list[Json](found) or "none", "registries.conf": _rules(settings)}


def _rules(settings: Settings) -> str:
    try:
        rules = read_rules(settings.registries_conf, settings.containers_folders)
    except ManyfestError as error:
        return f"cannot be used ({type(error).__name__}); manyfest inspect says why"
    number = len(rules.rules)
    return f"{number} {'rule' if number == 1 else 'rules'}" if number else "no rules"


def _credentials(settings: Settings, environment: Mapping[str, str]) -> dict[str, Json]:
    """Return where credentials are, by key. What they are, also the user's name, is left out."""
    files = [
        settings.docker_config / FILE_NAME,
        *([settings.auth_file] if settings.auth_file else settings.auth_files),
    ]
    found: dict[str, Json] = {}
    if settings.docker_auths:
        found["DOCKER_AUTH_CONFIG"] = _sources_of_variable(settings.docker_auths)
    for file in filter(os.path.lexists, files):
        found[safe_path(file, environment)] = _sources_in(file)
    return found or {"sources": "none"}


def _sources_in(file: Path) -> Json:
    try:
        return _sources(read_object(file))
    except CredentialSourceError:
        return "cannot be used; manyfest auth why REFERENCE says why"


def _sources_of_variable(text: str) -> Json:
    try:
        return _sources(parse_object(os.fsencode(text), FIELDS, is_alone=True))
    except GoJsonError:
        return "cannot be used: this is no JSON object"


def _sources(document: Mapping[str, Json]) -> Json:
    return list[Json](_lines(document)) or "no credentials"


def _lines(document: Mapping[str, Json]) -> Iterator[str]:
    auths, helpers = document.get("auths"), document.get("credHelpers")
    if isinstance(auths, dict):
        yield from (f"{safe_key(key)}: stored here" for key in auths)
    if isinstance(helpers, dict):
        yield from (f"{safe_key(key)}: helper {safe_word(name)}" for key, name in helpers.items())
    if store := document.get("credsStore"):
        yield f"all others: helper {safe_word(store)}"


def _network(environment: Mapping[str, str]) -> dict[str, Json]:
    paths = ssl.get_default_verify_paths()
    roots = [safe_path(path, environment) for path in (paths.cafile, paths.capath) if path]
    found = {
        name: value if name.lower() == "no_proxy" and "@" not in value else safe_url(value)
        for name, value in proxies(environment).items()
    }
    return {
        "openssl": ssl.OPENSSL_VERSION,
        "roots": "the system's" if sys.platform == "darwin" else ", ".join(roots) or "none",
        "proxies": "none",
        **({"proxies": [f"{name}={value}" for name, value in found.items()]} if found else {}),
    }


def _variables(environment: Mapping[str, str]) -> Iterator[tuple[str, Json]]:
    for name in sorted(environment):
        value = environment[name]
        if name == "MANYFEST_STORE":
            yield name, safe_url(value) if "://" in value else safe_path(value, environment)
        elif name in _SHOWN:
            yield name, value if "@" not in value else "set"
        elif name in _PATHS:
            yield name, safe_path(value, environment)
        elif name.startswith(_PREFIXES) or name in _OTHERS:
            yield name, "set"
