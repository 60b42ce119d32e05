"""``manyfest cache export``: write cached content to a bundle."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.adapters.bundles.write_bundle import require_target, write_bundle
from manyfest.assembly.references import reference, resolve_source
from manyfest.cli.arguments.options import AsJson, docker_command
from manyfest.cli.flows.checks import note_foreign_layers
from manyfest.cli.output import note, write_text
from manyfest.cli.process.command import Option
from manyfest.cli.rendering.cache.bundle_summary import packed_json, packed_text
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import DraftUnknownError, NotFoundError
from manyfest.domain.operations.content.export_bundle import export_bundle, layers_with_progress
from manyfest.domain.references import Reference


@docker_command("cache export", "[REF...] FILE|DIR", 1)
def command(
    names: Sequence[str],
    layers: Annotated[bool, Option("--layers", help="Include layers.")] = False,
    since: Annotated[
        list[str] | None,
        Option("--since", metavar="FILE|DIR", help="Leave out what this bundle had."),
    ] = None,
    draft: Annotated[
        list[str] | None, Option("--draft", metavar="LIST", help="Include this draft.")
    ] = None,
    all_drafts: Annotated[bool, Option("--drafts", help="Include all drafts.")] = False,
    sparse: Annotated[
        bool,
        Option("--sparse", help="Export lists although some of their images are not cached."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Export cached images, lists and drafts to a bundle.

    Exports the images and lists named, or else all cached tags of registries, in their newest
    cached state; no registry is asked. A bundle is an OCI layout: an archive if the name ends in
    .tar or .tar.zst, else a folder. cache import, skopeo, podman and containerd read it. An
    existing file is replaced; an existing layout is added to.

    Examples:
      manyfest cache export --layers alpine:3 bundle.tar
      manyfest cache export --since monday.tar tuesday.tar.zst
      manyfest cache export --drafts --sparse host/app:1 lists.tar
    """
    *named, target = names
    require_target(target)
    with open_session(settings_from()) as session, ExitStack() as stack:
        earlier = [stack.enter_context(open_bundle(Path(name))) for name in since or ()]
        drafts = session.drafts.drafts() if all_drafts else _drafts(draft or (), session)
        references = [resolve_source(name, session) for name in named]
        exported = export_bundle(
            references if named or draft else None,
            drafts,
            ports=session,
            with_layers=layers,
            sparse=sparse,
            earlier=earlier,
        )
        _note_left_out(exported.left_out)
        brings = "not in the store (cache fetch --layers --foreign-layers brings them)"
        note_foreign_layers(exported.foreign_layers, brings)
        packing = exported.packing
        if not (packing.entries or packing.drafts):
            raise NotFoundError(f"there is nothing to export: {_why_nothing(exported.left_out)}")
        with shown_progress() as on_event:
            write_bundle(Path(target), layers_with_progress(packing, on_event))
    write_text(packed_json(packing, exported.left_out) if as_json else packed_text(packing, target))


def _drafts(names: Sequence[str], session: Session) -> Sequence[Draft]:
    found = {name: session.drafts.find(name) for name in map(reference, names)}
    missing = [str(name) for name, draft in found.items() if draft is None]
    if missing:
        raise DraftUnknownError(missing[0])
    return [draft for draft in found.values() if draft is not None]


def _note_left_out(references: Sequence[Reference]) -> None:
    """Note the incomplete images and lists, which are exported only if asked for."""
    if references:
        more = f" and {len(references) - 1} more" if len(references) > 1 else ""
        ways = "cache fetch caches the rest, layers with --layers; --sparse exports lists alone"
        note(f"left out, as not all of it is cached ({ways}): {references[0]}{more}")


def _why_nothing(left_out: Sequence[Reference]) -> str:
    return "no image that was seen is whole" if left_out else "no image was seen by tag"
