"""Gather manifests and all that they list, from wherever they can be read."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import require_match
from manyfest.domain.operations.steps.tree import nested_too_deep, walk
from manyfest.domain.values import frozen


class Listing(Protocol):
    """A manifest, or what is known of one."""

    @property
    def entries(self) -> tuple[Descriptor, ...]:
        """The entries of a list; empty for all else."""
        ...

    def descriptor(self) -> Descriptor:
        """Its own media type, digest and size."""
        ...


T = TypeVar("T")
Read = TypeVar("Read", bound=Listing)


@frozen
class Gathered(Generic[T]):
    """The result of each manifest, parents first, and the digests that are listed and missing."""

    found: dict[Digest, T]
    missing: tuple[Digest, ...]


def gather(
    tops: Iterable[Descriptor],
    read: Callable[[Descriptor], Read | None],
    visit: Callable[[Read], T],
    subject: str,
) -> Gathered[T]:
    """Read the manifests of ``tops`` and all below; ``read`` returns None for a missing one.

    Each is handed to ``visit``, once, and is not kept: 60 images of a list may have 4 MiB each.
    Entries that are blobs, or cannot be verified, are left out; one of an unknown type may be a
    blob, so that it is never missing. Raises what ``read`` raises; SizeMismatchError,
    DocumentError: a manifest is not as it is listed, or nested too deep; ``subject`` names the
    origin of the manifests in these.
    """
    found: dict[Digest, T] = {}
    actual: dict[Digest, Descriptor] = {}
    missing: dict[Digest, None] = {}

    def expand(level: tuple[Descriptor, ...]) -> Iterator[Descriptor]:
        for listed in level:
            is_blob = media_types.is_blob(listed.media_type)
            if is_blob or not listed.digest.is_verifiable or listed.digest in missing:
                continue
            if listed.digest in found:
                require_match(actual[listed.digest], listed, f"{subject}: {listed.digest}")
                continue
            manifest = read(listed)
            if manifest is not None:
                actual[listed.digest] = manifest.descriptor()
                require_match(actual[listed.digest], listed, f"{subject}: {listed.digest}")
                found[listed.digest] = visit(manifest)
                yield from manifest.entries
            elif media_types.is_manifest(listed.media_type):
                missing[listed.digest] = None

    if walk(tops, expand, lambda listed: (listed.digest, listed.media_type, listed.size)):
        raise nested_too_deep(subject)
    return Gathered(found, tuple(missing))
