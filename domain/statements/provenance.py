"""The facts in SLSA provenance 0.2 and 1.0, with what BuildKit adds (``slsa-definitions.md``).

A table names the paths of each fact in both versions; the first that has a text wins.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from itertools import islice

from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.statements.envelopes import PROVENANCE, Statement
from manyfest.domain.statements.members import first_text, member, objects, pairs, text
from manyfest.domain.values import frozen

_SHOWN = 1000  # parameters and materials; more are a trap
_DEPTH = 6  # of nested parameters

_V1, _RUN = ("buildDefinition",), ("runDetails",)
_EXTERNAL = (*_V1, "externalParameters")
_BUILDKIT = (
    (*_RUN, "metadata", "buildkit_metadata"),
    ("metadata", "https://mobyproject.org/buildkit@v1#metadata"),
)
_VCS = tuple((*path, "vcs") for path in _BUILDKIT)

_BUILDER = ((*_RUN, "builder", "id"), ("builder", "id"))
_BUILD_TYPE = ((*_V1, "buildType"), ("buildType",))
_SOURCE = (
    (*_EXTERNAL, "configSource", "uri"),
    ("invocation", "configSource", "uri"),
    *((*path, "source") for path in _VCS),
    (*_EXTERNAL, "workflow", "repository"),
    (*_EXTERNAL, "source", "uri"),
)
_COMMIT = tuple((*path, "revision") for path in _VCS)
_ENTRY_POINT = (
    (*_EXTERNAL, "configSource", "path"),
    ("invocation", "configSource", "entryPoint"),
    (*_EXTERNAL, "workflow", "path"),
)
_STARTED = ((*_RUN, "metadata", "startedOn"), ("metadata", "buildStartedOn"))
_FINISHED = ((*_RUN, "metadata", "finishedOn"), ("metadata", "buildFinishedOn"))
_INVOCATION = (
    (*_RUN, "metadata", "invocationId"),
    (*_RUN, "metadata", "invocationID"),
    ("metadata", "buildInvocationID"),
    ("metadata", "buildInvocationId"),
)
_MATERIALS = ((*_V1, "resolvedDependencies"), ("materials",))
_SOURCE_DIGESTS = (
    (*_EXTERNAL, "configSource", "digest"),
    ("invocation", "configSource", "digest"),
)
_PARAMETERS = (
    (*_EXTERNAL, "request", "root", "request"),
    (*_EXTERNAL, "request"),
    ("invocation", "parameters"),
    _EXTERNAL,
)
_ELSEWHERE = frozenset({"configSource", "request", "workflow", "source"})
_COMMITS = ("sha1", "gitCommit", "sha256")


@frozen
class Material:
    """An input of the build: its URI, and its digests as ``algorithm:hex``."""

    uri: str
    digests: tuple[str, ...]


@frozen
class Provenance:
    """The way in which an image was built, as its builder says; an unknown fact is empty.

    ``version`` is that of SLSA. ``source`` may be a hint of the client, as BuildKit's ``vcs`` is.
    ``parameters`` are names and values as text, nested ones as ``args.target``. ``dockerfile`` is
    None if the provenance does not have it, as with ``mode=min``.
    """

    version: str
    builder: str
    build_type: str
    source: str
    commit: str
    entry_point: str
    started: str
    finished: str
    invocation: str
    parameters: tuple[tuple[str, str], ...]
    materials: tuple[Material, ...]
    dockerfile: str | None


def read_provenance(statement: Statement) -> Provenance:
    """Return the facts of provenance; what is of another shape is empty."""
    document = statement.document
    materials = tuple(islice(_materials(document), _SHOWN))
    source = first_text(document, *_SOURCE) or _git_source(materials)
    return Provenance(
        version=statement.predicate_type.removeprefix(PROVENANCE).removeprefix("v"),
        builder=first_text(document, *_BUILDER),
        build_type=first_text(document, *_BUILD_TYPE),
        source=source,
        commit=_commit(document, source, materials),
        entry_point=first_text(document, *_ENTRY_POINT),
        started=first_text(document, *_STARTED),
        finished=first_text(document, *_FINISHED),
        invocation=first_text(document, *_INVOCATION),
        parameters=tuple(islice(_parameters(document), _SHOWN)),
        materials=materials,
        dockerfile=_dockerfile(document),
    )


def _materials(document: JsonObject) -> Iterator[Material]:
    for path in _MATERIALS:
        for listed in objects(document, *path):
            yield Material(text(listed, "uri"), _digests(listed, "digest"))


def _digests(document: JsonObject, *path: str) -> tuple[str, ...]:
    return tuple(
        f"{algorithm}:{value}"
        for algorithm, value in pairs(document, *path)
        if isinstance(value, str)
    )


def _commit(document: JsonObject, source: str, materials: tuple[Material, ...]) -> str:
    """Return the commit that the source had: its digest, else that of the material of its name."""
    for path in _SOURCE_DIGESTS:
        if found := _git_digest(_digests(document, *path)):
            return found
    if stated := first_text(document, *_COMMIT):
        return stated
    plain = source.removeprefix("git+")
    same = (each for each in materials if plain and each.uri.removeprefix("git+").startswith(plain))
    return next(filter(None, (_git_digest(each.digests) for each in same)), "")


def _git_source(materials: tuple[Material, ...]) -> str:
    return next((each.uri for each in materials if each.uri.startswith("git+")), "")


def _git_digest(digests: tuple[str, ...]) -> str:
    found = dict(digest.partition(":")[::2] for digest in digests)
    return next((found[name] for name in _COMMITS if found.get(name)), "")


def _parameters(document: JsonObject) -> Iterator[tuple[str, str]]:
    for path in _PARAMETERS:
        value = member(document, *path)
        if isinstance(value, dict) and value:
            named = {key: each for key, each in value.items() if key not in _ELSEWHERE}
            yield from _flat(named, "", _DEPTH)
            return


def _flat(value: Json, name: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the texts and numbers in ``value``, with their paths as names."""
    if isinstance(value, dict | list) and depth:
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in inner:
            yield from _flat(each, f"{name}.{key}" if name else str(key), depth - 1)
    elif isinstance(value, str | int | float):
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def _dockerfile(document: JsonObject) -> str | None:
    """Return the source of the build: what calls itself a Dockerfile, else the first file."""
    infos = [one for path in _BUILDKIT for one in objects(document, *path, "source", "infos")]
    infos.sort(key=lambda one: text(one, "language") != "Dockerfile")
    for data in filter(None, (text(one, "data") for one in infos)):
        try:
            return b64decode(data, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return None
