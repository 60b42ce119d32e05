"""A bundle as what is served: a folder or an archive, which is not unpacked."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path

from attr import field

from manyfest.adapters.bundles.archive_registry import ArchiveRegistry
from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.cli.server.content import Chunks
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified
from manyfest.domain.errors import DocumentError, ManifestUnknownError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.bundle_images import Naming, images_of
from manyfest.domain.ports.bundles import Bundle
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Home, Layout, Reference, Repository
from manyfest.domain.values import frozen

_OPENING_SECONDS = 120.0  # but reading the archive stops the clock


@frozen
class ServedBundle:
    """The images of ``bundle``, which ``registry`` reads as ``home``, by their names.

    ``made`` are lists that ``index.json`` is itself. Thread-safe.
    """

    bundle: Bundle
    registry: Registry
    home: Home
    names: Mapping[Repository, Mapping[str, Digest]]
    made: Mapping[Digest, Manifest] = field(factory=dict)

    def has_repository(self, repository: Repository) -> bool:
        return repository in self.names

    def repositories(self, after: str = "") -> Iterator[Repository]:
        return (each for each in sorted(self.names, key=str) if str(each) > after)

    def tags(self, repository: Repository, after: str = "") -> Iterator[str]:
        return (tag for tag in sorted(self.names.get(repository, {})) if tag > after)

    def digest_of(self, reference: Reference) -> Digest | None:
        home = reference.home
        tags = self.names.get(home, {}) if isinstance(home, Repository) else {}
        return tags.get(reference.tag or "")

    def warning_of(self, reference: Reference) -> str:  # noqa: ARG002 - only the bundle answers
        return ""

    def manifest(self, digest: Digest) -> Manifest | None:
        if digest in self.made:
            return self.made[digest]
        try:
            return self.registry.get_manifest(Reference(self.home, None, digest))
        except (ManifestUnknownError, DocumentError):  # there, but no manifest
            return None

    def referrers(self, subject: Digest) -> tuple[Descriptor, ...]:
        return self.registry.referrers(Reference(self.home, None, subject))

    def blob_size(self, digest: Digest) -> int | None:
        return self.bundle.size(digest)

    def open_blob(self, digest: Digest, size: int) -> Chunks:
        return self.registry.open_blob(Reference(self.home, None, digest), size)


@contextmanager
def open_bundle_content(path: str, naming: Naming) -> Iterator[ServedBundle]:
    """Open the bundle at ``path``; ``naming`` names images that have no registry's name.

    Raises BundleError, LayoutError, DocumentError, OSError.
    """
    with ExitStack() as stack:
        if Path(path).is_dir():
            bundle: Bundle = stack.enter_context(open_bundle(Path(path)))
            home: Home = Layout(path)
            registry: Registry = LayoutRegistry()
        else:
            registry = archives = ArchiveRegistry(Deadline(_OPENING_SECONDS))
            stack.callback(archives.close)
            home, bundle = archives.open_file(path)
        yield _content(bundle, registry, home, naming)


def _content(bundle: Bundle, registry: Registry, home: Home, naming: Naming) -> ServedBundle:
    def read(listed: Descriptor) -> bytes | None:
        if bundle.size(listed.digest) is None:
            return None
        return verified(bundle.read(listed.digest), listed.digest, listed.size, bundle.name)

    images = images_of(bundle, naming, read)
    named = [
        (image.name.home, image.name.tag, image.entry.digest)
        for image in images
        if image.name and isinstance(image.name.home, Repository) and image.name.tag
    ]
    named.sort(key=lambda each: str(each[0]))
    names = {
        repository: {tag: digest for _, tag, digest in group}
        for repository, group in groupby(named, key=lambda each: each[0])
    }
    made = {image.entry.digest: image.made for image in images if image.made}
    return ServedBundle(bundle, registry, home, names, made)
