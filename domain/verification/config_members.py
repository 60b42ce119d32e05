"""Members of image configs whose type is not the one that Go readers decode.

Docker, containerd and podman decode a config into structures, and one member of another type makes
the image unusable. The table is docker's ``image.Image`` and ``container.Config``, where commands
are lists as in OCI's ``ImageConfig``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from manyfest.domain.encoding.strict_json import Json, parse_object
from manyfest.domain.verification.findings import Finding, finding

_FINDINGS_LIMIT = 20  # for one config

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def _is_time(value: Json) -> bool:
    if not isinstance(value, str) or _RFC_3339.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value[:19])  # a day or an hour that does not exist
    except ValueError:
        return False
    return True


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: Json) -> bool:
    return isinstance(value, str | None)


def _is_object_or_null(value: Json) -> bool:
    return isinstance(value, dict | None)


def _is_whole(value: Json) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _list_of(item: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, list) and all(map(item, value))


def _object_of(item: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, dict) and all(map(item, value.values()))


_TEXT, _TEXTS, _TEXT_MAP, _SET = "a string", "a list of strings", "an object of strings", "a set"
_FLAG, _NUMBER, _TIME = "true or false", "a whole number", "a time (RFC 3339)"
_COMMAND = "a string or a list of strings"  # docker's, in the container that an image came from

_CHECKS: dict[str, Callable[[Json], bool]] = {
    _TEXT: _is_text,
    _TEXTS: _list_of(_is_text_or_null),
    _TEXT_MAP: _object_of(_is_text_or_null),
    _SET: _object_of(_is_object_or_null),
    _FLAG: lambda value: isinstance(value, bool),
    _NUMBER: _is_whole,
    _TIME: _is_time,
    _COMMAND: lambda value: _is_text(value) or _list_of(_is_text_or_null)(value),
}

# The required form of a member: a kind of value, an object of members, or a list of objects.
_Type = str | Mapping[str, "_Type"] | tuple[Mapping[str, "_Type"]]

_HEALTH: dict[str, _Type] = {
    "Test": _TEXTS,
    **dict.fromkeys(("Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"), _NUMBER),
}
_EXECUTION: dict[str, _Type] = {
    **dict.fromkeys(("Hostname", "Domainname", "User", "Image", "WorkingDir"), _TEXT),
    **dict.fromkeys(("MacAddress", "StopSignal"), _TEXT),
    **dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin"), _FLAG),
    **dict.fromkeys(("StdinOnce", "ArgsEscaped", "NetworkDisabled"), _FLAG),
    **dict.fromkeys(("Env", "OnBuild", "Cmd", "Entrypoint", "Shell"), _TEXTS),
    "ExposedPorts": _SET,
    "Volumes": _SET,
    "Labels": _TEXT_MAP,
    "StopTimeout": _NUMBER,
    "Healthcheck": _HEALTH,
}
_CONFIG: dict[str, _Type] = {
    **dict.fromkeys(("id", "parent", "comment", "container", "docker_version", "author"), _TEXT),
    "created": _TIME,
    "Size": _NUMBER,
    "config": _EXECUTION,
    "container_config": _EXECUTION | dict.fromkeys(("Cmd", "Entrypoint", "Shell"), _COMMAND),
    "rootfs": {"type": _TEXT, "diff_ids": _TEXTS},
    "history": (
        {
            **dict.fromkeys(("author", "created_by", "comment"), _TEXT),
            "created": _TIME,
            "empty_layer": _FLAG,
        },
    ),
}


def config_findings(path: str, data: bytes) -> Iterator[Finding]:
    """Yield findings about the image config ``data``, which the descriptor at ``path`` names.

    Raises DocumentError: not strict JSON.
    """
    faults = _faults(parse_object(data, path), _CONFIG, "")
    for member, expected in islice(faults, _FINDINGS_LIMIT):
        yield finding("invalid-config-member", path, f"{member} is not {expected}")


def _faults(value: Json, expected: _Type, member: str) -> Iterator[tuple[str, str]]:
    """Yield each member of another type, and the type it must have; null is any type."""
    if value is None:
        return
    if isinstance(expected, str):
        if not _CHECKS[expected](value):
            yield member, expected
    elif isinstance(expected, tuple):
        yield from _faults_in_list(value, expected[0], member)
    elif not isinstance(value, dict):
        yield member, "an object"
    else:
        yield from _faults_in_object(value, expected, member)


def _faults_in_list(
    value: Json, expected: Mapping[str, _Type], member: str
) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield member, "a list"
        return
    for position, item in enumerate(value):
        yield from _faults(item, expected, f"{member}[{position}]")


def _faults_in_object(
    value: Mapping[str, Json], expected: Mapping[str, _Type], member: str
) -> Iterator[tuple[str, str]]:
    types = {name.casefold(): kind for name, kind in expected.items()}  # Go ignores the case
    for name, item in value.items():
        if kind := types.get(name.casefold()):
            yield from _faults(item, kind, f"{member}.{name}" if member else name)
