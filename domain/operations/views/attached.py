"""Show what is attached to manifests."""

from collections.abc import Sequence

from manyfest.domain.images.attachments import Attachment, Form
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.operations.attached.find import (
    Found,
    find_attached,
    list_attached,
    may_be_subject,
    platform_of,
)
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference


def attachments(
    subjects: Sequence[Reference], *, ports: Ports
) -> tuple[tuple[Attachment, ...], ...]:
    """Return what is attached to each of ``subjects``, not read, and nothing on further levels.

    ``subjects`` are digests. Uses the ports registry and fan_out. Raises what ``referrers`` raises.
    """
    nodes = tuple(map(Node, subjects))
    found = list_attached(nodes, registry=ports.registry, fan_out=ports.fan_out)
    if found.failures:
        raise found.failures[0]
    groups: dict[Reference, list[Attachment]] = {subject: [] for subject in subjects}
    for one in found.attachments:
        groups[one.subject].append(one)
    return tuple(tuple(groups[subject]) for subject in subjects)


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
