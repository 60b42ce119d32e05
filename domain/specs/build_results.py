"""Results of the earlier steps of a pipeline, for the one that publishes.

- the JSON of docker/metadata-action: tags, annotations with levels, labels (``src/meta.ts``)
- a folder of files named by digest, one from each runner (Docker's documentation, "Distribute build
  across multiple runners")
- the metadata file of ``docker buildx bake``: by target, ``containerimage.digest`` and
  ``image.name``
- goreleaser's ``digests.txt``: a digest and a name a line
"""

import re
from collections.abc import Iterable

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import JsonObject
from manyfest.domain.errors import DocumentError, InputError, shortened
from manyfest.domain.specs.annotation_levels import LeveledAnnotation, parse_generated
from manyfest.domain.values import frozen

_FILE_NAME = re.compile(r"(?:sha256[:-])?([0-9a-f]{64})")
_LINE = re.compile(r"(?:sha256:)?([0-9a-f]{64})\s+\*?(\S+)")


@frozen
class ReleaseMetadata:
    """The tags of a release as references, its annotations, and its labels as annotations."""

    tags: tuple[str, ...] = ()
    annotations: tuple[LeveledAnnotation, ...] = ()
    labels: tuple[LeveledAnnotation, ...] = ()


def release_metadata(document: JsonObject, subject: str) -> ReleaseMetadata:
    """Read docker/metadata-action's JSON; absent members are empty.

    Raises DocumentError, which names ``subject``: a member of another type; InputError: an
    annotation is malformed.
    """
    tags = _texts(document, "tags", subject)
    generated = _texts(document, "annotations", subject)
    labels = document.get("labels") or {}
    if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()):
        raise DocumentError(subject, "labels is not an object of strings")
    return ReleaseMetadata(
        tags,
        tuple(annotation for text in generated for annotation in parse_generated(text)),
        tuple(LeveledAnnotation(key, str(value)) for key, value in labels.items()),
    )


def digests_of_files(names: Iterable[str], folder: str) -> tuple[Digest, ...]:
    """Return the digests that files are named by, in the order of the names.

    Hidden files are ignored. Raises InputError: another name, so that a file of another kind is
    not taken for less than a release; or no file.
    """
    digests = []
    for name in sorted(names):
        match = _FILE_NAME.fullmatch(name)
        if match:
            digests.append(Digest.parse(f"sha256:{match[1]}"))
        elif not name.startswith("."):
            raise InputError(
                f"{folder}: {shortened(name)!r} is not named by a digest (64 hex digits)"
            )
    if not digests:
        raise InputError(f"{folder}: there is no file named by a digest (64 hex digits)")
    return tuple(digests)


def sources_of_lines(lines: Iterable[str], subject: str) -> tuple[str, ...]:
    """Return ``NAME@DIGEST`` for each line ``DIGEST NAME``; empty lines are ignored.

    Raises InputError, which names ``subject`` and the line, or that there is none.
    """
    sources = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise InputError(f"{subject}:{number}: expected a digest and a name")
        sources.append(f"{_without_tag(match[2])}@sha256:{match[1]}")
    if not sources:
        raise InputError(f"{subject}: there is no line with a digest and a name")
    return tuple(sources)


def sources_of_bake(document: JsonObject, subject: str) -> tuple[str, ...]:
    """Return ``NAME@DIGEST`` for each target that pushed an image; others are ignored.

    Raises DocumentError: no target did.
    """
    targets = (value for value in document.values() if isinstance(value, dict))
    sources = [source for target in targets if (source := _source_of_target(target))]
    if not sources:
        raise DocumentError(subject, "no target has containerimage.digest and image.name")
    return tuple(sources)


def _source_of_target(target: JsonObject) -> str:
    digest, names = target.get("containerimage.digest"), target.get("image.name")
    if not isinstance(digest, str) or not isinstance(names, str) or not names:
        return ""
    return f"{_without_tag(names.partition(',')[0].strip())}@{digest}"


def _without_tag(name: str) -> str:
    path, colon, tag = name.partition("@")[0].rpartition(":")
    return path if colon and "/" not in tag else name.partition("@")[0]


def _texts(document: JsonObject, key: str, subject: str) -> tuple[str, ...]:
    value = document.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DocumentError(subject, f"{key} is not a list of strings")
    return tuple(str(item) for item in value)
