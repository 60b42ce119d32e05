"""Read one image by platform: its manifest, its config, or only its digest."""

from collections.abc import Sequence
from functools import partial

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import ManyfestError
from manyfest.domain.operations.resolve import Resolved, read_config, resolve
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.operations.steps.select_image import locate_image, locate_in_draft
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference


def inspect_image(found: Resolved, wanted: Platform | None, *, ports: Ports) -> Resolved:
    """Read the image for ``wanted`` in ``found``, or the only one, and record both.

    Uses the ports registry and contents. Raises what reading raises; NoSuchPlatformError,
    AmbiguousEntryError; InputError: there are several images.
    """
    place = locate_image(found, wanted, ports.registry)
    image = found if place.digest == found.manifest.digest else resolve(place, ports.registry)
    record_reads([found, image], ports=ports)
    return image


def draft_image(draft: Draft, wanted: Platform | None, *, ports: Ports) -> Resolved:
    """Read the image for ``wanted`` in a draft, or the only one. Raises as ``inspect_image``."""
    found = resolve(locate_in_draft(draft, wanted), ports.registry)
    return inspect_image(found, wanted if found.manifest.is_list else None, ports=ports)


def inspect_config(image: Resolved, *, ports: Ports) -> bytes:
    """Read the config of ``image``, whatever its type, and record it.

    Uses the ports registry and contents. Raises what reading raises; DocumentError: no config, or
    one over 4 MiB.
    """
    config = read_config(image, ports.registry)
    record_reads([evolve(image, config=config)], ports=ports)
    return config


def digests_of(
    references: Sequence[Reference], wanted: Platform | None, *, ports: Ports
) -> tuple[Digest | ManyfestError, ...]:
    """Return the digest of each reference, in parallel; an error takes its place.

    With ``wanted``, it is the digest of the image for that platform, never that of the list.
    A tag that was never read costs a HEAD, which registries do not count as a pull; nothing is
    recorded then. Uses the ports registry, contents and fan_out.
    """
    known = {
        reference: wanted is not None or is_cached(reference, ports) for reference in references
    }
    read = partial(_digest_or_error, wanted=wanted, ports=ports)
    answers = ports.fan_out(lambda each: read(each, is_read=known[each]), references)
    record_reads([found for _, found in answers if found is not None], ports=ports)
    return tuple(answer for answer, _ in answers)


def is_cached(reference: Reference, ports: Ports) -> bool:
    """Return whether the store has seen the tag: then reading it follows ADR 0020."""
    return reference.digest is None and ports.contents.last_observation(reference) is not None


def _digest_or_error(
    reference: Reference, wanted: Platform | None, ports: Ports, *, is_read: bool
) -> tuple[Digest | ManyfestError, Resolved | None]:
    try:
        if not is_read:
            return ports.registry.head_manifest(reference).digest, None
        found = resolve(reference, ports.registry)
        if wanted is None:
            return found.manifest.digest, found
        return _digest(locate_image(found, wanted, ports.registry)), found
    except ManyfestError as error:
        return error, None


def _digest(reference: Reference) -> Digest:
    if reference.digest is None:
        raise TypeError(f"{reference} has no digest")
    return reference.digest
