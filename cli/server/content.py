"""The interface of what is served, and the store as such."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from attr import evolve

from manyfest.assembly.settings import Settings
from manyfest.assembly.unconfirmed import claim_warning
from manyfest.cli.wiring import open_housekeeping, open_session
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.history.observation import replaced_look
from manyfest.domain.lists.referrers import referrer_descriptor
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.catalogue import Catalogue
from manyfest.domain.ports.content_store import ContentStore, Role
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

Chunks = AbstractContextManager[Iterator[bytes]]


class ServedContent(Protocol):
    """Content by digest, which belongs to no repository, and the tags of repositories.

    For one thread. All methods may raise StoreError, IntegrityError, LayoutError and BundleError.
    """

    def has_repository(self, repository: Repository) -> bool:
        """Whether it has a tag."""
        ...

    def repositories(self, after: str = "") -> Iterator[Repository]:
        """Those with tags whose full name is behind ``after``, in the order of their names."""
        ...

    def tags(self, repository: Repository, after: str = "") -> Iterator[str]:
        """Its tags behind ``after``, in their order."""
        ...

    def digest_of(self, reference: Reference) -> Digest | None:
        """The digest that its tag points to, if there is such a tag."""
        ...

    def warning_of(self, reference: Reference) -> str:
        """The line for the person who serves this tag; empty if there is nothing to say."""
        ...

    def manifest(self, digest: Digest) -> Manifest | None:
        """The manifest of this digest, if it is there."""
        ...

    def referrers(self, subject: Digest) -> tuple[Descriptor, ...]:
        """The descriptors of those whose subject it is."""
        ...

    def blob_size(self, digest: Digest) -> int | None:
        """The size of a blob in bytes, None if it is not there."""
        ...

    def open_blob(self, digest: Digest, size: int) -> Chunks:
        """The bytes of a blob, checked as the registry port has it.

        Raises BlobUnknownError on entering.
        """
        ...


# Opens the content for the thread that reads it.
OpenContent = Callable[[], AbstractContextManager[ServedContent]]


@frozen
class StoreContent:
    """The newest observation of every tag of a registry, and all content of the store.

    What a bundle claims counts as much as what was seen from here: where there is no network,
    bundles are all there is. ``warning_of`` says where the two differ.
    """

    contents: ContentStore
    layers: LayerStore
    catalogue: Catalogue

    def has_repository(self, repository: Repository) -> bool:
        return next(self.tags(repository), None) is not None

    def repositories(self, after: str = "") -> Iterator[Repository]:
        for found in self.catalogue.repositories(after=after):
            if (repository := _repository_of(found.name)) is not None:
                yield repository

    def tags(self, repository: Repository, after: str = "") -> Iterator[str]:
        for tag in self.catalogue.tags_of(str(repository), after):
            yield tag.observation.reference.tag or ""

    def digest_of(self, reference: Reference) -> Digest | None:
        observation = self.contents.last_observation(reference)
        return observation.digest if observation else None

    def warning_of(self, reference: Reference) -> str:
        newest = self.contents.last_observation(reference)
        if newest is None or not newest.is_claimed:
            return ""
        look = replaced_look(newest, self.contents.history(reference))
        return claim_warning(newest, look) if look else ""

    def manifest(self, digest: Digest) -> Manifest | None:
        return self.contents.manifest(digest)

    def referrers(self, subject: Digest) -> tuple[Descriptor, ...]:
        found = self.contents.predecessors(subject, Role.SUBJECT)
        manifests = (self.contents.manifest(each.manifest) for each in found)
        return tuple(referrer_descriptor(manifest) for manifest in manifests if manifest)

    def blob_size(self, digest: Digest) -> int | None:
        size = self.layers.size(digest)
        if size is not None:
            return size
        data = self.contents.blob(digest)
        return None if data is None else len(data)

    def open_blob(self, digest: Digest, size: int) -> Chunks:  # noqa: ARG002 - the store knows it
        if self.layers.size(digest) is not None:
            return self.layers.open(digest)
        data = self.contents.blob(digest) or b""
        return nullcontext(iter([data] if data else []))


@contextmanager
def open_store(settings: Settings) -> Iterator[ServedContent]:
    """Open the store that ``settings`` name, for the thread that reads it."""
    offline = evolve(settings, offline=True)
    with open_housekeeping(offline, "serve") as house, open_session(offline) as session:
        yield StoreContent(session.contents, session.layers, house.catalogue)


def _repository_of(name: str) -> Repository | None:
    """Return the repository of this full name; None for a layout, an archive and the like."""
    try:
        home = Reference.parse(f"{name}:tag").home
    except InvalidReferenceError:
        return None
    return home if isinstance(home, Repository) else None
