"""Take a tag away, and nothing else: neither its manifest, nor other tags of that.

Theory of operation. Deleting a manifest by its digest takes all its tags along, and what lists name
it for is broken. So the content's digest is never deleted. There are two ways:

1. The registry deletes the tag alone (distribution-spec, "Deleting tags"). Not all do.
2. A *placeholder*, a small manifest with a digest of its own, is put under the tag, and then
   deleted by its digest; a registry that deletes a manifest deletes its tags. Before the tag moves,
   the registry is asked to delete a random digest: one that refuses that would keep the
   placeholder. The put is conditional on the digest that was seen. Should the deletion fail all the
   same, or the tag still show the placeholder, the manifest is put back under the tag. Then the
   placeholder is deleted once more: some registries delete only what no tag points to.

What the tag was is recorded first, so that ``undo`` brings it back. Last, the tag is read again,
and the manifest: a registry that deletes a manifest with its tag gets it back under its digest. The
removal is recorded as a state of its own, so that the history shows it.
"""

from collections.abc import Set as AbstractSet
from contextlib import suppress
from enum import Enum
from functools import partial

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.errors import (
    AccessError,
    ManifestUnknownError,
    ManyfestError,
    PlaceholderError,
    ProtocolError,
    RefusedError,
    TagMovedError,
    UnavailableError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.history.observation import removal
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.conditional_put import (
    await_digest,
    conditional_put,
    current_digest,
)
from manyfest.domain.operations.steps.record import record
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import open_bytes
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

PLACEHOLDER_TYPE = "application/vnd.manyfest.untag.v1"
_NOT_ALLOWED = 405


class Way(Enum):
    """The way in which a tag was taken away."""

    TAG_DELETED = "tag"
    PLACEHOLDER_DELETED = "placeholder"


@frozen
class UntagPlan:
    """``tag`` is to be taken away; it points to ``manifest``."""

    tag: Reference
    manifest: Manifest

    @property
    def digest(self) -> Digest:
        """The digest that the tag points to."""
        return self.manifest.digest


@frozen
class Untagged:
    """``is_put_back`` if the registry deleted the manifest, too, and has it back by digest."""

    way: Way
    is_put_back: bool = False


def plan_untag(tag: Reference, expected: Expectation | None = None, *, ports: Ports) -> UntagPlan:
    """Read the tag to be taken away. Writes nothing.

    Uses the ports registry and contents. Raises ManifestUnknownError: there is no such tag;
    TagMovedError: it is not as ``expected``; what reading raises.
    """
    digest = ports.registry.head_manifest(tag).digest
    if expected is not None:
        expected.check(tag, digest)
    manifest = ports.contents.manifest(digest) or ports.registry.get_manifest(tag.at(digest))
    return UntagPlan(tag, manifest)


def untag(plan: UntagPlan, unique: str, *, ports: Ports) -> Untagged:
    """Take the tag away, if it still points to what was read; ``unique`` is a random text.

    Uses the ports registry, contents, pause and clock. Raises TagMovedError; RefusedError: the
    registry deletes neither tags nor manifests; AccessError; UnavailableError; ProtocolError: the
    tag is still there; StoreError: it is taken away, but not recorded.
    """
    expected = Expectation(plan.digest)
    expected.check(plan.tag, current_digest(plan.tag, ports.registry))
    with ports.contents.transaction():
        record(ports.contents, [Resolved(plan.tag, plan.manifest)], ports.clock())
    way = Way.TAG_DELETED
    if ports.registry.delete_tag(plan.tag, expected):
        _require_gone(plan.tag, {plan.digest}, ports)
    else:
        way = Way.PLACEHOLDER_DELETED
        _delete_by_placeholder(plan, unique, ports)
    is_put_back = _put_back_if_gone(plan, ports)
    with ports.contents.transaction():
        ports.contents.observe([removal(plan.tag, ports.clock())])
    return Untagged(way, is_put_back)


def placeholder(tag: Reference, unique: str) -> Manifest:
    """Return the manifest that takes the place of ``tag``; ``unique`` makes it the only one."""
    empty = {
        "mediaType": media_types.OCI_EMPTY,
        "digest": str(Digest.of(media_types.EMPTY)),
        "size": len(media_types.EMPTY),
    }
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "artifactType": PLACEHOLDER_TYPE,
        "config": empty,
        "layers": [empty],
        "annotations": {"dev.manyfest.untag.tag": tag.tag, "dev.manyfest.untag.unique": unique},
    }
    return Manifest(media_types.OCI_MANIFEST, authored_list(document))


def _delete_by_placeholder(plan: UntagPlan, unique: str, ports: Ports) -> None:
    if current_digest(plan.tag, ports.registry) is None:
        return  # an earlier attempt of ours has deleted it
    if not ports.registry.deletes_manifests(plan.tag.home):
        reason = "deletes neither tags nor manifests; nothing has changed"
        host = str(plan.tag.home).partition("/")[0]
        raise RefusedError(host, f"{plan.tag}: {host} {reason}", _NOT_ALLOWED)
    made = placeholder(plan.tag, unique)
    at_digest = plan.tag.at(made.digest)
    empty = media_types.EMPTY
    ports.registry.write_blob(plan.tag.at(Digest.of(empty)), len(empty), partial(open_bytes, empty))
    try:
        conditional_put(plan.tag, made, Expectation(plan.digest), ports=ports)
    except TagMovedError:
        with suppress(ManyfestError):
            ports.registry.delete_manifest(at_digest)
        raise
    try:
        with suppress(ManifestUnknownError):  # also said where nothing can be deleted
            ports.registry.delete_manifest(at_digest)
        _require_gone(plan.tag, {plan.digest, made.digest}, ports)
    except (AccessError, RefusedError, UnavailableError, ProtocolError) as error:
        _restore(plan, made, error, ports)
        raise


def _restore(plan: UntagPlan, made: Manifest, cause: ManyfestError, ports: Ports) -> None:
    """Put the manifest back over the placeholder. Raises ProtocolError: that fails, too."""
    try:
        if current_digest(plan.tag, ports.registry) != made.digest:
            return  # deleted after all, or another writer's
        conditional_put(plan.tag, plan.manifest, Expectation(made.digest), ports=ports)
    except ManyfestError as error:
        host = str(plan.tag.home).partition("/")[0]
        left = f"{plan.tag} may still point to a placeholder of ours ({made.digest})"
        reason = f"{cause}; {left}, which could not be put back: {error}"
        raise PlaceholderError(host, reason, str(plan.tag), str(plan.digest)) from error
    with suppress(ManyfestError):
        ports.registry.delete_manifest(plan.tag.at(made.digest))


def _require_gone(tag: Reference, ours: AbstractSet[Digest], ports: Ports) -> None:
    """Wait until the tag shows none of ``ours``. Another writer may have made it again."""
    if await_digest(tag, lambda digest: digest not in ours, ports=ports) not in ours:
        return
    host = str(tag.home).partition("/")[0]
    reason = "says that the tag is deleted, and still shows it"
    raise ProtocolError(host, f"{tag}: {host} {reason}")


def _put_back_if_gone(plan: UntagPlan, ports: Ports) -> bool:
    at_digest = plan.tag.at(plan.digest)
    if current_digest(at_digest, ports.registry) is not None:
        return False
    ports.registry.put_manifest(at_digest, plan.manifest)
    return True
