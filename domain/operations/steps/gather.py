"""Gathering manifests and all that they list, from wherever they can be read, each once."""

from collections.abc import Callable, Iterable

from attrs import frozen

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest, require_match
from manyfest.domain.operations.steps.transfer import NESTING_LIMIT


@frozen
class Gathered:
    """What was found, parents first, and what was listed and is not there."""

    manifests: dict[Digest, Manifest]
    missing: tuple[Digest, ...]


def gather(
    tops: Iterable[Descriptor], read: Callable[[Descriptor], Manifest | None], subject: str
) -> Gathered:
    """The manifests of ``tops`` and below. ``read`` gives one, or None where it is not.

    What is of a type that nobody here knows is left alone. Raises what ``read`` raises,
    SizeMismatchError, DocumentError: one is not as it is listed, or nested too deep.
    """
    found: dict[Digest, Manifest] = {}
    missing: dict[Digest, None] = {}
    level = tuple(tops)
    for _ in range(NESTING_LIMIT + 1):
        new: dict[Digest, Manifest] = {}
        for listed in level:
            if listed.media_type not in media_types.ACCEPTED or listed.digest in missing:
                continue
            manifest = found.get(listed.digest) or new.get(listed.digest) or read(listed)
            if manifest is None:
                missing[listed.digest] = None
                continue
            require_match(manifest, listed, f"{subject}: {listed.digest}")
            if listed.digest not in found:
                new[listed.digest] = manifest
        found |= new
        level = tuple(entry for manifest in new.values() for entry in manifest.entries)
        if not level:
            return Gathered(found, tuple(missing))
    raise DocumentError(subject, f"lists nested deeper than {NESTING_LIMIT}")
