"""Checks of several commands: warnings about drafts, refusals of ``--offline``."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from manyfest.cli.output import note, printable, warn
from manyfest.cli.process.pflag import UsageError
from manyfest.domain.errors import (
    BlobUnknownError,
    NotCachedError,
    ReadOnlyError,
    UnreachableError,
    shortened,
)
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Archive, External, Layout, Reference, Repository

if TYPE_CHECKING:  # not needed by annotate, which only warns
    from manyfest.cli.wiring import Session
    from manyfest.domain.descriptors import Descriptor
    from manyfest.domain.drafts.draft import Draft, Entry
    from manyfest.domain.lists.referrers import AttachedMode
    from manyfest.domain.manifests import Manifest
    from manyfest.domain.operations.attached.copies import AttachedCopies
    from manyfest.domain.operations.resolve import Resolved
    from manyfest.domain.operations.steps.transfer import BlobCopy
    from manyfest.domain.ports.registry import BlobReader


def warn_of_conflicts(draft: "Draft", advice: str = "clients take the first") -> None:
    """Warn of entries that have the same platform, by the names that the user gave."""
    from manyfest.domain.drafts.platform_conflicts import conflicts

    for first, second in conflicts(draft.entries):
        platform = second.descriptor.platform
        warn(f"two entries are for {platform}: {_named(first)} and {_named(second)} ({advice})")


def _named(entry: "Entry") -> str:
    return str(entry.content if entry.came_from_list else entry.source)


def warn_of_artifacts(read: "Iterable[Resolved]") -> None:
    """Warn of sources that are artifacts, such as a chart or a signature, without a platform."""
    for resolved in read:
        manifest = resolved.manifest
        has_platform = manifest.is_list or resolved.platform != Platform()
        if manifest.artifact_type and not has_platform:
            kind = printable(shortened(manifest.artifact_type))
            warn(
                f"{resolved.reference} is an artifact ({kind}), not an image: "
                "clients cannot choose it by platform"
            )


def warn_of_platform_mismatch(entry: "Entry") -> None:
    """Warn if an entry's platform contradicts its image's config."""
    from manyfest.domain.drafts.platform_conflicts import platform_mismatch

    mismatch = platform_mismatch(entry)
    if mismatch is not None:
        own, listed = mismatch
        warn(f"{entry.content} says that it is for {own}, and is listed for {listed}")


def note_families(name: Reference, manifest: "Manifest") -> None:
    """Note a list for a registry that mixes Docker's and OCI's media types."""
    from manyfest.domain.lists.families import mixed_families

    if isinstance(name.home, Repository) and (families := mixed_families(manifest)):
        note(f"{name} is {families}, which not all registries take; --convert oci makes all OCI")


# What becomes of foreign layers that a command does not bring.
STAY_BEHIND = "left behind, as --foreign-layers is not given"


def note_foreign_layers(layers: "Sequence[Descriptor]", outcome: str) -> None:
    """Note layers with URLs of their own; ``outcome`` says what happens to them, if anything."""
    if layers:
        first = f"{layers[0].digest} ({printable(shortened(layers[0].urls[0]))})"
        more = f" and {len(layers) - 1} more" if layers[1:] else ""
        count = "1 foreign layer" if len(layers) == 1 else f"{len(layers)} foreign layers"
        note(f"{outcome}: {count}, {first}{more}")


def attached_mode(*, attached: bool, no_attached: bool) -> "AttachedMode":
    """Return the mode that ``--attached`` and ``--no-attached`` choose. Raises UsageError: both."""
    from manyfest.domain.lists.referrers import AttachedMode

    if attached and no_attached:
        raise UsageError("--attached and --no-attached exclude each other")
    if no_attached:
        return AttachedMode.LEAVE
    return AttachedMode.REQUIRE if attached else AttachedMode.TRY


def note_left(attached: "AttachedCopies | None") -> None:
    """Note how many attachments stay behind on request."""
    if attached and attached.left:
        count = f"{attached.left} attached manifest{'' if attached.left == 1 else 's'}"
        note(f"left behind, as --no-attached is given: {count}")


def require_platforms(draft: "Draft", expected: "Sequence[str] | None") -> None:
    """Check that the draft has exactly the ``expected`` platforms, if any are given.

    Raises UnexpectedPlatformsError; InvalidPlatformError: a text is no platform.
    """
    if expected:
        from manyfest.domain.drafts.expected_platforms import check_platforms
        from manyfest.domain.lists.platform_selection import parse_filters

        check_platforms(draft, parse_filters(expected))


def require_writable_store(session: "Session") -> None:
    """Check, before anything is published, that it can be recorded. Raises StoreError."""
    with session.drafts.transaction():
        pass


def require_writable(targets: Iterable[Reference]) -> None:
    """Check that something can write targets at all.

    Raises ReadOnlyError: one is an archive; UnknownSchemeError, ConfigError: no usable adapter
    serves its scheme.
    """
    for target in targets:
        if isinstance(target.home, Archive):
            raise ReadOnlyError(str(target))
        if isinstance(target.home, External):
            from manyfest.assembly.plugins import REGISTRIES, factory_for

            factory_for(REGISTRIES, target.home.scheme)


def require_reachable(targets: Sequence[Reference], session: "Session") -> None:
    """Check that targets can be written: offline, only layouts can.

    Raises UnreachableError: a target is at a registry; as ``require_writable``.
    """
    require_writable(targets)
    for target in targets:
        if session.offline and not isinstance(target.home, Layout):
            reason = f"offline: {target} cannot be written, only layouts can"
            raise UnreachableError(str(target.home), reason)


def require_cached(blobs: "Iterable[BlobCopy]", session: "Session") -> None:
    """Check that, offline, every blob to copy is cached or already at its target.

    Raises NotCachedError, which names the missing ones.
    """
    if not session.offline:
        return
    lacking = [blob.source for blob in blobs if not _is_available(blob, session.registry)]
    if lacking:
        raise NotCachedError(tuple(map(str, lacking)))


def _is_available(blob: "BlobCopy", registry: "BlobReader") -> bool:
    for place in (blob.source, blob.target):
        try:
            registry.head_blob(place)
        except (NotCachedError, BlobUnknownError):
            continue
        return True
    return False


def warn_of_unverifiable(left: "Sequence[Reference]") -> None:
    """Warn of entries that stay behind, because nothing can be verified against their digests."""
    if left:
        what = f"{left[0]}{f' and {len(left) - 1} more' if left[1:] else ''}"
        warn(f"left out, because no digest of its algorithm can be verified: {what}")
