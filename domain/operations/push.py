"""Publishing a draft: what would be written, as a value, and writing just that."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from attrs import frozen

from manyfest.domain.drafts import Draft
from manyfest.domain.errors import DraftUnknownError
from manyfest.domain.list_assembly import assemble_for_push, ordered_entries
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.copy_content import (
    BlobCopy,
    ManifestCopy,
    blob_copies,
    copy_blob,
    manifest_copies,
)
from manyfest.domain.operations.each import Each
from manyfest.domain.operations.remember import remember
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Reference


@frozen
class PushPlan:
    """What publishing ``draft`` writes, in this order: blobs, then children, then the list.

    ``children`` stand before those that list them.
    """

    draft: Draft
    manifest: Manifest
    blobs: tuple[BlobCopy, ...]
    children: tuple[ManifestCopy, ...]

    @property
    def foreign_entries(self) -> tuple[Reference, ...]:
        """The entries that come from another home, by digest in the target, as they are listed."""
        home = self.draft.name.home
        return tuple(
            Reference(home, None, entry.found.digest)
            for entry in ordered_entries(self.draft)
            if entry.source.home != home
        )


def plan_push(
    name: Reference, *, registry: ManifestReader, drafts: DraftBook, each: Each
) -> PushPlan:
    """What ``push`` of the draft ``name`` writes. Reads children of other homes, writes nothing.

    Raises DraftUnknownError; ListError: the draft cannot be a list yet; what reading raises.
    """
    draft = drafts.find(name)
    if draft is None:
        raise DraftUnknownError(str(name))
    manifest = assemble_for_push(draft)
    foreign = dict.fromkeys(
        entry.content for entry in ordered_entries(draft) if entry.source.home != name.home
    )
    copies = each(partial(manifest_copies, target=name.home, registry=registry), tuple(foreign))
    children = {copy.target: copy for group in copies for copy in group}
    return PushPlan(draft, manifest, blob_copies(children.values()), tuple(children.values()))


def push(
    plan: PushPlan,
    *,
    registry: Registry,
    contents: ContentStore,
    drafts: DraftBook,
    each: Each,
    now: datetime,
    purge: bool = False,
) -> None:
    """Write what ``plan`` says, children before parents, the tag last.

    When it fails, the tag stands where it stood and the draft is kept. Afterwards the draft is
    marked as pushed or, with ``purge``, forgotten; a draft changed meanwhile is left as it is.
    Raises what writing raises.
    """
    name = plan.draft.name
    each(partial(copy_blob, registry=registry), plan.blobs)
    each(partial(_put, registry=registry), [c for c in plan.children if not c.manifest.is_list])
    for nested in (copy for copy in plan.children if copy.manifest.is_list):
        _put(nested, registry)
    registry.put_manifest(name, plan.manifest)
    with drafts.transaction():
        remember(contents, _written(plan), now)
        _settle(plan, drafts, purge=purge)


def _put(copy: ManifestCopy, registry: Registry) -> None:
    registry.put_manifest(copy.target, copy.manifest)


def _written(plan: PushPlan) -> Iterable[Resolved]:
    yield Resolved(plan.draft.name, plan.manifest)
    for copy in plan.children:
        yield Resolved(copy.target, copy.manifest)


def _settle(plan: PushPlan, drafts: DraftBook, *, purge: bool) -> None:
    if drafts.find(plan.draft.name) != plan.draft:
        return
    if purge:
        drafts.remove(plan.draft.name)
    else:
        drafts.save(plan.draft.marked_pushed(plan.manifest.digest))
