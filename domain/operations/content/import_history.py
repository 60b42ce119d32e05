"""Import what other servers recorded of a tag's past, as claims."""

from datetime import datetime

from attr import evolve

from manyfest.domain.errors import InputError, NoRecordError
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.registry_access import TagRecords
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen


@frozen
class ImportedHistory:
    """The states that ``source`` records, and how many of them the history did not have."""

    source: str
    states: int
    new: int


def import_history(
    reference: Reference, records: TagRecords, contents: ContentStore, now: datetime
) -> ImportedHistory:
    """Add the recorded past of a tag to its history. No manifest is read.

    All of it is recorded, or nothing. Raises InputError: it is no tag of a registry; NoRecordError:
    no server has a record of it; what asking and the store raise.
    """
    tag = evolve(reference, digest=None)
    if not isinstance(tag.home, Repository) or tag.tag is None:
        raise InputError(f"{reference} is no tag of a registry, so no server records its history")
    claims = records.claims(tag, now)
    if not claims:
        raise NoRecordError(str(tag), "its server records no state of this tag")
    with contents.transaction():
        before = len(contents.history(tag))
        contents.observe(claims)
        after = len(contents.history(tag))
    return ImportedHistory(claims[0].source, len(claims), after - before)
