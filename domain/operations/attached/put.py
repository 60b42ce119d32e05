"""Bring what is attached to manifests to a target, before any tag of theirs moves there.

Blobs first, then digest tags, then referrers, whose subjects must be there. Unless it is required,
an attachment that cannot be brought is left out: a registry that takes no artifacts still takes
the image.
"""

from collections.abc import Callable
from functools import partial

from manyfest.domain.errors import DeadlineError, ManyfestError
from manyfest.domain.events import OnEvent
from manyfest.domain.lists.distributable_blobs import needed_blobs
from manyfest.domain.operations.attached.copies import AttachedCopies
from manyfest.domain.operations.attached.put_referrers import ReferrerCopy, put_referrers
from manyfest.domain.operations.attached.questions import FAILURES
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    ManifestCopy,
    copy_blob,
    put_copies,
    put_copy,
)
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Brought:
    """The ``failures`` of attachments that stay behind, and the referrers that are not listed.

    ``lost`` are the places of manifests that did not come.
    """

    failures: tuple[ManyfestError, ...] = ()
    unlisted: tuple[ReferrerCopy, ...] = ()
    lost: frozenset[Reference] = frozenset()


def put_attached(attached: AttachedCopies, *, ports: Ports, on_event: OnEvent) -> Brought:
    """Execute the plan ``attached``; the subjects are there, at least by digest.

    Uses the ports registry, fan_out and pause. Raises what writing raises if ``is_required``, and
    DeadlineError.
    """
    if not attached.manifests:
        return Brought()
    return _Writer(attached, ports, on_event).write()


class _Writer:
    """Writes, and keeps the failures."""

    def __init__(self, attached: AttachedCopies, ports: Ports, on_event: OnEvent) -> None:
        self._attached = attached
        self._ports = ports
        self._on_event = on_event
        self._failures: list[ManyfestError] = []
        self._lost: set[Reference] = set()

    def write(self) -> Brought:
        attached, fan_out, registry = self._attached, self._ports.fan_out, self._ports.registry
        fan_out(self._copy_blob, attached.blobs)
        self._succeeds(partial(put_copies, attached.below, registry, fan_out, self._on_event))
        fan_out(self._put, attached.tags)
        unlisted: list[ReferrerCopy] = []

        def put_all() -> None:
            unlisted.extend(put_referrers(attached.referrers, self._put, ports=self._ports))

        self._succeeds(put_all)
        return Brought(tuple(self._failures), tuple(unlisted), frozenset(self._lost))

    def _copy_blob(self, blob: BlobCopy) -> None:
        if not self._succeeds(partial(copy_blob, blob, self._ports.registry, self._on_event)):
            self._lost.add(blob.target)

    def _put(self, copy: ManifestCopy) -> bool:
        """Put a manifest, unless a blob of it did not come, which was told already."""
        blobs = needed_blobs(copy.manifest, with_foreign=False)
        is_whole = not any(copy.target.at(blob.digest) in self._lost for blob in blobs)
        put = partial(put_copy, copy, self._ports.registry, self._on_event)
        if is_whole and self._succeeds(put):
            return True
        self._lost.add(copy.target)
        return False

    def _succeeds(self, call: Callable[[], None]) -> bool:
        try:
            call()
        except DeadlineError:
            raise
        except FAILURES as error:
            if self._attached.is_required:
                raise
            self._failures.append(error)
            return False
        return True
