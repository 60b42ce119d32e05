"""A copy of a store, in words and as JSON."""

import json
from collections.abc import Iterator

from manyfest.cli.rendering.humanize import counted
from manyfest.domain.operations.store.copy_store import CopiedStore


def copied_lines(copied: CopiedStore) -> Iterator[str]:
    """Yield a line of numbers, and one for each draft that was kept."""
    numbers = [
        f"{counted(count.found, noun)} ({count.new} new)"
        for count, noun in (
            (copied.manifests, "manifest"),
            (copied.blobs, "config"),
            (copied.states, "tag state"),
            (copied.drafts, "draft"),
            (copied.layers, "layer"),
        )
    ]
    yield f"copied and verified: {', '.join(numbers)}"


def copied_json(copied: CopiedStore) -> str:
    """Return the numbers as JSON."""
    counts = {
        "manifests": copied.manifests,
        "blobs": copied.blobs,
        "states": copied.states,
        "drafts": copied.drafts,
        "layers": copied.layers,
    }
    members = {name: {"number": count.found, "new": count.new} for name, count in counts.items()}
    kept = [str(name) for name in copied.kept]
    document = {"tags": copied.tags, **members, "draftsKept": kept}
    return json.dumps(document, indent=2, ensure_ascii=False)
