"""Gather manifests and all that they list, from wherever they can be read."""

from collections.abc import Callable, Iterable, Iterator

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest, require_match
from manyfest.domain.operations.steps.tree import nested_too_deep, walk
from manyfest.domain.values import frozen


@frozen
class Gathered:
    """The manifests, parents first, and the digests that are listed and missing."""

    manifests: dict[Digest, Manifest]
    missing: tuple[Digest, ...]


def gather(
    tops: Iterable[Descriptor], read: Callable[[Descriptor], Manifest | None], subject: str
) -> Gathered:
    """Read the manifests of ``tops`` and all below; ``read`` returns None for a missing one.

    Entries that are blobs, or cannot be verified, are left out; one of an unknown type may be a
    blob, so that it is never missing. Raises what ``read`` raises; SizeMismatchError,
    DocumentError: a manifest is not as it is listed, or nested too deep; ``subject`` names the
    origin of the manifests in these.
    """
    found: dict[Digest, Manifest] = {}
    missing: dict[Digest, None] = {}

    def expand(level: tuple[Descriptor, ...]) -> Iterator[Descriptor]:
        for listed in level:
            is_blob = media_types.is_blob(listed.media_type)
            if is_blob or not listed.digest.is_verifiable or listed.digest in missing:
                continue
            is_known = listed.digest in found
            manifest = found[listed.digest] if is_known else read(listed)
            if manifest is None:
                if media_types.is_manifest(listed.media_type):
                    missing[listed.digest] = None
                continue
            require_match(manifest, listed, f"{subject}: {listed.digest}")
            found[listed.digest] = manifest
            yield from () if is_known else manifest.entries

    if walk(tops, expand, lambda listed: (listed.digest, listed.media_type, listed.size)):
        raise nested_too_deep(subject)
    return Gathered(found, tuple(missing))
