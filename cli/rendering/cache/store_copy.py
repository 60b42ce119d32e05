"""A copy of a store, in words and as JSON."""

import json
from collections.abc import Iterator

from manyfest.cli.rendering.humanize import counted
from manyfest.domain.operations.store.copy_store import CopiedStore


def copied_lines(copied: CopiedStore) -> Iterator[str]:
    """Yield a line of numbers, and one for each draft that was kept."""
    numbers = [
        f"{counted(number, noun)} ({new} new)"
        for number, new, noun in (
            (copied.manifests, copied.new_manifests, "manifest"),
            (copied.blobs, copied.new_blobs, "config"),
            (copied.states, copied.new_states, "tag state"),
            (copied.drafts, copied.new_drafts, "draft"),
            (copied.layers, copied.new_layers, "layer"),
        )
    ]
    yield f"copied and verified: {', '.join(numbers)}"


def copied_json(copied: CopiedStore) -> str:
    """Return the numbers as JSON."""
    names = ("manifests", "blobs", "states", "drafts", "layers")
    members = {
        name: {"number": getattr(copied, name), "new": getattr(copied, f"new_{name}")}
        for name in names
    }
    kept = [str(name) for name in copied.kept]
    document = {"tags": copied.tags, **members, "draftsKept": kept}
    return json.dumps(document, indent=2, ensure_ascii=False)
