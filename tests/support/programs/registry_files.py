"""Images put into the real registry by its files: what a test begins with, at no cost of requests.

The registry reads its folder for every request and keeps nothing in memory. It checks nothing of
what is put so; what a test is about goes by requests.
"""

from pathlib import Path

from manyfest.contracts.images import Image, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference, Repository
from tests.support.programs.docker_registry import storage_of


def seed_image(registry: Registry, reference: Reference, image: Image) -> None:
    """Put an image where a test wants it: by files, if that is a registry that we run."""
    home = reference.home
    storage = storage_of(home.registry) if isinstance(home, Repository) else None
    if storage is None or _is_for_requests(image):
        push_image(registry, reference, image)
    else:
        _put(storage, storage / "repositories" / home.path, image, reference.tag)


def _is_for_requests(image: Image) -> bool:
    """By requests, a client also tells what is attached to what."""
    is_plain = image.manifest.subject is None and image.digest.algorithm == "sha256"
    return not is_plain or any(map(_is_for_requests, image.children))


def _put(storage: Path, repository: Path, image: Image, tag: str | None = None) -> None:
    """Write what ``distribution`` writes, in the layout of its file system driver."""
    for blob in image.blobs:
        _keep(storage, blob)
        _link(repository / "_layers", Digest.of(blob))
    for child in image.children:
        _put(storage, repository, child)
    _keep(storage, image.manifest.data)
    _link(repository / "_manifests" / "revisions", image.digest)
    if tag is not None:
        folder = repository / "_manifests" / "tags" / tag
        _link(folder / "index", image.digest)
        _write(folder / "current" / "link", str(image.digest).encode())


def _keep(storage: Path, data: bytes) -> None:
    name = Digest.of(data).hex
    _write(storage / "blobs" / "sha256" / name[:2] / name / "data", data)


def _link(folder: Path, digest: Digest) -> None:
    _write(folder / "sha256" / digest.hex / "link", str(digest).encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
