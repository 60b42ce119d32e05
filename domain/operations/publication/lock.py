"""Lock specs: the digests that their sources and lists have now."""

from collections.abc import Sequence

from manyfest.domain.drafts.list_assembly import assemble_for_push
from manyfest.domain.operations.publication.compose_specs import compose_specs
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.record import record_or_report
from manyfest.domain.ports import Ports
from manyfest.domain.specs.list_spec import ListSpec
from manyfest.domain.specs.lock import Lock
from manyfest.domain.values import frozen


@frozen
class Locked:
    """The lock, what was read for it, and the sources that are missing."""

    lock: Lock
    found: tuple[Resolved, ...]
    missing: tuple[str, ...]


def lock(
    specs: Sequence[ListSpec],
    *,
    ports: Ports,
    ignore_missing: bool = False,
) -> Locked:
    """Return the digests of all that ``specs`` name and make. Writes nothing.

    Uses the ports registry, fan_out and now. Raises what ``compose_specs`` raises; ListError: a
    list cannot be made.
    """
    composed = compose_specs(specs, ports=ports, ignore_missing=ignore_missing)
    digests = {resolved.reference: resolved.manifest.digest for resolved in composed.found}
    sources = {
        entry.written: digests[entry.source]
        for spec in specs
        for entry in spec.entries
        if entry.source in digests
    }
    lists = {
        spec.written: assemble_for_push(publication.draft, composed.source_manifest).digest
        for spec, publication in zip(specs, composed.publications, strict=True)
    }
    return Locked(Lock(sources, lists), composed.found, composed.missing)


def finish(locked: Locked, *, ports: Ports) -> None:
    """Record what was read for a lock, once that is written. Uses the ports contents and now."""
    record_or_report(locked.found, ports=ports)
