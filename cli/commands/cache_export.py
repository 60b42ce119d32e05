"""``manyfest cache export``: carry what the store holds to where there is no network."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from manyfest.adapters.bundles.opening import open_bundle
from manyfest.cli.options import AsJson, counted, reference
from manyfest.cli.output import note, write_text
from manyfest.cli.rendering.bundles import packed_json, packed_text
from manyfest.cli.settings import settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.drafts import Draft
from manyfest.domain.errors import DraftUnknownError, InputError, NotFoundError
from manyfest.domain.operations.export_bundle import export_bundle, is_whole, seen_references
from manyfest.domain.ports.bundles import Packing
from manyfest.domain.references import Reference

# What a name ends with, and whether the archive is compressed; all other names are folders.
_ARCHIVES = {".tar": False, ".tar.zst": True, ".tzst": True}
_UNWRITTEN = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip", ".zst")


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[REF...] FILE|DIR", show_default=False)
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Take layers along.")] = False,
    since: Annotated[
        list[str] | None,
        typer.Option("--since", metavar="FILE|DIR", help="Leave out what this bundle had."),
    ] = None,
    draft: Annotated[
        list[str] | None, typer.Option("--draft", metavar="LIST", help="Take this draft along.")
    ] = None,
    all_drafts: Annotated[bool, typer.Option("--drafts", help="Take all drafts along.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write what the store holds as an OCI layout: a folder, FILE.tar or FILE.tar.zst.

    The images named, or all that were seen by tag, as they were seen last; the network is not
    asked. cache import reads it on another machine, and so do skopeo, podman and containerd. A file
    is replaced, and a folder that is a layout is added to.
    """
    *names, target = counted("cache export", arguments, 1)
    _require_target(target)
    with open_session(settings_from()) as session, ExitStack() as stack:
        earlier = [stack.enter_context(open_bundle(Path(each))) for each in since or ()]
        drafts = session.drafts.drafts() if all_drafts else _drafts(draft or (), session)
        references = list(map(reference, names)) if names or draft else _all_seen(session)
        packing = export_bundle(
            references,
            drafts,
            contents=session.contents,
            layers=session.layers,
            with_layers=layers,
            earlier=earlier,
        )
        if not (packing.entries or packing.drafts):
            raise NotFoundError("there is nothing to export: no image was seen by tag")
        _write(Path(target), packing)
    write_text(packed_json(packing) if as_json else packed_text(packing, target))


def _require_target(target: str) -> None:
    if _is_compressed(target) is not None:
        return
    if target.endswith(_UNWRITTEN):
        raise InputError(f"{target}: archives are written as .tar or .tar.zst")
    if ":" in target:
        reason = "no folder of a layout has a colon; say which FILE or DIR to write last"
        raise InputError(f"{target}: {reason}")


def _is_compressed(target: str) -> bool | None:
    """None for what is to be a folder."""
    return next((is_so for end, is_so in _ARCHIVES.items() if target.endswith(end)), None)


def _drafts(names: Sequence[str], session: Session) -> Sequence[Draft]:
    found = {name: session.drafts.find(name) for name in map(reference, names)}
    missing = [str(name) for name, draft in found.items() if draft is None]
    if missing:
        raise DraftUnknownError(missing[0])
    return [draft for draft in found.values() if draft is not None]


def _all_seen(session: Session) -> Sequence[Reference]:
    """Lists of which only the list was looked at are no use elsewhere, and that is said."""
    references = seen_references(session.contents)
    whole = [each for each in references if is_whole(each, session.contents)]
    if left := len(references) - len(whole):
        first = next(each for each in references if each not in whole)
        more = f" and {left - 1} more" if left > 1 else ""
        note(f"left out, as their images were not fetched (cache fetch does): {first}{more}")
    return whole


def _write(target: Path, packing: Packing) -> None:
    compressed = _is_compressed(str(target))
    if compressed is None:
        from manyfest.adapters.bundles.folder_writing import write_folder

        write_folder(target.absolute(), packing)
    else:
        from manyfest.adapters.bundles.tar_writing import write_archive

        write_archive(target, packing, compressed=compressed)
