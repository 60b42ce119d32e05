"""Saying on stderr what a person may not have meant."""

from manyfest.cli.output import warn
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.platform_conflicts import conflicts, platform_mismatch


def warn_of_conflicts(draft: Draft) -> None:
    """Say on stderr which entries stand in each other's way."""
    for first, second in conflicts(draft.entries):
        platform = second.descriptor.platform
        warn(f"two entries are for {platform}: {first.content} and {second.content}")


def warn_of_disagreement(entry: Entry) -> None:
    """Say that an image calls itself something else than it is listed as."""
    disagreeing = platform_mismatch(entry)
    if disagreeing is not None:
        said, listed = disagreeing
        warn(f"{entry.content} says that it is for {said}, and is listed for {listed}")
