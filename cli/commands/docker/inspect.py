"""``manyfest inspect``: show an image, a list, a draft, or one entry of a draft."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from manyfest.assembly.references import entry_name, reference, resolve_source
from manyfest.cli.arguments.options import (
    CONNECTION,
    FRESHNESS,
    OFFLINE,
    docker_command,
    require_arguments,
)
from manyfest.cli.exit_codes import ExitError, meaning_of
from manyfest.cli.output import fail, note, write_bytes, write_document, write_pieces
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.manifest_text import document_text, entry_text
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_reading_session
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.list_assembly import assemble
from manyfest.domain.errors import DocumentError, ManifestUnknownError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference

if TYPE_CHECKING:  # needed for -v and for entries only
    from manyfest.domain.operations.views.details import Detail, Details


@docker_command("inspect", "[LIST] MANIFEST", options=OFFLINE | FRESHNESS | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    verbose: Annotated[
        bool, Option("-v", "--verbose", help="Add each image's descriptor and raw bytes.")
    ] = False,
    raw: Annotated[bool, Option("--raw", help="Write the exact bytes and nothing else.")] = False,
    platform: Annotated[
        str | None,
        Option(
            "--platform",
            metavar="PLATFORM",
            help="Show the image for OS[/ARCH[/VARIANT]] of a list.",
        ),
    ] = None,
    config: Annotated[
        bool, Option("--config", help="Write the exact bytes of the image's config.")
    ] = False,
    remote: Annotated[
        bool, Option("--remote", help="Ignore a local draft and show the published manifest.")
    ] = False,
    file: Annotated[
        str | None,
        Option(
            "-f",
            "--file",
            metavar="FILE",
            help="Read references from FILE (- for stdin); print one JSON object per line.",
        ),
    ] = None,
) -> None:
    """Show the manifest of an image, a list or a draft as JSON.

    With LIST, show the entry MANIFEST of that draft. A draft that is not pushed yet comes before
    the published manifest of the same name. With -f, drafts are ignored; references that cannot be
    read give a line with error, and the exit code is 1.

    Examples:
      manyfest inspect alpine
      manyfest inspect --platform linux/arm64 alpine
      manyfest inspect --config --platform linux/arm64 alpine
    """
    _refuse_together(file, names, verbose=verbose, raw=raw)
    _refuse_with_one_image(file, names, platform=platform, config=config, raw=raw, verbose=verbose)
    if not file:
        require_arguments("inspect", names, 1, 2)
    with open_reading_session(settings_from(options)) as session:
        if file:
            from manyfest.cli.flows.inspect_many import inspect_many

            inspect_many(file, session)
            return
        if names[1:] and names[0]:  # docker ignores an empty name of a list
            wanted = entry_name(names[1])
            _show_entry(reference(names[0]), wanted, session, verbose=verbose, raw=raw)
            return
        name = resolve_source(names[-1], session)
        if platform is not None or config:
            from manyfest.cli.flows.inspect_image import detail_of, read_image, write_config

            image = read_image(name, platform, session, remote=remote)
            if config:
                write_config(image, session)
            elif verbose:
                _show_detail(detail_of(image, session))
            else:
                _show(image.manifest, raw=raw)
            return
        if (draft := session.drafts.find(name)) and draft.shadows_remote and not remote:
            note(f"this is the draft {name}, not the published list (--remote shows that)")
            _show_draft(draft, session, verbose=verbose, raw=raw)
        else:
            _show_published(name, session, verbose=verbose, raw=raw)


def _refuse_together(file: str | None, names: Sequence[str], *, verbose: bool, raw: bool) -> None:
    if raw and verbose:
        raise UsageError("--raw and --verbose exclude each other")
    if file is not None and (names or raw or verbose):
        raise UsageError("--file goes without MANIFEST, --raw and --verbose")
    if file == "":
        raise UsageError("--file wants a file, or - for standard input")


def _refuse_with_one_image(
    file: str | None, names: Sequence[str], *, platform: str | None, **given: bool
) -> None:
    if platform is None and not given["config"]:
        return
    if file is not None or len(names) > 1:
        raise UsageError("--platform and --config go with one MANIFEST alone")
    if given["config"] and (given["raw"] or given["verbose"]):
        raise UsageError("--config goes without --raw and --verbose")


def _show_published(name: Reference, session: Session, *, verbose: bool, raw: bool) -> None:
    session.connect_early([name])
    if not verbose:
        from manyfest.domain.operations.views.inspect import inspect

        _show(inspect(name, ports=session).manifest, raw=raw)
        return
    from manyfest.domain.operations.resolve import resolve
    from manyfest.domain.operations.views.details import details as details_of

    found = resolve(name, session.registry)
    details = details_of(found, ports=session)
    if found.manifest.is_list:
        _show_details(details)
    else:
        _show_detail(details.present[0])


def _show_draft(draft: Draft, session: Session, *, verbose: bool, raw: bool) -> None:
    if not verbose:
        _show(assemble(draft, session.contents.manifest), raw=raw)
        return
    from manyfest.domain.operations.views.details import draft_details

    _show_details(draft_details(draft, ports=session))


def _show_entry(
    list_name: Reference, wanted: str, session: Session, *, verbose: bool, raw: bool
) -> None:
    from manyfest.domain.operations.views.details import draft_entry, entry_details

    entry = draft_entry(list_name, wanted, session.drafts)
    detail = entry_details(entry, session.registry)
    if verbose:
        _show_detail(detail)
    elif detail.found is None:
        raise DocumentError(str(entry.content), "not a manifest that can be shown; -v describes it")
    elif raw:
        write_bytes(detail.found.manifest.data)
    else:
        write_document(entry_text(detail.found.manifest))


def _show_details(details: "Details") -> None:
    """Print the details of the images that exist; fail if any are missing."""
    from manyfest.cli.rendering.manifest_text import details_text

    errors = [ManifestUnknownError(str(missing)) for missing in details.missing]
    write_pieces(details_text(_completed(details.present, errors)))
    for error in errors:
        fail(str(error))
    if errors:
        raise ExitError(meaning_of(errors[0]).code)


def _completed(
    details: "Sequence[Detail]", errors: list[ManifestUnknownError]
) -> Iterator["Detail"]:
    """Yield each with its manifest; add the errors of those that are missing."""
    for detail in details:
        try:
            yield detail.completed()
        except ManifestUnknownError as error:
            errors.append(error)


def _show_detail(detail: "Detail") -> None:
    from manyfest.cli.rendering.manifest_text import detail_text

    write_document(detail_text(detail))


def _show(manifest: Manifest, *, raw: bool) -> None:
    if raw:
        write_bytes(manifest.data)
    else:
        write_document(document_text(manifest))
