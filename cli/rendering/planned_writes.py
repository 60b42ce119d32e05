"""Planned writes of ``push``, ``apply``, ``copy`` and ``undo``: a summary, the steps, and JSON."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from manyfest.cli.output import Screen, printable, stdout_screen
from manyfest.cli.rendering.humanize import counted, digest_on, format_size, short_digest
from manyfest.cli.rendering.json_text import json_text
from manyfest.cli.rendering.table import text_lines
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.content.copy import CopyPlan
from manyfest.domain.operations.publication.plan_push import PushPlan, Tagging
from manyfest.domain.operations.publication.undo import UndoPlan
from manyfest.domain.operations.steps.late_copy import LateCopy
from manyfest.domain.operations.steps.transfer import BlobCopy, ManifestCopy, may_be_mounted
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class PlannedWrites:
    """The writes for one reference, in this order: blobs, manifests, tags."""

    name: Reference
    digest: Digest
    blobs: tuple[BlobCopy, ...]
    manifests: tuple[ManifestCopy | LateCopy, ...]
    tags: tuple[Tagging, ...]


def writes_of_push(plan: PushPlan) -> PlannedWrites:
    """Return the writes of a push; a list without a tag is one of the manifests."""
    blobs, manifests = plan.blobs, plan.children
    if plan.attached is not None:
        blobs += plan.attached.blobs
        manifests += (*plan.attached.below, *plan.attached.manifests)
    lists = (tag.target for tag in plan.tags if tag.target.digest is not None)
    manifests += tuple(ManifestCopy(plan.draft.name, at, plan.manifest) for at in lists)
    tags = tuple(tag for tag in plan.tags if tag.target.digest is None)
    return PlannedWrites(plan.name, plan.manifest.digest, blobs, manifests, tags)


def writes_of_copy(plan: CopyPlan) -> PlannedWrites:
    """Return the writes of a copy; a target without a tag is one of the manifests."""
    target, digest = plan.target, plan.manifest.digest
    manifests: tuple[ManifestCopy | LateCopy, ...] = (*plan.manifests, *plan.late)
    if plan.writes_target and target.tag is None:
        manifests += (ManifestCopy(plan.source.reference, target, plan.manifest),)
    moves_tag = plan.writes_target and target.tag is not None
    tags = (Tagging(target, digest, plan.current),) if moves_tag else ()
    return PlannedWrites(target, digest, (*plan.blobs, *plan.attached.blobs), manifests, tags)


def writes_of_undo(plan: UndoPlan) -> PlannedWrites:
    """Return the writes that put a previous state of a tag back."""
    digest = plan.manifest.digest
    tags = (Tagging(plan.tag, digest, plan.current),) if plan.moves_tag else ()
    return PlannedWrites(plan.tag, digest, plan.blobs, plan.children, tags)


def pushes_lines(plans: Iterable[PushPlan], *, is_verbose: bool) -> Iterable[str]:
    """Return the ``dry_run_lines`` of each push, one below the other."""
    screen = stdout_screen()
    texts = (_text(writes_of_push(plan), screen, is_verbose=is_verbose) for plan in plans)
    return text_lines("\n".join(texts), _painted, screen=screen)


def dry_run_lines(
    writes: PlannedWrites, *, is_verbose: bool, screen: Screen | None = None
) -> Iterable[str]:
    """Return a line with a summary of the writes, and if ``is_verbose`` a line for each.

    They are made for stdout's screen by default.
    """
    screen = screen or stdout_screen()
    text = _text(writes, screen, is_verbose=is_verbose)
    return text_lines(text, _painted, screen=screen)


def _text(writes: PlannedWrites, screen: Screen, *, is_verbose: bool) -> str:
    steps = _step_lines(writes, screen) if is_verbose else ()
    return "\n".join([printable(_summary(writes)), *(f"  {printable(line)}" for line in steps)])


def _step_lines(writes: PlannedWrites, screen: Screen) -> Iterator[str]:
    """Yield a line for each write; a terminal gets the beginnings of digests."""
    as_shown = partial(digest_on, screen)
    copies: tuple[BlobCopy | ManifestCopy | LateCopy, ...] = (*writes.blobs, *writes.manifests)
    for copy in copies:
        verb, digest, size = _copied(copy)
        is_made_here = copy.source.home == copy.target.home  # a list, of a draft
        source = "" if is_made_here else f"from {copy.source.home} "
        yield f"{verb} {as_shown(digest)} ({format_size(size)}) {source}to {copy.target.home}"
    for tag in writes.tags:
        before = "new" if tag.current is None else f"was {as_shown(tag.current)}"
        yield f"tag {tag.target} at {as_shown(tag.digest)} ({before})"


def _copied(copy: BlobCopy | ManifestCopy | LateCopy) -> tuple[str, Digest, int]:
    """Return the verb of a copy, and the digest and size of the content."""
    if not isinstance(copy, BlobCopy):
        return "put", copy.digest, copy.size
    assert copy.target.digest is not None  # noqa: S101 - blobs are copied by digest
    return _verb(copy), copy.target.digest, copy.size


def _painted(line: str, screen: Screen) -> str:
    """Paint the summaries, which have no margin."""
    return screen.paint(line, "" if line.startswith(" ") else "strong")


def push_json(plan: PushPlan) -> str:
    """Return an object: name, digest, media type and size of the list, and ``steps``."""
    return json_text(_document(plan))


def pushes_json(plans: Sequence[PushPlan]) -> str:
    """Return an array of the objects of ``push_json``."""
    return json_text([_document(plan) for plan in plans])


def copy_json(plan: CopyPlan) -> str:
    """Return the object of ``push_json`` about the target of a copy, with its ``source``."""
    document: dict[str, Json] = {
        "name": str(plan.target),
        "source": str(plan.source.reference.at(plan.source.manifest.digest)),
        "digest": str(plan.manifest.digest),
        "mediaType": plan.manifest.media_type,
        "size": plan.manifest.size,
        "steps": list(steps_json(writes_of_copy(plan))),
    }
    return json_text(document)


def _document(plan: PushPlan) -> dict[str, Json]:
    return {
        "name": str(plan.name),
        "digest": str(plan.manifest.digest),
        "mediaType": plan.manifest.media_type,
        "size": plan.manifest.size,
        "steps": list(steps_json(writes_of_push(plan))),
    }


def _summary(writes: PlannedWrites) -> str:
    parts = [*_blobs(writes.blobs), *_manifests(writes.manifests), *_tags(writes.tags)]
    if not parts:
        return f"{writes.name}: unchanged, it is {writes.digest} already"
    others = sum(tag.target != writes.name for tag in writes.tags)
    names = f"{writes.name} and {counted(others, 'other tag')}" if others else str(writes.name)
    return f"{names}: would {'; '.join(parts)}"


def _blobs(blobs: Sequence[BlobCopy]) -> Iterator[str]:
    numbers, sizes = Counter[str](), Counter[str]()
    for blob in blobs:
        numbers[_verb(blob)] += 1
        sizes[_verb(blob)] += blob.size
    for verb, number in numbers.items():
        yield f"{verb} {counted(number, 'blob')}, {format_size(sizes[verb])}"


def _manifests(manifests: Sequence[ManifestCopy | LateCopy]) -> Iterator[str]:
    if manifests:
        yield f"put {counted(len(manifests), 'manifest')}"


def _tags(tags: Sequence[Tagging]) -> Iterator[str]:
    created = [tag for tag in tags if tag.current is None]
    moved = [tag for tag in tags if tag.current is not None]
    if created:
        yield f"create {counted(len(created), 'tag')} at {short_digest(created[0].digest)}"
    if moved:
        before = dict.fromkeys(short_digest(tag.current) for tag in moved if tag.current)
        after = short_digest(moved[0].digest)
        yield f"move {counted(len(moved), 'tag')} from {', '.join(before)} to {after}"


def steps_json(writes: PlannedWrites) -> Iterator[dict[str, Json]]:
    """Yield an object for each write, in order."""
    for blob in writes.blobs:
        target, source = str(blob.target), str(blob.source)
        yield {"step": _verb(blob), "target": target, "from": source, "size": blob.size}
    for child in writes.manifests:
        target, source = str(child.target), str(child.source)
        yield {"step": "put", "target": target, "from": source, "size": child.size}
    for tagging in writes.tags:
        before = "new" if tagging.current is None else str(tagging.current)
        target, digest = str(tagging.target), str(tagging.digest)
        yield {"step": "tag", "target": target, "digest": digest, "before": before}


def _verb(blob: BlobCopy) -> str:
    return "mount" if may_be_mounted(blob) else "copy"
