"""Convert a draft to the media types of Docker or OCI, and save it."""

from collections.abc import Callable

from attr import evolve

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.draft_conversion import DraftConversion
from manyfest.domain.media_types import Family
from manyfest.domain.operations.drafts.create import Created, rollback
from manyfest.domain.operations.steps.conversion import convert_draft
from manyfest.domain.ports import Ports

# Is told of the conversion before the draft is saved.
Tell = Callable[[DraftConversion], object]


def convert_and_save(draft: Draft, family: Family, tell: Tell, *, ports: Ports) -> Draft:
    """Convert ``draft``, and save it unless nothing changes.

    Uses the ports drafts, registry and fan_out. Raises StoreError; as ``convert_draft``.
    """
    conversion = convert_draft(draft, family, ports=ports)
    tell(conversion)
    if conversion.draft != draft:
        with ports.drafts.transaction():
            ports.drafts.save(conversion.draft)
    return conversion.draft


def convert_created(created: Created, family: Family, tell: Tell, *, ports: Ports) -> Created:
    """As ``convert_and_save``; if that fails, the draft is as it was before ``create``."""
    try:
        draft = convert_and_save(created.draft, family, tell, ports=ports)
    except BaseException:
        rollback(created, ports.drafts)
        raise
    return evolve(created, draft=draft)
