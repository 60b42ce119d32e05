"""The flow of ``publish``: the release that its options and the files of a pipeline describe."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attr import evolve

from manyfest.assembly.references import reference, resolve_source
from manyfest.cli.arguments.input_files import bytes_of
from manyfest.cli.arguments.reference_files import references_in
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.wiring import Session
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.encoding.strict_json import JsonObject, parse_object
from manyfest.domain.media_types import Family
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference, Repository
from manyfest.domain.specs.annotation_levels import LeveledAnnotation
from manyfest.domain.specs.build_results import (
    ReleaseMetadata,
    digests_of_files,
    release_metadata,
    sources_of_bake,
    sources_of_lines,
)
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec
from manyfest.domain.values import frozen

_METADATA_VARIABLE = "DOCKER_METADATA_OUTPUT_JSON"


@frozen
class ReleaseOptions:
    """The options of ``publish`` that say what is published, as they were given."""

    sources: tuple[str, ...]
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    digests: Path | None = None
    bake_metadata: str | None = None
    meta: str | None = None
    with_labels: bool = False
    annotations: tuple[LeveledAnnotation, ...] = ()
    expected_platforms: tuple[Platform, ...] = ()
    is_untagged: bool = False
    list_type: ListType = ListType.AUTO
    convert: Family | None = None


def release_spec(options: ReleaseOptions, session: Session) -> ListSpec:
    """Return the list to publish, its first tag as target.

    Raises InputError, DocumentError: a file of the pipeline cannot be read as what it should be;
    InvalidReferenceError; OSError.
    """
    metadata = _metadata(options.meta)
    targets = _targets(options, metadata)
    sources = tuple(_sources(options, targets))
    if not sources:
        raise UsageError("there is nothing to publish: give a SOURCE, --digests or --bake-metadata")
    first, *more = targets
    annotations = (
        *(metadata.labels if options.with_labels else ()),
        *metadata.annotations,
        *options.annotations,
    )
    return ListSpec(
        written=str(first),
        target=first,
        entries=tuple(EntrySpec(text, resolve_source(text, session)) for text in sources),
        more_tags=tuple(more),
        list_type=options.list_type,
        expected_platforms=options.expected_platforms,
        is_untagged=options.is_untagged,
        convert=options.convert,
    ).annotated(annotations)


def _metadata(given: str | None) -> ReleaseMetadata:
    """Read ``--meta``: JSON, a file, or ``-``; without it, the variable of the action."""
    text = os.environ.get(_METADATA_VARIABLE, "") if given is None else given
    if not text.strip():
        return ReleaseMetadata()
    subject = "--meta" if given is not None else f"${_METADATA_VARIABLE}"
    data = text.encode() if text.lstrip().startswith("{") else bytes_of(text)
    return release_metadata(parse_object(data, subject), subject)


def _targets(options: ReleaseOptions, metadata: ReleaseMetadata) -> list[Reference]:
    """Return the tags to move, each once; a bare tag is one of each ``--image``."""
    names = [*options.tags, *metadata.tags]
    if options.is_untagged and not names and options.images:
        parsed = (reference(f"{image}:latest") for image in dict.fromkeys(options.images))
        return [evolve(each, tag=None) for each in parsed]
    found = dict.fromkeys(each for name in names for each in _targets_of(name, options.images))
    if not found and options.is_untagged:
        raise UsageError("there is no repository to publish to: give -t or --image")
    if not found:
        raise UsageError(f"there is no tag to publish as: give -t, --meta or ${_METADATA_VARIABLE}")
    return list(found)


def _targets_of(name: str, images: Sequence[str]) -> Iterator[Reference]:
    if any(mark in name for mark in "/:@"):
        yield reference(name)
    elif images:
        yield from (reference(f"{image}:{name}") for image in images)
    else:
        raise UsageError(f"{name} is a tag without a repository: give --image REPO, or REPO:{name}")


def _sources(options: ReleaseOptions, targets: Sequence[Reference]) -> Iterator[str]:
    yield from options.sources
    if options.bake_metadata is not None:
        yield from sources_of_bake(_json_of(options.bake_metadata), options.bake_metadata)
    if options.digests is None:
        return
    if options.digests.is_dir():
        names = [path.name for path in options.digests.iterdir() if path.is_file()]
        home = options.images[0] if options.images else _repository(targets[0])
        for digest in digests_of_files(names, str(options.digests)):
            yield f"{home}@{digest}"
    else:
        yield from _digest_lines(options.digests)


def _digest_lines(file: Path) -> Iterable[str]:
    with references_in(str(file)) as lines:
        return sources_of_lines(lines, str(file))


def _repository(target: Reference) -> str:
    if not isinstance(target.home, Repository):
        raise UsageError("--digests needs --image, the repository of the digests")
    return str(target.home)


def _json_of(file: str) -> JsonObject:
    return parse_object(bytes_of(file), file)
