"""What ``push`` and ``create --push`` share: planning, carrying out, and telling."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from manyfest.cli.arguments.result_files import write_file
from manyfest.cli.flows.checks import require_held
from manyfest.cli.output import note, warn, write_text
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.wiring import Session
from manyfest.domain.errors import StoreError
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.operations.publication.push import execute, finish, pushed_manifests
from manyfest.domain.operations.resolve import Resolved


def execute_with_progress(plans: Sequence[PushPlan], session: Session) -> None:
    """Carry the plans out, with progress; not begun when the store could not note it."""
    require_held((blob for each in plans for blob in each.blobs), session)
    require_writable_store(session)
    with shown_progress() as on_event:
        execute(
            plans,
            ports=session,
            on_event=session.checking_deadline(on_event),
        )


def require_writable_store(session: Session) -> None:
    """Raises StoreError, before anything is published that could not be noted after."""
    with session.drafts.transaction():
        pass


def publish(planned: PushPlan, session: Session, *, purge: bool = False) -> None:
    """Carry it out, and mark the draft as pushed."""
    execute_with_progress([planned], session)
    finish_or_warn(planned, pushed_manifests(planned), session, purge=purge)


def finish_or_warn(
    planned: PushPlan, published: Iterable[Resolved], session: Session, *, purge: bool
) -> None:
    """Mark the draft as pushed; where that cannot be, say so: published it is."""
    try:
        finish(
            planned,
            published,
            ports=session,
            purge=purge,
        )
    except StoreError as error:
        warn(f"published, but the draft could not be marked so: {error}")


def print_result(planned: PushPlan, result: str) -> None:
    """Print the images from elsewhere, and ``result`` last; if nothing was written, say so."""
    if planned.is_empty:
        note(f"unchanged: {planned.draft.name} is {planned.manifest.digest} already")
    children = (f"Pushed ref {c} with digest: {c.digest}" for c in planned.foreign_entries)
    write_text("\n".join([*children, result]))


def write_files(planned: PushPlan, digest_file: Path | None, metadata_file: Path | None) -> None:
    """For the next step of a pipeline: the digest alone, and buildx's keys as JSON."""
    if digest_file is not None:
        write_file(digest_file, str(planned.manifest.digest))
    if metadata_file is not None:
        write_file(metadata_file, json.dumps(_metadata(planned), indent=2) + "\n")


def _metadata(planned: PushPlan) -> dict[str, object]:
    return {
        "containerimage.descriptor": planned.manifest.descriptor().to_json(),
        "containerimage.digest": str(planned.manifest.digest),
        "image.name": str(planned.draft.name),
    }
