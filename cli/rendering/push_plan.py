"""The steps of a push in order, as text and JSON."""

import json
from collections.abc import Iterator, Sequence

from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.operations.steps.transfer import BlobCopy, may_be_mounted


def plan_text(plan: PushPlan) -> str:
    """Return a line a step, or one line saying that nothing has to be written."""
    lines = [" ".join(str(value) for value in step.values()) for step in _steps(plan)]
    return "\n".join(lines or [f"unchanged {plan.draft.name} {plan.manifest.digest}"])


def plan_json(plan: PushPlan) -> str:
    """Return an object: name, digest, media type and size of the list, and ``steps``."""
    return json.dumps(_document(plan), indent=2, ensure_ascii=False)


def plans_json(plans: Sequence[PushPlan]) -> str:
    """Return an array of the objects of ``plan_json``."""
    return json.dumps([_document(plan) for plan in plans], indent=2, ensure_ascii=False)


def _document(plan: PushPlan) -> dict[str, Json]:
    return {
        "name": str(plan.draft.name),
        "digest": str(plan.manifest.digest),
        "mediaType": plan.manifest.media_type,
        "size": plan.manifest.size,
        "steps": list(_steps(plan)),
    }


def _steps(plan: PushPlan) -> Iterator[dict[str, Json]]:
    for blob in plan.blobs:
        yield _blob_step(blob)
    for child in plan.children:
        size = child.manifest.size
        yield {"step": "put", "target": str(child.target), "from": str(child.source), "size": size}
    for tagging in plan.tags:
        before = "new" if tagging.current is None else str(tagging.current)
        target, digest = str(tagging.target), str(tagging.digest)
        yield {"step": "tag", "target": target, "digest": digest, "before": before}


def _blob_step(blob: BlobCopy) -> dict[str, Json]:
    step = "mount" if may_be_mounted(blob) else "copy"
    return {"step": step, "target": str(blob.target), "from": str(blob.source), "size": blob.size}
