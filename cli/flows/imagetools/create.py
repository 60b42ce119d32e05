"""The flow of ``imagetools create``: the list that buildx's options and arguments describe."""

from collections.abc import Iterator, Sequence

from manyfest.assembly.publication import check_release
from manyfest.assembly.references import reference, resolve_source
from manyfest.cli.arguments.input_files import bytes_of
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.wiring import Session
from manyfest.domain.drafts.draft import ListForm
from manyfest.domain.drafts.list_assembly import assemble_for_push
from manyfest.domain.errors import InputError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import Family
from manyfest.domain.operations.publication.compose_specs import compose_specs
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Home, Reference
from manyfest.domain.specs.annotation_levels import LeveledAnnotation
from manyfest.domain.specs.buildx_sources import DescribedSource, parse_source, reference_text
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec
from manyfest.domain.values import frozen


@frozen
class ImagetoolsOptions:
    """The options of ``imagetools create`` that say what is published, as they were given."""

    sources: tuple[str, ...]
    files: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    appends: bool = False
    prefers_index: bool = True
    annotations: tuple[LeveledAnnotation, ...] = ()
    platforms: tuple[Platform, ...] = ()
    expected_platforms: tuple[Platform, ...] = ()
    convert: Family | None = None


# A source, with its text as it was given.
_Source = tuple[str, DescribedSource | Reference]


def imagetools_spec(options: ImagetoolsOptions, session: Session, *, is_dry_run: bool) -> ListSpec:
    """Return the list to publish, its first tag as target; without tags, the first source.

    Sources come in buildx's order: the tag to append to, those of files, the arguments. Digests
    are those of the first tag's repository, else of the first source's.

    Raises UsageError: no sources, or no tags and it is no dry run; InputError, DocumentError: a
    source cannot be read as one; InvalidReferenceError; OSError.
    """
    if not options.sources and not options.files:
        raise UsageError("no sources specified: give a SOURCE, or a file of one with -f")
    if options.convert and not options.prefers_index:
        raise UsageError("--convert makes a list, and goes without --prefer-index=false")
    if not options.tags and not is_dry_run:
        raise UsageError("can't push with no tags specified, please set --tag or --dry-run")
    targets = [reference(reference_text(tag)) for tag in dict.fromkeys(options.tags)]
    is_appended = options.appends and bool(targets)
    sources = list(_sources(options, session))
    named = [*targets, *(source for _, source in sources if isinstance(source, Reference))]
    if not named:
        raise UsageError("no repositories specified: give a reference as --tag or SOURCE")
    first, *_ = named
    before = [EntrySpec(options.tags[0], first)] if is_appended else []
    return ListSpec(
        written=str(first),
        target=first,
        entries=(*before, *(_entry(source, first.home) for source in sources)),
        more_tags=tuple(targets[1:]),
        expected_platforms=options.expected_platforms,
        platforms=options.platforms,
        convert=options.convert,
        form=ListForm.BUILDX if options.prefers_index else ListForm.BUILDX_OR_IMAGE,
        is_appended=is_appended,
    ).annotated(options.annotations)


def composed_list(spec: ListSpec, session: Session, *, allow_duplicates: bool) -> Manifest:
    """Return the list as it would be published. Raises as ``plan_release``."""
    composed = compose_specs([spec], ports=session, ignore_missing=False)
    (publication,) = composed.publications
    if composed.conversions:
        from manyfest.cli.flows.conversion import tell_conversion

        tell_conversion(composed.conversions[0])
    check_release(publication.draft, spec, session, allow_duplicates=allow_duplicates)
    return assemble_for_push(publication.draft, composed.source_manifest, publication.form)


def image_names(targets: Sequence[Reference]) -> str:
    """Return the repositories of ``targets``, with commas, as buildx's metadata has them."""
    return ",".join(dict.fromkeys(str(target.home) for target in targets))


def _sources(options: ImagetoolsOptions, session: Session) -> Iterator[_Source]:
    for file in options.files:
        yield _source(_text_of(file), file, session)
    for text in options.sources:
        yield _source(text, "a descriptor" if text.startswith("{") else text, session)


def _text_of(file: str) -> str:
    text = bytes_of(file).decode("utf-8", "replace").strip()
    if not text:
        raise InputError(f"{file} has no source: a reference, a digest or a descriptor")
    if "\n" in text and not text.startswith("{"):
        raise InputError(f"{file} has several lines: give one source a file, or references")
    return text


def _source(text: str, written: str, session: Session) -> _Source:
    if text.endswith("*"):
        raise InputError(f"{written}: no file has a name that * stands for; are there no digests?")
    parsed = parse_source(text, written)
    if isinstance(parsed, DescribedSource):
        return written, parsed
    return written, resolve_source(parsed, session)


def _entry(source: _Source, home: Home) -> EntrySpec:
    written, parsed = source
    if isinstance(parsed, DescribedSource):
        return parsed.entry(home, written)
    return EntrySpec(written, parsed)
