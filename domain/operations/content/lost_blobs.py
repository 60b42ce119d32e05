"""Find blobs that a target has lost, although it has the manifests that name them.

A registry takes a manifest only with its blobs, and a copy relies on that. One that lost some of
them since, by a fault of its storage or of a garbage collector, is asked for each here.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attr import evolve

from manyfest.domain.errors import PartMissingError
from manyfest.domain.operations.content.copy import CopyPlan
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    Copy,
    ManifestCopy,
    blob_copies,
    content_copy,
    has_blob,
)
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference


def with_lost_blobs(plan: CopyPlan, *, ports: Ports) -> CopyPlan:
    """Return ``plan`` with the blobs that the target lacks of manifests that it has.

    One HEAD each, all in parallel. Uses the ports registry and fan_out. Raises what reading the
    source raises; PartMissingError: a blob is missing, and source and target are the same home.
    """
    is_same_home = plan.source.reference.home == plan.target.home
    planned = {blob.target for blob in (*plan.blobs, *plan.attached.blobs)}
    named_by = partial(blob_copies, with_foreign=plan.with_foreign, in_place=is_same_home)
    named = (*_named(plan, named_by, ports), *named_by(plan.attached.present))
    unsure = list({blob.target: blob for blob in named if blob.target not in planned}.values())

    def lacks(blob: BlobCopy) -> bool:
        if is_same_home:
            return not has_blob(blob.target, ports.registry)
        return ports.registry.probe_blob(blob.target) is None

    answers = ports.fan_out(lacks, unsure)
    lost = tuple(blob for blob, is_lost in zip(unsure, answers, strict=True) if is_lost)
    if lost and is_same_home:
        raise PartMissingError(str(plan.target), str(lost[0].target), "", len(lost) - 1)
    return evolve(plan, blobs=(*plan.blobs, *lost))


def _named(
    plan: CopyPlan, named_by: Callable[[Sequence[Copy]], Sequence[BlobCopy]], ports: Ports
) -> Iterator[BlobCopy]:
    """Yield the blobs of the top and of all below it; without what is written anyway, or absent."""
    top = plan.source.reference.at(plan.source.manifest.digest)
    home = plan.target.home
    reader = MeteredReader(ports.registry, str(plan.source.reference))
    passed = {
        *(copy.digest for copy in plan.below),
        *(copy.digest for copy in plan.late),
        *(entry.digest for entry in plan.absent),
    }

    def read(node: Node) -> Sequence[BlobCopy]:
        copy = content_copy(node, home, reader)
        blobs = named_by([copy])
        reader.hold(node.source.digest, len(blobs))
        return blobs

    nodes = [
        node
        for node in below(top, plan.manifest, reader)
        if node.is_verifiable and node.source.digest not in passed
    ]
    reader.announce(node.listed for node in nodes if node.listed)
    yield from named_by(
        [ManifestCopy(top, Reference(home, None, plan.manifest.digest), plan.manifest)]
    )
    for blobs in reader.read_each(read, nodes, lambda node: (node.source.digest,), ports.fan_out):
        yield from blobs
