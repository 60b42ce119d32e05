"""The plan of a push of one saved draft."""

from collections.abc import Sequence

from manyfest.domain.errors import DraftUnknownError
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.operations.publication.plan_push import (
    Publication,
    PushPlan,
    plan_publications,
)
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference


def plan_push(
    name: Reference,
    more_tags: Sequence[Reference] = (),
    *,
    ports: Ports,
    expected: Expectation | None = None,
    attached: AttachedMode = AttachedMode.TRY,
    with_foreign: bool = False,
) -> PushPlan:
    """Plan the push of the draft under its name and ``more_tags``. Raises DraftUnknownError."""
    draft = ports.drafts.find(name)
    if draft is None:
        raise DraftUnknownError(str(name))
    publication = Publication(draft, tuple(dict.fromkeys((name, *more_tags))), expected)
    cached = ports.contents.manifest
    (plan,) = plan_publications(
        [publication], cached, ports=ports, attached=attached, with_foreign=with_foreign
    )
    return plan
