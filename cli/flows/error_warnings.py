"""Warnings of errors in what a command publishes, as ``verify`` would find them there."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from manyfest.cli.output import warn
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.verification.evaluation import visible_errors

if TYPE_CHECKING:
    from manyfest.domain.operations.drafts.create import Created
    from manyfest.domain.operations.publication.plan_push import PushPlan

_LINES = 5  # for one document

# Found by ``warn_of_conflicts`` already, which names the images.
CONFLICTS = frozenset({"duplicate-platform"})


def warn_of_errors(
    name: str, manifest: Manifest, config: bytes | None = None, *, but: Collection[str] = ()
) -> None:
    """Warn of the errors that the manifest at ``name`` shows, except by the rules ``but``."""
    errors = [e for e in visible_errors(manifest, config) if e.rule.name not in but]
    for error in errors[:_LINES]:
        warn(f"{name}: {error.path}: {error.message} [{error.rule.name}]")
    if len(errors) > _LINES:
        warn(f"{name}: and {len(errors) - _LINES} more errors")


def warn_of_errors_in_draft(created: "Created", listed: Manifest | None) -> None:
    """Warn of errors in the sources that are entries, and in ``listed``, the list of the draft."""
    entries = {entry.found.digest for entry in created.draft.entries}
    for read in created.read:
        if read.manifest.digest in entries:
            warn_of_errors(str(read.reference), read.manifest, read.config)
    if listed is not None:
        warn_of_errors(str(created.draft.name), listed, but=CONFLICTS)


def warn_of_errors_in_plan(
    planned: "PushPlan", *, known: Collection[Digest] = (), but: Collection[str] = ()
) -> None:
    """Warn of errors in the list and the manifests that a push writes, except the ``known``."""
    if planned.manifest.digest not in known:
        warn_of_errors(str(planned.name), planned.manifest, but=but)
    for copied in planned.children:
        if copied.manifest.digest not in known:
            warn_of_errors(str(copied.source), copied.manifest)
