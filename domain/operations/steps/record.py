"""Record what was read or written, so that it can be shown again without a network.

Operations record by themselves; commands do not. There are three cases (ADR 0006, ADR 0020):

* An operation whose result is in the store (``create``, ``fetch``, ``push.finish``, ``undo``,
  ``copy``) calls ``record`` inside its own transaction. If the store does not take it, the
  operation fails.
* An operation that only reads (``inspect``, ``details``, ``diff``, ``verify``) calls
  ``record_reads`` once it has succeeded. Offline, that does nothing: all that was read is in the
  store or in a layout. If the store does not take it, the operation succeeds all the same.
* An operation whose result lies elsewhere, in a registry or a file (``apply.finish``,
  ``lock.finish``), calls ``record_or_report``, offline too: layouts are written there. Its command
  calls it last, when nothing can fail any more, because a failed command leaves the store as it
  was.

Nothing here decides which answers a registry confirmed: the content store of a command drops the
observations that none did (``adapters/decorators/confirmed_observations``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, StoreError
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.ports import Ports
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.references import Home


def record_reads(found: Iterable[Resolved], *, ports: Ports) -> None:
    """Record what was only read, if ``ports.records_reads``; as ``record_or_report``."""
    if ports.records_reads:
        record_or_report(found, ports=ports)


def record_or_report(found: Iterable[Resolved], *, ports: Ports) -> None:
    """Record ``found`` in a transaction; if the store does not take it, tell ``on_unrecorded``.

    Uses the ports contents and now.
    """
    try:
        with ports.contents.transaction():
            record(ports.contents, found, ports.now)
    except StoreError as error:
        ports.on_unrecorded(error)


def record(contents: ContentStore, found: Iterable[Resolved], now: datetime) -> None:
    """Store manifests, configs, what each tag points to, and which digests were asked for.

    An entry that was read together with its list does not count as asked for. Call within a
    transaction; ``now`` is in UTC. Raises StoreError.
    """
    found = tuple(found)
    contents.keep_manifests(resolved.manifest for resolved in found)
    contents.keep_blobs(resolved.config for resolved in found if resolved.config is not None)
    contents.observe(
        Observation(resolved.reference, resolved.manifest.digest, now)
        for resolved in found
        if resolved.reference.digest is None
    )
    for home, digests in _by_home(found).items():
        contents.record_digest_reads(digests, now, home)


def _by_home(found: Sequence[Resolved]) -> dict[Home, set[Digest]]:
    """Return the digests that were asked for, by the home that was asked."""
    by_digest = [each for each in found if each.reference.digest is not None]
    listed = {digest for each in found if by_digest for digest in _listed(each.manifest)}
    homes: dict[Home, set[Digest]] = {}
    for each in by_digest:
        if each.manifest.digest not in listed:
            homes.setdefault(each.reference.home, set()).add(each.manifest.digest)
    return dict(sorted(homes.items(), key=lambda item: str(item[0])))


def _listed(manifest: Manifest) -> tuple[Digest, ...]:
    """The digests of its entries; none if it is a list that cannot be parsed, only shown."""
    try:
        return tuple(entry.digest for entry in manifest.entries)
    except DocumentError:
        return ()
