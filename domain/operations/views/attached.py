"""Show what is attached to manifests."""

from collections.abc import Sequence

from manyfest.domain.errors import (
    AccessError,
    DocumentError,
    ProtocolError,
    RefusedError,
    ServerError,
)
from manyfest.domain.images.attachments import Attachment, Form
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.referrers import digest_tags
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.find_attached import (
    Found,
    find_attached,
    may_be_subject,
    platform_of,
)
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import TagReader
from manyfest.domain.references import Home, Reference

# Failures of registries that do not list tags, or not these.
_UNLISTABLE = (AccessError, DocumentError, ProtocolError, RefusedError, ServerError)


def attachments(
    subjects: Sequence[Reference], *, ports: Ports
) -> tuple[tuple[Attachment, ...], ...]:
    """Return what is attached to each of ``subjects``, not read, and nothing on further levels.

    ``subjects`` are digests. One request for the referrers of each, and one a page for the tags of
    each home. Uses the ports registry and fan_out. Raises what ``referrers`` raises.
    """
    homes = tuple(dict.fromkeys(subject.home for subject in subjects))
    tags = {home: digest_tags(_tags(home, ports.registry)) for home in homes}
    referrers = ports.fan_out(ports.registry.referrers, subjects)
    return tuple(
        (
            *(Attachment(subject, Form.REFERRER, subject.at(e.digest), e) for e in listed),
            *(
                Attachment(subject, Form.DIGEST_TAG, subject.tagged(tag))
                for tag in tags[subject.home].get(str(subject.digest), ())
            ),
        )
        for subject, listed in zip(subjects, referrers, strict=True)
    )


def attached_to(found: Resolved, *, ports: Ports) -> Found:
    """Find all that is attached to ``found`` and to all below it, in every form, and read it.

    Uses the ports registry and fan_out. Raises what reading lists raises, and DeadlineError; other
    failures are returned.
    """
    reader = MeteredReader(ports.registry, str(found.reference))
    top = Node(found.reference.at(found.manifest.digest), found.manifest)
    nodes = (top, *below(top.source, found.manifest, reader))
    return find_attached(
        [node for node in nodes if may_be_subject(node)],
        registry=ports.registry,
        reader=reader,
        fan_out=ports.fan_out,
        entries=attestation_entries(nodes),
    )


def attestation_entries(nodes: Sequence[Node]) -> tuple[Attachment, ...]:
    """Return BuildKit's attestations among the entries of lists, not read."""
    images = {str(node.source.digest): node for node in nodes}
    attested = ((node, images.get(_attested(node))) for node in nodes)
    return tuple(
        Attachment(image.source, Form.ENTRY, node.source, node.listed, platform=platform_of(image))
        for node, image in attested
        if image is not None
    )


def _attested(node: Node) -> str:
    return (node.listed and attested_digest(node.listed)) or ""


def _tags(home: Home, registry: TagReader) -> tuple[str, ...]:
    try:
        return registry.tags(home)
    except _UNLISTABLE:
        return ()
