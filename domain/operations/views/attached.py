"""Find what is attached to manifests, for display: referrers and digest tags, not read themselves.

``steps.find_attached`` finds the same for a copy, and all that is attached to that in turn.
"""

from collections.abc import Sequence

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import (
    AccessError,
    DocumentError,
    ProtocolError,
    RefusedError,
    ServerError,
)
from manyfest.domain.images.kinds import kind_of_digest_tag, kind_of_entry, predicate_of
from manyfest.domain.lists.referrers import digest_tags
from manyfest.domain.operations.views.overview import Attachment
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import TagReader
from manyfest.domain.references import Home, Reference

# Failures of registries that do not list tags, or not these.
_UNLISTABLE = (AccessError, DocumentError, ProtocolError, RefusedError, ServerError)


def attachments(
    subjects: Sequence[Reference], *, ports: Ports
) -> tuple[tuple[Attachment, ...], ...]:
    """Return what is attached to each of ``subjects``, which are digests in one home each.

    One request for the referrers of each, and one a page for the tags of each home. Uses the
    ports registry and fan_out. Raises what ``referrers`` raises.
    """
    homes = tuple(dict.fromkeys(subject.home for subject in subjects))
    tags = {home: digest_tags(_tags(home, ports.registry)) for home in homes}
    referrers = ports.fan_out(ports.registry.referrers, subjects)
    return tuple(
        (
            *map(_referrer, found),
            *(
                Attachment(kind_of_digest_tag(tag), tag=tag)
                for tag in tags[subject.home].get(str(subject.digest), ())
            ),
        )
        for subject, found in zip(subjects, referrers, strict=True)
    )


def _referrer(entry: Descriptor) -> Attachment:
    about = predicate_of(entry.annotations)
    return Attachment(kind_of_entry(entry), about, entry.digest, entry.size)


def _tags(home: Home, registry: TagReader) -> tuple[str, ...]:
    try:
        return registry.tags(home)
    except _UNLISTABLE:
        return ()
