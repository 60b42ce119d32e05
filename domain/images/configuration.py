"""The config of an image as a person reads it (image-spec, ``config.md``).

Everything is optional here: a member that is missing, or of another type than the specification
says, is left out, and the others are shown. ``verify`` is what finds such faults.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice

from attr import evolve, field

from manyfest.domain.encoding.strict_json import Json, JsonObject, parse_object
from manyfest.domain.encoding.timestamps import parse_utc
from manyfest.domain.errors import DocumentError
from manyfest.domain.images.build_history import BuildStep, build_steps
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen

# The annotation for the time at which an image was built (image-spec, ``annotations.md``).
CREATED = "org.opencontainers.image.created"

# Builders of reproducible images write 1970 or 1980: earlier times are made up.
FIRST_TIME = datetime(1981, 1, 1, tzinfo=UTC)

_NEVER = datetime(1, 1, 1, tzinfo=UTC)  # Go's zero time: no time
_FACTS = 20


@frozen
class Configuration:
    """An image's config; ``fault`` tells why it cannot be read at all.

    ``entrypoint``, ``command``, ``shell`` and ``health_test`` are None if they are not set.
    ``created`` is in UTC.
    """

    platform: Platform = field(factory=Platform)
    created: datetime | None = None
    author: str = ""
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    shell: tuple[str, ...] | None = None
    health_test: tuple[str, ...] | None = None
    user: str = ""
    working_dir: str = ""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    on_build: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(factory=dict)
    history: tuple[BuildStep, ...] = ()
    fault: str = ""


def read_configuration(data: bytes) -> Configuration:
    """Read the config of an image; nothing in it is an error."""
    try:
        document = parse_object(data, "config")
    except DocumentError as error:
        return Configuration(fault=error.reason)
    runtime = document.get("config")
    runtime = runtime if isinstance(runtime, dict) else {}
    health = runtime.get("Healthcheck")
    return Configuration(
        platform=_platform(document),
        created=moment(document.get("created")),
        author=_text(document, "author"),
        env=_texts(runtime, "Env") or (),
        entrypoint=_texts(runtime, "Entrypoint"),
        command=_texts(runtime, "Cmd"),
        shell=_texts(runtime, "Shell"),
        health_test=_texts(health, "Test") if isinstance(health, dict) else None,
        user=_text(runtime, "User"),
        working_dir=_text(runtime, "WorkingDir"),
        ports=_names(runtime, "ExposedPorts"),
        volumes=_names(runtime, "Volumes"),
        stop_signal=_text(runtime, "StopSignal"),
        on_build=_texts(runtime, "OnBuild") or (),
        labels=_labels(runtime),
        history=build_steps(document.get("history"), moment),
    )


def read_facts(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return the first texts and numbers in the config of an artifact, if it is a JSON object."""
    try:
        document = parse_object(data, "config")
    except DocumentError:
        return ()
    found = ((key, value) for key, value in document.items() if isinstance(value, str | int))
    return tuple((key, str(value)) for key, value in islice(found, _FACTS))


def annotations_of(manifest: Manifest) -> Mapping[str, str]:
    """Return the annotations of a manifest itself that are texts."""
    found = manifest.document.get("annotations")
    pairs = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in pairs if isinstance(value, str)}


def moment(value: Json) -> datetime | None:
    """Return a time in UTC; None for what is no time, and for Go's zero time."""
    if not isinstance(value, str):
        return None
    try:
        time = parse_utc(value)
    except ValueError:
        return None
    return None if time == _NEVER else time


def _platform(document: JsonObject) -> Platform:
    try:
        return evolve(Platform.from_json(document, "config"), others={})
    except DocumentError:
        return Platform()


def _text(document: JsonObject, key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _texts(document: JsonObject, key: str) -> tuple[str, ...] | None:
    """The texts in a list; a single text counts as a list of one, as docker reads it."""
    value = document.get(key)
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return None
    return tuple(item for item in value if isinstance(item, str))


def _names(document: JsonObject, key: str) -> tuple[str, ...]:
    """The keys of an object, which is how Go writes a set."""
    value = document.get(key)
    return tuple(value) if isinstance(value, dict) else ()


def _labels(document: JsonObject) -> Mapping[str, str]:
    value = document.get("Labels")
    labels = value.items() if isinstance(value, dict) else ()
    return {key: text for key, text in labels if isinstance(text, str)}
