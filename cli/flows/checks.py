"""Checks of several commands: warnings about drafts, and what stays behind."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from manyfest.assembly.references import reference
from manyfest.cli.output import note, printable, warn
from manyfest.cli.process.pflag import UsageError
from manyfest.domain.errors import InvalidReferenceError, shortened
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference, Repository

if TYPE_CHECKING:  # not needed by annotate, which only warns
    from manyfest.domain.descriptors import Descriptor
    from manyfest.domain.drafts.draft import Draft, Entry
    from manyfest.domain.lists.referrers import AttachedMode
    from manyfest.domain.manifests import Manifest
    from manyfest.domain.operations.attached.copies import AttachedCopies
    from manyfest.domain.operations.content.copy import CopyPlan
    from manyfest.domain.operations.resolve import Resolved


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


# The end of a note on foreign layers that a command does not copy.
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


def note_absent(plan: "CopyPlan") -> None:
    """Note the entries that a sparse copy leaves out, and what that means for those who pull it."""
    if plan.absent:
        count = f"{len(plan.absent)} of {len(plan.manifest.entries)} entries"
        first = plan.absent[0].platform or plan.absent[0].digest
        note(f"sparse: {count} are absent at {plan.target}; a pull for {first} fails there")


def warn_of_unverifiable(left: "Sequence[Reference]") -> None:
    """Warn of entries that stay behind, because nothing can be verified against their digests."""
    if left:
        what = f"{left[0]}{f' and {len(left) - 1} more' if left[1:] else ''}"
        warn(f"left out, because no digest of its algorithm can be verified: {what}")


def list_name(text: str, command: str = "") -> Reference:
    """Parse a list's name; refuse a malformed one in docker's words for ``command``."""
    try:
        return reference(text)
    except InvalidReferenceError as error:
        reason = f"{command}error parsing name for manifest list {shortened(text)}: {error.reason}"
        raise InvalidReferenceError(text, reason) from error
